import type { FlagTable } from "../flags/flag.ts";
import { optional } from "../flags/flag.ts";
import { name } from "../flags/value-parser.ts";
import type { AccessFlags } from "./read-access-rules.ts";

const ACCESS = { group: "Access" };

/** Where the rules are that say what clients may publish and subscribe to. */
export const ACCESS_FLAGS: FlagTable<AccessFlags> = {
  accessFile: optional(name("file"), {
    ...ACCESS,
    help: "allow what the rules of this file allow, and nothing else; read again when it changes",
  }),
  aclFile: optional(name("file"), {
    ...ACCESS,
    help: "the same by a file that is written as mosquitto's acl_file",
  }),
};
