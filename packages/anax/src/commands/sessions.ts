/** `anax sessions`: what a server that runs keeps for its clients. */
import {
  ADMIN_CLIENT_FLAGS,
  ADMIN_CLIENT_NOTE,
  AdminClient,
  itemsOf,
  upTo,
} from "../administering/admin-client.ts";
import type { AdminClientFlags, Json } from "../administering/admin-client.ts";
import { MESSAGE_COLUMNS } from "../administering/message-columns.ts";
import { field, printDone, printItems, printOne, time } from "../administering/showing.ts";
import type { Column } from "../administering/showing.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { EXIT_CODE, UsageError } from "../errors.ts";
import { optional, toggle, withDefault } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { choice, integer, name } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";

const ORDERS = {
  id: "clientId",
  user: "userName",
  created: "createdAtMs",
  subscriptions: "subscriptionCount",
  queued: "queuedMessages",
  bytes: "queuedBytes",
  inflight: "inFlightMessages",
} as const;

interface SessionsFlags extends AdminClientFlags {
  readonly match: string | undefined;
  readonly away: boolean;
  readonly sort: (typeof ORDERS)[keyof typeof ORDERS] | undefined;
  readonly descending: boolean;
  readonly limit: number;
  readonly subscriptions: boolean;
  readonly queue: boolean;
  readonly clearQueue: boolean;
  readonly delete: boolean;
}

const WHICH = { group: "Which" };
const OF_ONE = { group: "Of one session" };

const FLAGS: FlagTable<SessionsFlags> = {
  match: optional(name("text"), { ...WHICH, help: "those whose Client Identifier has this in it" }),
  away: toggle({ ...WHICH, help: "those whose client is not connected" }),
  sort: optional(choice(ORDERS), { ...WHICH, help: "in which order (default: oldest first)" }),
  descending: toggle({ ...WHICH, help: "the largest first" }),
  limit: withDefault(integer(1, 1_000_000), 1_000, { ...WHICH, help: "how many at most" }),
  subscriptions: toggle({ ...OF_ONE, help: "list its subscriptions" }),
  queue: toggle({ ...OF_ONE, help: "show the messages that wait; they stay" }),
  clearQueue: toggle({ ...OF_ONE, help: "drop the messages that wait" }),
  delete: toggle({ ...OF_ONE, help: "delete it, and disconnect its client" }),
  ...ADMIN_CLIENT_FLAGS,
};

const COLUMNS: readonly Column[] = [
  field("clientId", "client"),
  field("userName", "user"),
  field("isConnected", "connected"),
  time("disconnectedAtMs", "away since"),
  field("subscriptionCount", "subscriptions", true),
  field("queuedMessages", "queued", true),
  field("queuedBytes", "bytes", true),
  field("inFlightMessages", "in flight", true),
];

const SUBSCRIPTION_COLUMNS: readonly Column[] = [
  field("topicFilter", "filter"),
  field("qos", "qos", true),
  field("noLocal", "no local"),
  field("retainAsPublished", "retain as published"),
];

/** `anax sessions`. */
export const sessions: Command = defineCommand<SessionsFlags>({
  name: "sessions",
  summary: "list, show and delete the sessions of a server",
  usage: [
    "anax sessions --away --sort queued --descending",
    "anax sessions sensor-7                 shows one",
    "anax sessions sensor-7 --queue         shows what waits in it",
    "anax sessions sensor-7 --delete",
  ],
  flags: FLAGS,
  positionalsMax: 1,
  notes: [ADMIN_CLIENT_NOTE],
  run: runSessions,
});

async function runSessions(
  flags: SessionsFlags,
  io: Io,
  [clientId]: readonly string[],
): Promise<number> {
  const actions = [flags.subscriptions, flags.queue, flags.clearQueue, flags.delete];
  const wanted = actions.filter((isWanted) => isWanted).length;
  if (wanted > 1)
    throw new UsageError("give one of --subscriptions, --queue, --clear-queue and --delete");
  if (wanted === 1 && clientId === undefined)
    throw new UsageError("say of which session: anax sessions CLIENT-ID");
  const api = new AdminClient(flags, io);
  if (clientId === undefined) await list(api, flags, io);
  else await ofOne(api, flags, io, clientId);
  return EXIT_CODE.success;
}

async function list(api: AdminClient, flags: SessionsFlags, { stdout }: Io): Promise<void> {
  const { match, away, sort, descending, limit, json } = flags;
  const query = {
    clientId: match,
    isConnected: away ? false : undefined,
    sort,
    descending: descending || undefined,
    limit: Math.min(limit, 1_000),
  };
  printItems(stdout, await upTo(limit, api.items("/sessions", query)), COLUMNS, json);
}

async function ofOne(
  api: AdminClient,
  flags: SessionsFlags,
  { stdout }: Io,
  clientId: string,
): Promise<void> {
  const path = `/sessions/${encodeURIComponent(clientId)}`;
  const who = JSON.stringify(clientId);
  const missing = `there is no session of ${who}`;
  const call = (method: "GET" | "DELETE", rest = "", query = {}): Promise<Json> =>
    api.call({ method, path: `${path}${rest}`, query }, missing);
  const { json } = flags;
  if (flags.subscriptions)
    return printItems(
      stdout,
      itemsOf(await call("GET", "/subscriptions")),
      SUBSCRIPTION_COLUMNS,
      json,
    );
  if (flags.queue) {
    const { limit } = flags;
    const waiting = await call("GET", "/queue", { limit: Math.min(limit, 1_000) });
    return printItems(stdout, itemsOf(waiting), MESSAGE_COLUMNS, json);
  }
  if (flags.clearQueue) {
    const result = await call("DELETE", "/queue");
    return printDone(
      stdout,
      `dropped ${String(result["dropped"])} messages of ${who}`,
      result,
      json,
    );
  }
  if (!flags.delete) return printOne(stdout, await call("GET"), json);
  await call("DELETE");
  printDone(stdout, `deleted the session of ${who}`, { deleted: 1 }, json);
}
