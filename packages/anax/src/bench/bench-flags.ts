/** The flags of `anax bench`. */
import type { ProtocolVersion, QoS } from "@anax/protocol";
import { CONNECTION_FLAGS, QOS } from "../connecting/connection-flags.ts";
import type { FlagTable } from "../flags/flag.ts";
import { optional, toggle, withDefault } from "../flags/flag.ts";
import {
  byteRange,
  choice,
  count,
  integer,
  SHARE_NAME,
  seconds,
  text,
  TOPIC_PREFIX,
} from "../flags/value-parser.ts";
import type { ByteRange } from "../flags/value-parser.ts";
import { STAMP_BYTES } from "./message-batch.ts";

/** All flags of `anax bench`. */
export interface BenchFlags {
  readonly publishers: number;
  readonly subscribers: number;
  readonly topics: number | undefined;
  readonly pick: "in-turn" | "random";
  readonly share: string | undefined;
  readonly topicPrefix: string;
  readonly qos: QoS;
  readonly subscriberQos: QoS | undefined;
  readonly size: ByteRange;
  readonly contentType: string | undefined;
  readonly userProperties: number;
  readonly duration: number;
  readonly warmUp: number;
  readonly count: number | undefined;
  readonly rate: number | undefined;
  readonly window: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly unix: string | undefined;
  readonly ws: boolean;
  readonly wsPath: string | undefined;
  readonly tls: boolean;
  readonly cafile: string | undefined;
  readonly insecure: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly protocolVersion: ProtocolVersion;
}

/** A packet tells its publisher by a number of two bytes, and a process has no more sockets than this. */
const CONNECTIONS_MAX = 50_000;

const LOAD = { group: "Load" };
const MESSAGES = { group: "Messages" };
const PACE = { group: "Pace" };
const REPORT = { group: "Report" };

/** The flags of `anax bench`, in the order of its help. */
export const BENCH_FLAGS: FlagTable<BenchFlags> = {
  publishers: withDefault(integer(1, CONNECTIONS_MAX), 1, {
    ...LOAD,
    help: "clients that publish",
  }),
  subscribers: withDefault(integer(0, CONNECTIONS_MAX), 1, {
    ...LOAD,
    help: "clients that subscribe",
  }),
  topics: optional(integer(1, CONNECTIONS_MAX), {
    ...LOAD,
    help:
      "topics, over which both are spread in turn (default as many as there are publishers or " +
      "subscribers, whichever is less; so 10 and 10 are pairs, 1 and 100 a fan-out)",
  }),
  pick: withDefault(choice({ "in-turn": "in-turn", random: "random" } as const), "in-turn", {
    ...LOAD,
    help:
      "random: each message goes to a random one of --topics of its publisher (1000 by default), as many " +
      "devices behind one client send them",
  }),
  share: optional(SHARE_NAME, {
    ...LOAD,
    help: "subscribe by a Shared Subscription of this name: each message goes to one subscriber",
  }),
  topicPrefix: withDefault(TOPIC_PREFIX, "anax-bench", {
    ...LOAD,
    help: "beginning of all topics",
  }),
  qos: withDefault(QOS, 0, { ...MESSAGES, short: "q", help: "QoS to publish with" }),
  subscriberQos: optional(QOS, { ...MESSAGES, help: "QoS to subscribe with (default that of -q)" }),
  size: withDefault(
    byteRange(STAMP_BYTES, 16_777_216),
    { least: 64, most: 64 },
    {
      ...MESSAGES,
      short: "s",
      defaultText: "64",
      help: `bytes of a payload, at least ${STAMP_BYTES}; a range such as 16-400 for random sizes`,
    },
  ),
  contentType: optional(text("text"), { ...MESSAGES, help: "Content Type (MQTT 5.0)" }),
  userProperties: withDefault(integer(0, 100), 0, {
    ...MESSAGES,
    help: "User Properties of each message (MQTT 5.0)",
  }),
  duration: withDefault(seconds(0.05), 10, { ...PACE, short: "d", help: "seconds to measure" }),
  warmUp: withDefault(seconds(0), 1, {
    ...PACE,
    help: "seconds of load before anything is measured",
  }),
  count: optional(count(1), {
    ...PACE,
    short: "C",
    help: "end after so many messages, if that comes first",
  }),
  rate: optional(count(1), {
    ...PACE,
    short: "r",
    help:
      "messages a second of all publishers together (default as fast as the window allows); " +
      "latency then counts from the time that was planned",
  }),
  window: withDefault(integer(1, 1_000_000), 1_000, {
    ...PACE,
    short: "w",
    help: "messages that a publisher has on their way to its subscribers at a time",
  }),
  json: toggle({ ...REPORT, help: "print the result as JSON" }),
  quiet: toggle({ ...REPORT, help: "show no progress" }),
  host: CONNECTION_FLAGS.host,
  port: CONNECTION_FLAGS.port,
  unix: CONNECTION_FLAGS.unix,
  ws: CONNECTION_FLAGS.ws,
  wsPath: CONNECTION_FLAGS.wsPath,
  username: CONNECTION_FLAGS.username,
  password: CONNECTION_FLAGS.password,
  protocolVersion: CONNECTION_FLAGS.protocolVersion,
  tls: CONNECTION_FLAGS.tls,
  cafile: CONNECTION_FLAGS.cafile,
  insecure: CONNECTION_FLAGS.insecure,
};
