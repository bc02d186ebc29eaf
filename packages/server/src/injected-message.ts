import { isTopicName } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { ApplicationMessage } from "./core/publishing/application-message.ts";
import type { SessionItems } from "./core/hooks/client-context.ts";
import { MqttConfigurationError } from "./errors.ts";

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
}

/** What became of an injected message. */
export interface InjectionResult {
  /** Sessions that have a matching subscription; a shared subscription counts as one. */
  readonly matched: number;
  /** Of these, how many were sent the message or have it in their queue. */
  readonly queued: number;
  /** Of these, how many get it not: a limit, a veto, or QoS 0 for a client that is away. */
  readonly dropped: number;
  /** 0, or 0x10 where nobody subscribes, or why an interceptor or a limit refused it. */
  readonly reasonCode: number;
}

/**
 * Fills in what the caller left out. Throws `MqttConfigurationError` for a topic that cannot be published to, a
 * QoS that does not exist and a payload that is neither text nor bytes.
 */
export function messageToInject(message: InjectedApplicationMessage): ApplicationMessage {
  const { topic, payload = "", qos = 0, retain = false } = message;
  if (typeof topic !== "string" || !isTopicName(topic)) {
    throw new MqttConfigurationError(
      `${JSON.stringify(topic)} is no topic that can be published to`,
    );
  }
  if (qos !== 0 && qos !== 1 && qos !== 2)
    throw new MqttConfigurationError(`QoS ${String(qos)} is not 0, 1 or 2`);
  return { ...message, topic, payload: bytesOf(payload), qos, retain };
}

function bytesOf(payload: unknown): Uint8Array {
  if (typeof payload === "string") return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload;
  throw new MqttConfigurationError("the payload is neither text nor a Uint8Array");
}
