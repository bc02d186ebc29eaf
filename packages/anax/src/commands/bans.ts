/** `anax bans`: who is kept out of a server that runs. */
import {
  ADMIN_CLIENT_FLAGS,
  ADMIN_CLIENT_NOTE,
  AdminClient,
  itemsOf,
} from "../administering/admin-client.ts";
import type { AdminClientFlags } from "../administering/admin-client.ts";
import { field, printDone, printItems, time } from "../administering/showing.ts";
import type { Column } from "../administering/showing.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE, UsageError } from "../errors.ts";
import { optional, toggle } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { name, seconds } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";

interface BansFlags extends AdminClientFlags {
  readonly client: string | undefined;
  readonly user: string | undefined;
  readonly address: string | undefined;
  readonly for: number | undefined;
  readonly reason: string | undefined;
  readonly lift: boolean;
  readonly heldOff: boolean;
}

const WHO = { group: "Who" };

const FLAGS: FlagTable<BansFlags> = {
  client: optional(name("id"), { ...WHO, help: "keep out this Client Identifier" }),
  user: optional(name("name"), { ...WHO, help: "keep out this user" }),
  address: optional(name("address"), {
    ...WHO,
    help: "keep out this address, or a range such as 192.0.2.0/24",
  }),
  for: optional(seconds(1), { ...WHO, help: "for so long (default: until it is lifted)" }),
  reason: optional(name("text"), { ...WHO, help: "why, for those who look; clients are not told" }),
  lift: toggle({ ...WHO, help: "let it in again" }),
  heldOff: toggle({
    ...WHO,
    help: "clients that the server itself holds off for a while, since they came too often; with --lift they may come again",
  }),
  ...ADMIN_CLIENT_FLAGS,
};

const COLUMNS: readonly Column[] = [
  field("kind", "kind"),
  field("value", "who"),
  time("sinceMs", "since"),
  time("untilMs", "until"),
  field("reason", "reason"),
];

const HELD_OFF_COLUMNS: readonly Column[] = [
  field("reason", "reason"),
  field("userName", "user"),
  field("clientId", "client"),
  field("network", "from"),
  time("untilMs", "until"),
];

/** `anax bans`. */
export const bans: Command = defineCommand<BansFlags>({
  name: "bans",
  summary: "list, make and lift bans of a server",
  usage: [
    "anax bans",
    "anax bans --client sensor-7 --for 3600 --reason floods",
    "anax bans --address 192.0.2.0/24",
    "anax bans --user ann --lift",
    "anax bans --held-off",
    "anax bans --held-off --user ann --lift",
  ],
  flags: FLAGS,
  notes: [ADMIN_CLIENT_NOTE],
  run: runBans,
});

async function runBans({ heldOff, ...flags }: BansFlags, io: Io): Promise<number> {
  return heldOff ? runHeldOff(flags, io) : runBanned(flags, io);
}

async function runBanned(
  {
    client,
    user,
    address,
    for: durationSeconds,
    reason,
    lift,
    json,
    ...flags
  }: Omit<BansFlags, "heldOff">,
  io: Io,
): Promise<number> {
  const subjects = Object.entries({ clientId: client, userName: user, address });
  const [subject, ...more] = subjects.filter(([, value]) => value !== undefined);
  if (more.length > 0) throw new UsageError("give one of --client, --user and --address");
  const isAlone = durationSeconds === undefined && reason === undefined && !lift;
  if (subject === undefined && !isAlone)
    throw new UsageError("say who: --client, --user or --address");
  if (lift && (durationSeconds !== undefined || reason !== undefined))
    throw new UsageError("--for and --reason have nothing to do with --lift");
  const api = new AdminClient({ ...flags, json }, io);
  if (subject === undefined) {
    printItems(io.stdout, itemsOf(await api.call({ method: "GET", path: "/bans" })), COLUMNS, json);
    return EXIT_CODE.success;
  }
  const [kind, value = ""] = subject;
  const who = JSON.stringify(value);
  if (lift) {
    const path = `/bans/${kind}/${encodeURIComponent(value)}`;
    await api.call({ method: "DELETE", path }, `${who} is not banned`);
    printDone(io.stdout, `${who} is let in again`, { kind, value, lifted: true }, json);
    return EXIT_CODE.success;
  }
  const body = { kind, value, durationSeconds, reason };
  const ban = await api.call({ method: "POST", path: "/bans", body });
  printDone(io.stdout, `${who} is kept out`, ban, json);
  return EXIT_CODE.success;
}

/** Lists who is held off, or lets them come again. */
async function runHeldOff(
  {
    client: clientId,
    user: userName,
    address,
    for: durationSeconds,
    reason,
    lift,
    json,
    ...flags
  }: Omit<BansFlags, "heldOff">,
  io: Io,
): Promise<number> {
  if (durationSeconds !== undefined || reason !== undefined)
    throw new UsageError("--for and --reason have nothing to do with --held-off");
  if (!lift && (clientId ?? userName ?? address) !== undefined)
    throw new UsageError("--held-off lists all; to let one come again, add --lift");
  const api = new AdminClient({ ...flags, json }, io);
  if (!lift) {
    const items = itemsOf(await api.call({ method: "GET", path: "/held-off" }));
    printItems(io.stdout, items, HELD_OFF_COLUMNS, json);
    return EXIT_CODE.success;
  }
  const body = { userName, clientId, address };
  const answer = await api.call({ method: "POST", path: "/held-off/let-go", body });
  if (answer["letGo"] === 0) throw new CommandError("none of these is held off");
  printDone(io.stdout, `${String(answer["letGo"])} may come again`, answer, json);
  return EXIT_CODE.success;
}
