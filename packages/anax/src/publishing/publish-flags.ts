/** The flags of `anax pub`. */
import type { QoS } from "@anax/protocol";
import type { ConnectionFlags } from "../connecting/connection-flags.ts";
import { CONNECTION_FLAGS, QOS } from "../connecting/connection-flags.ts";
import type { FlagTable } from "../flags/flag.ts";
import { optional, repeated, toggle, withDefault } from "../flags/flag.ts";
import { choice, count, integer, name, seconds, text } from "../flags/value-parser.ts";
import type { ValueParser } from "../flags/value-parser.ts";

/** What is published. */
export interface MessageFlags {
  readonly topic: string | undefined;
  readonly message: string | undefined;
  readonly file: string | undefined;
  readonly stdinLine: boolean;
  readonly stdinFile: boolean;
  readonly nullMessage: boolean;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly repeat: number;
  readonly repeatDelay: number;
  readonly contentType: string | undefined;
  readonly payloadFormat: 0 | 1 | undefined;
  readonly messageExpiry: number | undefined;
  readonly responseTopic: string | undefined;
  readonly correlationData: string | undefined;
  readonly topicAlias: number | undefined;
  readonly userProperty: readonly (readonly [string, string])[];
}

/** All flags of `anax pub`. */
export type PublishFlags = MessageFlags & ConnectionFlags;

const MESSAGE = { group: "What to publish" };
const PROPERTIES = { group: "Properties of the message (MQTT 5.0)" };

const KEY_AND_VALUE: ValueParser<readonly [string, string]> = {
  placeholder: "key=value",
  expected: "a key, an equals sign and a value",
  schema: { type: "string", pattern: "=" },
  parse: (given) => {
    const equals = given.indexOf("=");
    return equals === -1 ? undefined : [given.slice(0, equals), given.slice(equals + 1)];
  },
};

const MESSAGE_FLAGS: FlagTable<MessageFlags> = {
  topic: optional(name("topic"), { ...MESSAGE, short: "t", help: "topic to publish to" }),
  message: optional(text("text"), { ...MESSAGE, short: "m", help: "the payload" }),
  file: optional(name("file"), {
    ...MESSAGE,
    short: "f",
    help: "take the payload from a file, byte by byte",
  }),
  stdinLine: toggle({
    ...MESSAGE,
    short: "l",
    help: "publish each line of standard input as a message, as fast as the server takes them",
  }),
  stdinFile: toggle({
    ...MESSAGE,
    short: "s",
    help: "publish all of standard input as one message",
  }),
  nullMessage: toggle({
    ...MESSAGE,
    short: "n",
    help: "publish an empty payload; with -r it removes the retained message",
  }),
  qos: withDefault(QOS, 0, { ...MESSAGE, short: "q", help: "QoS" }),
  retain: toggle({
    ...MESSAGE,
    short: "r",
    help: "have the server keep the message for those who subscribe later",
  }),
  repeat: withDefault(count(1), 1, { ...MESSAGE, help: "publish the message so many times" }),
  repeatDelay: withDefault(seconds(0), 0, {
    ...MESSAGE,
    help: "seconds between two repetitions, such as 0.5",
  }),
  contentType: optional(text("text"), {
    ...PROPERTIES,
    help: "kind of content, such as text/plain",
  }),
  payloadFormat: optional(choice<0 | 1>({ "0": 0, "1": 1 }), {
    ...PROPERTIES,
    help: "1 says that the payload is UTF-8 text",
  }),
  messageExpiry: optional(integer(0, 0xffff_ffff, "seconds"), {
    ...PROPERTIES,
    help: "life of the message",
  }),
  responseTopic: optional(name("topic"), { ...PROPERTIES, help: "where an answer is expected" }),
  correlationData: optional(text("text"), {
    ...PROPERTIES,
    help: "what the answer is to repeat",
  }),
  topicAlias: optional(integer(1, 65_535), { ...PROPERTIES, help: "set this Topic Alias" }),
  userProperty: repeated(KEY_AND_VALUE, { ...PROPERTIES, help: "a User Property" }),
};

/** The flags of `anax pub`, in the order of its help. */
export const PUBLISH_FLAGS: FlagTable<PublishFlags> = { ...MESSAGE_FLAGS, ...CONNECTION_FLAGS };
