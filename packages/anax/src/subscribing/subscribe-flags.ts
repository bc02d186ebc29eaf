/** The flags of `anax sub`. */
import type { QoS } from "@anax/protocol";
import type { ConnectionFlags } from "../connecting/connection-flags.ts";
import { CONNECTION_FLAGS, QOS } from "../connecting/connection-flags.ts";
import type { FlagTable } from "../flags/flag.ts";
import { optional, repeated, toggle, withDefault } from "../flags/flag.ts";
import { choice, count, integer, name, seconds, text } from "../flags/value-parser.ts";

/** What is subscribed to. */
export interface SubscriptionFlags {
  readonly topic: readonly string[];
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2 | undefined;
  readonly subscriptionIdentifier: number | undefined;
  readonly unsubscribe: readonly string[];
}

/** Which messages count, and when it is enough. */
export interface SelectionFlags {
  readonly count: number | undefined;
  readonly timeout: number | undefined;
  readonly exitAfterSubscribe: boolean;
  readonly filterOut: readonly string[];
  readonly noRetained: boolean;
  readonly retainedOnly: boolean;
  readonly removeRetained: boolean;
}

/** How messages are printed. */
export interface PrintFlags {
  readonly verbose: boolean;
  readonly json: boolean;
  readonly hex: boolean;
  readonly format: string | undefined;
  readonly pretty: boolean;
  readonly noNewline: boolean;
  readonly raw: boolean;
}

/** All flags of `anax sub`. */
export type SubscribeFlags = SubscriptionFlags & SelectionFlags & PrintFlags & ConnectionFlags;

const SUBSCRIPTION = { group: "What to subscribe to" };
const SELECTION = { group: "Which messages, and how many" };
const PRINTING = { group: "How to print them" };

const SUBSCRIPTION_FLAGS: FlagTable<SubscriptionFlags> = {
  topic: repeated(name("filter"), {
    ...SUBSCRIPTION,
    short: "t",
    help: "Topic Filter, such as 'plants/+/water', 'plants/#' or '$share/name/plants/#'",
  }),
  qos: withDefault(QOS, 0, {
    ...SUBSCRIPTION,
    short: "q",
    help: "highest QoS to get messages with",
  }),
  noLocal: toggle({
    ...SUBSCRIPTION,
    help: "not what this client itself publishes (MQTT 5.0)",
  }),
  retainAsPublished: toggle({
    ...SUBSCRIPTION,
    help: "keep the retain flag as it was published (MQTT 5.0)",
  }),
  retainHandling: optional(
    choice<0 | 1 | 2>({ always: 0, new: 1, never: 2, "0": 0, "1": 1, "2": 2 }),
    {
      ...SUBSCRIPTION,
      help: "when to get retained messages: always, only for a new subscription, never (MQTT 5.0)",
    },
  ),
  subscriptionIdentifier: optional(integer(1, 268_435_455), {
    ...SUBSCRIPTION,
    help: "comes back with each message (MQTT 5.0)",
  }),
  unsubscribe: repeated(name("filter"), {
    ...SUBSCRIPTION,
    short: "U",
    help: "end this subscription of the session first",
  }),
};

const SELECTION_FLAGS: FlagTable<SelectionFlags> = {
  count: optional(count(1), { ...SELECTION, short: "C", help: "end after so many messages" }),
  timeout: optional(seconds(0.001), {
    ...SELECTION,
    short: "W",
    help: "end after so many seconds, with exit code 27",
  }),
  exitAfterSubscribe: toggle({
    ...SELECTION,
    short: "E",
    help: "end as soon as the server has acknowledged the subscriptions",
  }),
  filterOut: repeated(name("filter"), {
    ...SELECTION,
    short: "T",
    help: "pass over messages whose topic matches this Topic Filter",
  }),
  noRetained: toggle({ ...SELECTION, short: "R", help: "pass over retained messages" }),
  retainedOnly: toggle({
    ...SELECTION,
    help: "take retained messages only, and end at the first one that is not",
  }),
  removeRetained: toggle({
    ...SELECTION,
    help: "remove the retained messages that come, from the server",
  }),
};

const PRINT_FLAGS: FlagTable<PrintFlags> = {
  verbose: toggle({ ...PRINTING, short: "v", help: "print the topic before the payload" }),
  json: toggle({ ...PRINTING, help: "print each message as a line of JSON" }),
  hex: toggle({ ...PRINTING, help: "print payloads as hexadecimal digits" }),
  format: optional(text("format"), {
    ...PRINTING,
    short: "F",
    help: "print each message like this; see Format below",
  }),
  pretty: toggle({ ...PRINTING, help: "print JSON over several lines" }),
  noNewline: toggle({ ...PRINTING, short: "N", help: "print no line feed after a message" }),
  raw: toggle({
    ...PRINTING,
    help: "print control characters as they came on a terminal, too, where else they are escaped",
  }),
};

/** The flags of `anax sub`, in the order of its help. */
export const SUBSCRIBE_FLAGS: FlagTable<SubscribeFlags> = {
  ...SUBSCRIPTION_FLAGS,
  ...SELECTION_FLAGS,
  ...PRINT_FLAGS,
  ...CONNECTION_FLAGS,
};
