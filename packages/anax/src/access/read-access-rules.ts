import { checkAccessRules } from "@anax/server";
import type { AccessRules } from "@anax/server";
import { UsageError } from "../errors.ts";
import { readNamedText } from "../read-file.ts";
import { accessRulesOf } from "./access-file.ts";
import type { NamedText } from "./access-file.ts";
import { aclRulesOf } from "./acl-file.ts";

/** Where rules of access are written. */
export interface AccessFlags {
  readonly accessFile: string | undefined;
  readonly aclFile: string | undefined;
}

/** @throws UsageError for both, and for what is wrong in the file; `CommandError` if it cannot be read. Undefined if there is none. */
export function readAccessRules(flags: AccessFlags): AccessRules | undefined {
  const { accessFile, aclFile } = flags;
  if (accessFile !== undefined && aclFile !== undefined)
    throw new UsageError("give only one of --access-file and --acl-file");
  if (accessFile !== undefined) return checked(accessRulesOf(fileAt(accessFile)));
  return aclFile === undefined ? undefined : checked(aclRulesOf(fileAt(aclFile)));
}

/** The server names the place of what is wrong. */
function checked(rules: AccessRules): AccessRules {
  try {
    checkAccessRules(rules);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return rules;
}

/** The file that rules are read from; undefined if there is none. */
export function accessPathOf({ accessFile, aclFile }: AccessFlags): string | undefined {
  return accessFile ?? aclFile;
}

function fileAt(path: string): NamedText {
  return { path, text: readNamedText(path) };
}
