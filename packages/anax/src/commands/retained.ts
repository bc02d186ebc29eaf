/** `anax retained`: the retained messages of a server that runs. */
import {
  ADMIN_CLIENT_FLAGS,
  ADMIN_CLIENT_NOTE,
  AdminClient,
  upTo,
} from "../administering/admin-client.ts";
import type { AdminClientFlags } from "../administering/admin-client.ts";
import { MESSAGE_COLUMNS } from "../administering/message-columns.ts";
import { printDone, printItems, printOne } from "../administering/showing.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { EXIT_CODE, UsageError } from "../errors.ts";
import { optional, toggle, withDefault } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { integer, name } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";

/** Bytes of a payload that a list asks for. */
const PAYLOAD_BYTES = 1_024;

interface RetainedFlags extends AdminClientFlags {
  readonly topic: string | undefined;
  readonly limit: number;
  readonly delete: boolean;
}

const FLAGS: FlagTable<RetainedFlags> = {
  topic: optional(name("topic"), { group: "Which", help: "show the message of this topic, whole" }),
  limit: withDefault(integer(1, 10_000_000), 1_000, { group: "Which", help: "how many at most" }),
  delete: toggle({ group: "Flags", help: "delete them" }),
  ...ADMIN_CLIENT_FLAGS,
};

/** `anax retained`. */
export const retained: Command = defineCommand<RetainedFlags>({
  name: "retained",
  summary: "list, show and delete the retained messages of a server",
  usage: [
    "anax retained",
    "anax retained 'plants/#'",
    "anax retained --topic plants/7",
    "anax retained 'plants/#' --delete",
  ],
  flags: FLAGS,
  positionalsMax: 1,
  notes: [ADMIN_CLIENT_NOTE],
  run: runRetained,
});

async function runRetained(
  { topic, limit, delete: isDeletion, json, ...flags }: RetainedFlags,
  io: Io,
  [topicFilter]: readonly string[],
): Promise<number> {
  if (topic !== undefined && topicFilter !== undefined)
    throw new UsageError("give a filter or --topic, not both");
  if (isDeletion && topic === undefined && topicFilter === undefined)
    throw new UsageError("say which to delete: a filter ('#' for all) or --topic");
  const api = new AdminClient({ ...flags, json }, io);
  if (topic !== undefined) {
    const missing = `there is no retained message of ${JSON.stringify(topic)}`;
    const method = isDeletion ? "DELETE" : "GET";
    const message = await api.call(
      { method, path: "/retained/message", query: { topic } },
      missing,
    );
    if (isDeletion) printDone(io.stdout, "deleted 1 retained message", { deleted: 1 }, json);
    else printOne(io.stdout, message, json);
    return EXIT_CODE.success;
  }
  if (isDeletion) {
    const result = await api.call({ method: "DELETE", path: "/retained", query: { topicFilter } });
    printDone(io.stdout, `deleted ${String(result["deleted"])} retained messages`, result, json);
    return EXIT_CODE.success;
  }
  const payloadBytesMax = json ? undefined : PAYLOAD_BYTES;
  const query = { topicFilter, payloadBytesMax, limit: Math.min(limit, 1_000) };
  printItems(io.stdout, await upTo(limit, api.items("/retained", query)), MESSAGE_COLUMNS, json);
  return EXIT_CODE.success;
}
