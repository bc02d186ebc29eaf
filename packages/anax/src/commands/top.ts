/** `anax top`: what a server that runs is doing, each second. */
import {
  ADMIN_CLIENT_FLAGS,
  ADMIN_CLIENT_NOTE,
  AdminClient,
  itemsOf,
} from "../administering/admin-client.ts";
import type { AdminClientFlags, Json } from "../administering/admin-client.ts";
import { momentJson, screenLines, withRates } from "../administering/top-screen.ts";
import type { Moment } from "../administering/top-screen.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE } from "../errors.ts";
import { optional } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { integer } from "../flags/value-parser.ts";
import type { Io, Output } from "../io.ts";
import { stopSignal } from "../stop-signal.ts";
import { visibleJson } from "../visible-text.ts";

/** Clients that are looked at for their rates: those that have sent and got most. */
const CLIENTS_LOOKED_AT = 200;
const ROWS_DEFAULT = 40;
const COLUMNS_DEFAULT = 120;
/** Moves the cursor to the corner; what was there is written over, so nothing flickers. */
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[J";
const CLEAR = "\u001b[2J";

interface TopFlags extends AdminClientFlags {
  readonly count: number | undefined;
  readonly rows: number | undefined;
}

const FLAGS: FlagTable<TopFlags> = {
  count: optional(integer(1, 1_000_000), {
    group: "Output",
    help: "end after so many seconds (default: at Ctrl-C)",
  }),
  rows: optional(integer(8, 1_000), { group: "Output", help: "lines of a screen (default 40)" }),
  ...ADMIN_CLIENT_FLAGS,
};

/** `anax top`. */
export const top: Command = defineCommand<TopFlags>({
  name: "top",
  summary: "watch the rates, topics and clients of a server",
  usage: ["anax top", "anax top --count 1", "anax top --json --count 60"],
  flags: FLAGS,
  notes: [
    {
      title: "What it shows",
      lines: [
        "Once a second: health, clients, rates, what is queued and dropped; the topics that most is",
        "published to, and the busiest of the 200 clients that have sent and got most messages, both taken",
        "together. Not on a terminal, each second is written below the one before.",
      ],
    },
    ADMIN_CLIENT_NOTE,
  ],
  run: watch,
});

async function watch(flags: TopFlags, io: Io): Promise<number> {
  const api = new AdminClient(flags, io);
  const stop = stopSignal(io);
  const end = new AbortController();
  void stop.first.then(() => end.abort());
  try {
    await show(api, flags, io, end.signal);
    return EXIT_CODE.success;
  } finally {
    end.abort();
    stop.dispose();
  }
}

async function show(
  api: AdminClient,
  { count = Infinity, rows = ROWS_DEFAULT, json }: TopFlags,
  { stdout }: Io,
  signal: AbortSignal,
): Promise<void> {
  const query = { topics: true, payloadBytesMax: 0 };
  let before: Json | undefined;
  let topics: Json | undefined;
  let clientsBefore = new Map<unknown, Json>();
  let shown = 0;
  if (stdout.isTTY === true && !json) stdout.write(CLEAR);
  for await (const { type, data } of api.events("/stream", query, signal)) {
    if (type === "topics") topics = data;
    if (type === "end") throw new CommandError(`the server ended it: ${String(data["reason"])}`);
    if (type !== "figures") continue;
    const found = await busyClients(api);
    // The first figures are the ground that rates are measured from.
    if (before !== undefined) {
      const seconds = Math.max(0.1, (Number(data["atMs"]) - Number(before["atMs"])) / 1_000);
      const clients = withRates(found, clientsBefore, seconds);
      write(stdout, { figures: data, before, topics, clients }, rows, json);
      shown += 1;
    }
    if (shown >= count) return;
    before = data;
    topics = undefined;
    clientsBefore = new Map(found.map((client) => [client["clientId"], client]));
  }
}

/** Those that have sent and got most. */
async function busyClients(api: AdminClient): Promise<Json[]> {
  const query = {
    sort: "messages",
    descending: true,
    limit: CLIENTS_LOOKED_AT,
    onePage: true,
  };
  return itemsOf(await api.call({ method: "GET", path: "/clients", query }));
}

function write(output: Output, moment: Moment, rows: number, json: boolean): void {
  if (json) {
    output.write(`${visibleJson(JSON.stringify(momentJson(moment)))}\n`);
    return;
  }
  const lines = screenLines(moment, rows, output.columns ?? COLUMNS_DEFAULT);
  if (output.isTTY !== true) {
    output.write(`${lines.join("\n")}\n\n`);
    return;
  }
  output.write(
    `${HOME}${lines.map((line) => `${line}${REST_OF_LINE}\n`).join("")}${REST_OF_SCREEN}`,
  );
}
