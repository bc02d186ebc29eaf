/** `anax trace`: all that happens to one client, topic or address for a while. */
import {
  ADMIN_CLIENT_FLAGS,
  ADMIN_CLIENT_NOTE,
  AdminClient,
} from "../administering/admin-client.ts";
import type { AdminClientFlags } from "../administering/admin-client.ts";
import { traceLine } from "../administering/trace-line.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE, UsageError } from "../errors.ts";
import { optional, withDefault } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { bytes, integer, name, seconds } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";
import { stopSignal } from "../stop-signal.ts";
import { visibleJson } from "../visible-text.ts";

const SECONDS_DEFAULT = 60;
const SECONDS_MAX = 3_600;
const RECORDS_MAX = 100_000;
const PAYLOAD_BYTES_MAX = 65_536;

interface TraceFlags extends AdminClientFlags {
  readonly client: string | undefined;
  readonly topic: string | undefined;
  readonly address: string | undefined;
  readonly for: number;
  readonly records: number | undefined;
  readonly payloads: number | undefined;
}

const WHAT = { group: "What to trace; of several, all must hold" };

const FLAGS: FlagTable<TraceFlags> = {
  client: optional(name("id"), { ...WHAT, help: "a Client Identifier" }),
  topic: optional(name("filter"), {
    ...WHAT,
    help: "topics that match a filter: who publishes, gets, subscribes, or may not",
  }),
  address: optional(name("address"), {
    ...WHAT,
    help: "an IP address, or a range such as 10.0.0.0/8",
  }),
  for: withDefault(seconds(1), SECONDS_DEFAULT, {
    group: "How much",
    help: `end after so long, at most ${SECONDS_MAX}`,
  }),
  records: optional(integer(1, RECORDS_MAX), {
    group: "How much",
    help: "end after so many records (default 10000)",
  }),
  payloads: optional(bytes(1, PAYLOAD_BYTES_MAX), {
    group: "How much",
    help: "show so many bytes of each payload (default: none)",
  }),
  ...ADMIN_CLIENT_FLAGS,
};

/** `anax trace`. */
export const trace: Command = defineCommand<TraceFlags>({
  name: "trace",
  summary: "show all that happens to a client, a topic or an address",
  usage: [
    "anax trace --client sensor-7",
    "anax trace --topic 'plants/#' --for 10 --payloads 100",
    "anax trace --address 192.0.2.7 --json",
  ],
  flags: FLAGS,
  notes: [
    {
      title: "What it shows",
      lines: [
        "A line for each thing that happens: > a packet from the client, < one to it, * what the server does:",
        "connected, refused, disconnected; denied, with the rule and where it is written; publishRefused, queued,",
        "dropped. With --json, each record as GET /api/v1/traces gives it. It ends with its time, at its limit",
        "of records, or at Ctrl-C. The token has to be an operator's; the server logs who asks.",
      ],
    },
    ADMIN_CLIENT_NOTE,
  ],
  run: show,
});

async function show(flags: TraceFlags, io: Io): Promise<number> {
  const { client, topic, address, records, payloads, json } = flags;
  if (client === undefined && topic === undefined && address === undefined)
    throw new UsageError("say what to trace: --client ID, --topic FILTER or --address ADDRESS");
  if (flags.for > SECONDS_MAX)
    throw new UsageError(`--for ${flags.for} is over ${SECONDS_MAX} seconds`);
  const api = new AdminClient(flags, io);
  const stop = stopSignal(io);
  const end = new AbortController();
  void stop.first.then(() => end.abort());
  const body = {
    clientId: client,
    topicFilter: topic,
    address,
    durationSeconds: flags.for,
    recordsMax: records,
    payloadBytesMax: payloads,
  };
  try {
    const { id } = await api.call({ method: "POST", path: "/traces", body });
    const path = `/traces/${String(id)}`;
    try {
      for await (const { type, data } of api.events(`${path}/stream`, {}, end.signal)) {
        if (type === "end") tellEnd(io, String(data["reason"]));
        else io.stdout.write(`${json ? visibleJson(JSON.stringify(data)) : traceLine(data)}\n`);
      }
    } finally {
      await api.call({ method: "DELETE", path });
    }
    return EXIT_CODE.success;
  } finally {
    end.abort();
    stop.dispose();
  }
}

/** Its time is the end that was asked for; others are not. */
function tellEnd({ stderr }: Io, reason: string): void {
  if (reason === "time") return;
  const limits = { records: "as many records as were asked for", bytes: "its limit of memory" };
  if (reason !== "records" && reason !== "bytes")
    throw new CommandError(`the server ended it: ${reason}`);
  stderr.write(`anax trace: it ended at ${limits[reason]}\n`);
}
