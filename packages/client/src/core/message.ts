/** An Application Message as the application gets it. */
import type { PublishPacket, QoS, UserProperties } from "@anax/protocol";
import { makeInspectable } from "./inspecting.ts";
import { withoutUndefined } from "./without-undefined.ts";
import type { Defined } from "./without-undefined.ts";

// Beside ECMAScript, the names that are needed here; Node and browsers have them.
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };
declare function btoa(text: string): string;

const decoder = new TextDecoder();

/** These bytes as UTF-8 text; those that are none become U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A message as a plain object: what is absent in the message is absent here. */
export interface MessageFields {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly text: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly duplicate: boolean;
  readonly packetIdentifier?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly userProperties?: UserProperties;
  readonly subscriptionIdentifiers?: readonly number[];
  readonly messageExpiryIntervalSeconds?: number;
  readonly payloadFormatIndicator?: 0 | 1;
}

/** What an acknowledgement says. */
export interface AcknowledgeOptions {
  /** MQTT 5.0: 0x80 or above tells the server that the message was refused. Default 0. */
  readonly reasonCode?: number | undefined;
  /** MQTT 5.0: for people. Left out where the packet would be larger than the server takes. */
  readonly reasonString?: string | undefined;
  /** MQTT 5.0. Left out where the packet would be larger than the server takes. */
  readonly userProperties?: UserProperties | undefined;
}

/** Where a message's acknowledgement goes when it is the application that gives it. */
export interface Acknowledger {
  /** Acknowledges a message, once; later calls do nothing. */
  acknowledge(reasonCode: number, words?: AcknowledgeWords): void;
}

/** What an acknowledgement says beside its Reason Code. */
export type AcknowledgeWords = Defined<Omit<AcknowledgeOptions, "reasonCode">>;

/** An Application Message that the server sent. */
export interface Message {
  /** The Topic Name, in full also when the server sent an alias. */
  readonly topic: string;
  /** The bytes, in memory of their own. */
  readonly payload: Uint8Array;
  /** The QoS it was delivered with. */
  readonly qos: QoS;
  /** Whether it was retained when the subscription was made (see Retain As Published). */
  readonly retain: boolean;
  /** The payload as UTF-8 text; bytes that are none become U+FFFD. */
  readonly text: string;
  /** The DUP flag: whether the server may have sent it before. */
  readonly duplicate: boolean;
  /** Packet Identifier of the delivery; absent at QoS 0. */
  readonly packetIdentifier: number | undefined;
  /** What kind of content the payload has, as its sender says. */
  readonly contentType: string | undefined;
  /** Where an answer is expected. */
  readonly responseTopic: string | undefined;
  /** What the answer is to repeat, so that its receiver knows the request. */
  readonly correlationData: Uint8Array | undefined;
  /** User Properties, in the order of their sender. */
  readonly userProperties: UserProperties | undefined;
  /**
   * Subscription Identifiers of the subscriptions for which the server sent it: those of the application, and from
   * 200 000 000 on those that the client gives to filters that overlap.
   */
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  /** What is left of its life, in seconds. */
  readonly messageExpiryIntervalSeconds: number | undefined;
  /** 1 when its sender says that the payload is UTF-8 text. */
  readonly payloadFormatIndicator: 0 | 1 | undefined;
  /**
   * The payload as JSON. What it holds is up to the sender, so check it.
   * @throws SyntaxError when it is no JSON
   */
  json(): unknown;
  /**
   * All of it as a plain object, which keeps `text` and the properties when it is cloned or posted to a worker; the message
   * itself has them by its class only.
   */
  toObject(): MessageFields;
  /** For `JSON.stringify`: bytes are text, or end in `Base64` by name where they are no UTF-8. */
  toJSON(): object;
  /**
   * Acknowledges the message, when the client was told to leave that to the application
   * (`manualAcknowledge`); otherwise, and the second time, it does nothing.
   *
   * Acknowledgements leave in the order in which the messages came [MQTT-4.6.0-2], so one that is given
   * early waits for those before it. Before MQTT 5.0 it says nothing more.
   * @param answer a Reason Code, or also words
   */
  acknowledge(answer?: number | AcknowledgeOptions): void;
}

/** A message as the client makes it; its fields are told at `Message`. */
export class ReceivedMessage implements Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Has the rest; absent when there is nothing more. */
  readonly #packet: PublishPacket | undefined;
  readonly #acknowledger: Acknowledger | undefined;

  /** Made by the client. */
  constructor(
    topic: string,
    payload: Uint8Array,
    qos: QoS,
    retain: boolean,
    packet?: PublishPacket,
    acknowledger?: Acknowledger,
  ) {
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    this.#packet = packet;
    this.#acknowledger = acknowledger;
  }

  /** Tells a message from the other events of the machine. */
  get type(): "message" {
    return "message";
  }

  get text(): string {
    return textOf(this.payload);
  }

  json(): unknown {
    return JSON.parse(this.text);
  }

  get duplicate(): boolean {
    return this.#packet?.duplicate ?? false;
  }

  get packetIdentifier(): number | undefined {
    return this.#packet?.packetIdentifier;
  }

  get contentType(): string | undefined {
    return this.#packet?.properties?.contentType;
  }

  get responseTopic(): string | undefined {
    return this.#packet?.properties?.responseTopic;
  }

  get correlationData(): Uint8Array | undefined {
    return this.#packet?.properties?.correlationData;
  }

  get userProperties(): UserProperties | undefined {
    return this.#packet?.properties?.userProperties;
  }

  get subscriptionIdentifiers(): readonly number[] | undefined {
    return this.#packet?.properties?.subscriptionIdentifiers;
  }

  get messageExpiryIntervalSeconds(): number | undefined {
    return this.#packet?.properties?.messageExpiryIntervalSeconds;
  }

  get payloadFormatIndicator(): 0 | 1 | undefined {
    return this.#packet?.properties?.payloadFormatIndicator;
  }

  toObject(): MessageFields {
    const { topic, payload, text, qos, retain, duplicate } = this;
    return { topic, payload, text, qos, retain, duplicate, ...this.#details() };
  }

  toJSON(): object {
    const { topic, payload, qos, retain, duplicate } = this;
    const { correlationData, ...details } = this.#details();
    return {
      topic,
      ...jsonBytes("payload", payload),
      qos,
      retain,
      duplicate,
      ...(correlationData && jsonBytes("correlationData", correlationData)),
      ...details,
    };
  }

  #details(): Partial<MessageFields> {
    const { packetIdentifier, properties } = this.#packet ?? {};
    const { topicAlias: _alias, ...others } = properties ?? {};
    return this.qos === 0 ? others : withoutUndefined({ packetIdentifier, ...others });
  }

  acknowledge(answer: number | AcknowledgeOptions = 0): void {
    if (typeof answer === "number") return this.#acknowledger?.acknowledge(answer);
    const { reasonCode = 0, ...words } = withoutUndefined(answer);
    this.#acknowledger?.acknowledge(reasonCode, words);
  }
}

makeInspectable(ReceivedMessage.prototype, "Message");

function jsonBytes(name: string, bytes: Uint8Array): object {
  const text = textOf(bytes);
  return text.includes("\ufffd") ? { [`${name}Base64`]: base64(bytes) } : { [name]: text };
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
