/** `anax clients`: who is connected to a server that runs. */
import {
  ADMIN_CLIENT_FLAGS,
  ADMIN_CLIENT_NOTE,
  AdminClient,
  upTo,
} from "../administering/admin-client.ts";
import type { AdminClientFlags } from "../administering/admin-client.ts";
import { field, printItems, printOne, time } from "../administering/showing.ts";
import type { Column } from "../administering/showing.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { optional, toggle, withDefault } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { choice, integer, name } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";
import { protocolVersionName } from "../protocol-version-name.ts";

const ORDERS = {
  id: "clientId",
  user: "userName",
  address: "remoteAddress",
  since: "connectedAtMs",
  in: "messagesReceived",
  out: "messagesSent",
  waiting: "bytesWaiting",
} as const;

interface ClientsFlags extends AdminClientFlags {
  readonly match: string | undefined;
  readonly user: string | undefined;
  readonly address: string | undefined;
  readonly sort: (typeof ORDERS)[keyof typeof ORDERS] | undefined;
  readonly descending: boolean;
  readonly limit: number;
}

const WHICH = { group: "Which" };

const FLAGS: FlagTable<ClientsFlags> = {
  match: optional(name("text"), { ...WHICH, help: "those whose Client Identifier has this in it" }),
  user: optional(name("name"), { ...WHICH, help: "those of this user" }),
  address: optional(name("address"), { ...WHICH, help: "those that come from there" }),
  sort: optional(choice(ORDERS), { ...WHICH, help: "in which order (default: as they came)" }),
  descending: toggle({ ...WHICH, help: "the largest first" }),
  limit: withDefault(integer(1, 1_000_000), 1_000, { ...WHICH, help: "how many at most" }),
  ...ADMIN_CLIENT_FLAGS,
};

const COLUMNS: readonly Column[] = [
  field("clientId", "client"),
  field("userName", "user"),
  { title: "address", value: ({ peer }) => Object(peer).remoteAddress },
  { title: "version", value: ({ protocolVersion }) => protocolVersionName(protocolVersion) },
  time("connectedAtMs", "since"),
  field("messagesReceived", "in", true),
  field("messagesSent", "out", true),
  field("bytesWaiting", "waiting", true),
];

/** `anax clients`. */
export const clients: Command = defineCommand<ClientsFlags>({
  name: "clients",
  summary: "list the clients that are connected to a server",
  usage: [
    "anax clients",
    "anax clients --user ann --sort waiting --descending",
    "anax clients sensor-7      shows one",
    "anax clients --json",
  ],
  flags: FLAGS,
  positionalsMax: 1,
  notes: [ADMIN_CLIENT_NOTE],
  run: list,
});

async function list(
  { match, user, address, sort, descending, limit, json, ...flags }: ClientsFlags,
  io: Io,
  [clientId]: readonly string[],
): Promise<number> {
  const api = new AdminClient({ ...flags, json }, io);
  if (clientId !== undefined) {
    const path = `/clients/${encodeURIComponent(clientId)}`;
    const missing = `${JSON.stringify(clientId)} is not connected`;
    printOne(io.stdout, await api.call({ method: "GET", path }, missing), json);
    return EXIT_CODE.success;
  }
  const query = {
    clientId: match,
    userName: user,
    remoteAddress: address,
    sort,
    descending: descending || undefined,
    limit: Math.min(limit, 1_000),
  };
  printItems(io.stdout, await upTo(limit, api.items("/clients", query)), COLUMNS, json);
  return EXIT_CODE.success;
}
