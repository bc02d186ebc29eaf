/** A limit of rates of `anax serve` as one value: a map of keys, in a configuration file or on the command line. */
import type { RateLimits, SharedRate } from "@anax/server";
import { UsageError } from "../errors.ts";
import { optional, withDefault } from "../flags/flag.ts";
import type { Flag, FlagTable } from "../flags/flag.ts";
import { bytes, choice, integer, name } from "../flags/value-parser.ts";
import type { ValueParser } from "../flags/value-parser.ts";
import type { MapFlag } from "../settings/configuration-file.ts";
import { readMap, requireKeysFit } from "../settings/map-flag.ts";

const KEY = { group: "Rate" };
const PER = { client: "client", user: "user", address: "address", listener: "listener" } as const;

/** How much clients may send and get, each or several together. */
export interface RateSettings {
  readonly per: keyof typeof PER;
  readonly name: string | undefined;
  readonly messages: number | undefined;
  readonly bytes: number | undefined;
  readonly outMessages: number | undefined;
  readonly outBytes: number | undefined;
  readonly connections: number | undefined;
  readonly connects: number | undefined;
  readonly subscriptions: number | undefined;
  readonly retainedMessages: number | undefined;
  readonly retainedBytes: number | undefined;
  readonly queuedMessages: number | undefined;
  readonly queuedBytes: number | undefined;
}

/** A number above 0; one in ten seconds is 0.1. */
const PER_SECOND: ValueParser<number> = {
  placeholder: "number",
  expected: "a number of at least 0.001",
  schema: { type: "number", minimum: 0.001 },
  parse: (given) => {
    const value = /^\d+(\.\d+)?$/.test(given) ? Number(given) : NaN;
    return value >= 0.001 && value <= Number.MAX_SAFE_INTEGER ? value : undefined;
  },
};

const COUNT = integer(1, Number.MAX_SAFE_INTEGER);
const BYTES = bytes(1, Number.MAX_SAFE_INTEGER);

/** Its keys, each explained as a flag is. */
const RATE_TABLE: FlagTable<RateSettings> = {
  per: withDefault(choice(PER), "client", {
    ...KEY,
    help: "whose clients share it: each client has its own, or those of a user, an address or a listener have it together",
  }),
  name: optional(name("name"), {
    ...KEY,
    help: "of listener: which, such as tcp:1883; of user: which, in place of the limits of all users",
  }),
  messages: optional(PER_SECOND, { ...KEY, help: "messages a second that are taken" }),
  bytes: optional(BYTES, { ...KEY, help: "bytes a second that are read" }),
  outMessages: optional(PER_SECOND, { ...KEY, help: "messages a second that are sent" }),
  outBytes: optional(BYTES, { ...KEY, help: "bytes a second that are written" }),
  connections: optional(COUNT, {
    ...KEY,
    help: "clients that may be connected at a time",
  }),
  subscriptions: optional(integer(0, Number.MAX_SAFE_INTEGER), {
    ...KEY,
    help: "subscriptions of those that are connected",
  }),
  connects: optional(PER_SECOND, { ...KEY, help: "clients a second that are let in" }),
  retainedMessages: optional(COUNT, { ...KEY, help: "messages that the server retains" }),
  retainedBytes: optional(BYTES, { ...KEY, help: "bytes of these" }),
  queuedMessages: optional(COUNT, {
    ...KEY,
    help: "messages that wait in queues of sessions, also while their clients are away",
  }),
  queuedBytes: optional(BYTES, { ...KEY, help: "bytes of these" }),
};

/** `--rate '{per: address, messages: 100}'`, or an item of `rates` in a file. */
export const RATE_FLAG: Flag<readonly RateSettings[]> & MapFlag = {
  group: "Limits",
  aliases: ["rates"],
  help: "how much may be sent in a second, such as {per: client, messages: 100, bytes: 64k} or {per: address, connections: 50}",
  placeholder: "map",
  repeatable: true,
  entries: RATE_TABLE,
  read: (occurrences, flagName) => occurrences.map(([text = ""]) => rateOf(text, flagName)),
};

function rateOf(text: string, flagName: string): RateSettings {
  const settings = readMap(RATE_TABLE, text, flagName);
  const shared = ["user", "address", "listener"] as const;
  const typesOf = {
    name: ["user", "listener"],
    connections: shared,
    subscriptions: shared,
    connects: shared,
  } as const;
  requireKeysFit(settings, { what: "a rate", type: settings.per, typesOf }, flagName);
  if (settings.per === "listener" && settings.name === undefined)
    throw new UsageError(`${flagName}: per listener needs name`);
  return settings;
}

/** The rates as an option of the server. Throws `UsageError` if one is given twice. */
export function rateLimits(
  rates: readonly RateSettings[],
  more: Pick<RateLimits, "burstSeconds" | "whenTooFast">,
): RateLimits | undefined {
  if (rates.length === 0) return undefined;
  const limits = new Map<string, SharedRate>();
  const users = new Map<string, SharedRate>();
  const listeners = new Map<string, SharedRate>();
  for (const rate of rates) {
    const { per, name: one } = rate;
    const into = one === undefined ? limits : per === "user" ? users : listeners;
    const key = one ?? per;
    if (into.has(key)) {
      const which = one === undefined ? per : `${per} ${one}`;
      throw new UsageError(`--rate per ${which} is given twice`);
    }
    into.set(key, sharedRate(rate));
  }
  const [perClient, perUser, perAddress] = ["client", "user", "address"].map((per) =>
    limits.get(per),
  );
  return {
    ...(perClient !== undefined && { perClient }),
    ...(perUser !== undefined && { perUser }),
    ...(perAddress !== undefined && { perAddress }),
    ...(users.size > 0 && { users: Object.fromEntries(users) }),
    ...(listeners.size > 0 && { perListener: Object.fromEntries(listeners) }),
    ...more,
  };
}

function sharedRate(rate: RateSettings): SharedRate {
  const {
    messages,
    bytes: size,
    outMessages,
    outBytes,
    connections,
    connects,
    subscriptions,
    retainedMessages,
    retainedBytes,
    queuedMessages,
    queuedBytes,
  } = rate;
  return {
    ...(messages !== undefined && { messagesPerSecond: messages }),
    ...(size !== undefined && { bytesPerSecond: size }),
    ...(outMessages !== undefined && { outgoingMessagesPerSecond: outMessages }),
    ...(outBytes !== undefined && { outgoingBytesPerSecond: outBytes }),
    ...(connections !== undefined && { connections }),
    ...(subscriptions !== undefined && { subscriptions }),
    ...(connects !== undefined && { connectsPerSecond: connects }),
    ...(retainedMessages !== undefined && { retainedMessages }),
    ...(retainedBytes !== undefined && { retainedBytes }),
    ...(queuedMessages !== undefined && { queuedMessages }),
    ...(queuedBytes !== undefined && { queuedBytes }),
  };
}
