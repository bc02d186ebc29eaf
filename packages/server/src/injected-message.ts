import {
  ByteWriter,
  MqttConfigurationError,
  VARINT_MAXIMUM,
  encodeProperties,
  encodedLength,
} from "@anax/protocol";
import type { QoS, RulesFor } from "@anax/protocol";
import { PAYLOAD, property, QOS, TOPIC_NAME } from "./checking/packet-rules.ts";
import { checked } from "./checking/rules.ts";
import type { ApplicationMessage } from "./core/message/application-message.ts";
import type { SessionItems } from "./core/hooks/client-context.ts";

/** A message that the embedding program publishes through the server. */
export interface InjectedApplicationMessage extends Omit<
  ApplicationMessage,
  "payload" | "qos" | "retain"
> {
  /** Text is sent as UTF-8. Default: empty. */
  readonly payload?: Uint8Array | string;
  /** Default 0. */
  readonly qos?: QoS;
  /** Default false. */
  readonly retain?: boolean;
}

/** In whose name the program publishes: what `interceptingPublish` and the other events are told. */
export interface InjectedMessageSender {
  /** Default: empty, which is the server itself. */
  readonly clientId?: string;
  readonly userName?: string;
  readonly sessionItems?: SessionItems;
  /**
   * True: the message is refused with 0x87 if a client with this identifier and user name may not publish it by the rules of access. Default false:
   * the program may publish anything.
   */
  readonly isJudged?: boolean;
}

/** What became of an injected message. */
export interface InjectionResult {
  /** Sessions that have a matching subscription, and no veto of a handler; a shared subscription counts as one. */
  readonly matched: number;
  /** Of these, how many were sent the message or have it in their queue. */
  readonly queued: number;
  /** Of these, how many do not get it: a limit, or QoS 0 for a client that is away. */
  readonly dropped: number;
  /** 0, or 0x10 where `matched` is 0, or why an interceptor or a limit refused it. */
  readonly reasonCode: number;
}

/** What a message may carry. One that the server has given out may be handed in again as it is. */
interface GivenMessage extends InjectedApplicationMessage {
  /** Without effect: the sender is named apart. */
  readonly senderClientId?: string;
}

const MESSAGE_RULES: RulesFor<GivenMessage> = {
  topic: TOPIC_NAME,
  payload: PAYLOAD,
  qos: QOS,
  retain: "boolean",
  payloadFormatIndicator: property("publish", "payloadFormatIndicator"),
  messageExpiryIntervalSeconds: property("publish", "messageExpiryIntervalSeconds"),
  contentType: property("publish", "contentType"),
  responseTopic: property("publish", "responseTopic"),
  correlationData: property("publish", "correlationData"),
  userProperties: property("publish", "userProperties"),
  senderClientId: "string",
};

const SENDER_RULES: RulesFor<InjectedMessageSender> = {
  clientId: property("connack", "assignedClientId"),
  userName: "string",
  sessionItems: "Map",
  isJudged: "boolean",
};

/**
 * The one check of messages that a program hands in. Fills in what was left out; null counts as left out.
 * @throws MqttConfigurationError that names the field which cannot be sent
 */
export function messageToInject(message: InjectedApplicationMessage): ApplicationMessage {
  return checkedMessage("message", message);
}

/** The same, under a name of its own in the error. */
export function checkedMessage(what: string, message: unknown): ApplicationMessage {
  return complete(checked(what, message, MESSAGE_RULES, ["topic"]));
}

/** The same for a message that a handler answers with: a QoS that it leaves out would lower that of a client. */
export function answeredMessage(what: string, message: unknown): ApplicationMessage {
  return complete(checked(what, message, MESSAGE_RULES, ["topic", "qos"]));
}

/** @throws MqttConfigurationError that names the field which is wrong */
export function checkedSender(sender: InjectedMessageSender): InjectedMessageSender {
  return checked("sender", sender, SENDER_RULES);
}

function complete({
  senderClientId: _sender,
  ...given
}: Partial<GivenMessage>): ApplicationMessage {
  const { topic = "", payload = "", qos = 0, retain = false, ...properties } = given;
  const message = { topic, payload: bytesOf(payload), qos, retain, ...properties };
  requireSendable(message);
  return message;
}

function bytesOf(payload: Uint8Array | string): Uint8Array {
  return typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
}

/** Each field may be sent, but all together may be too much for a packet. */
function requireSendable(message: ApplicationMessage): void {
  const { topic, payload } = message;
  const writer = new ByteWriter();
  // It takes the fields that are properties, and no others.
  encodeProperties(writer, "publish", message);
  const size = 2 + encodedLength(topic) + writer.length + payload.length;
  if (size <= VARINT_MAXIMUM) return;
  throw new MqttConfigurationError(
    `message.payload of ${payload.length} bytes makes it ${size} bytes, above ${VARINT_MAXIMUM}`,
  );
}
