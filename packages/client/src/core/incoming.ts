/**
 * Messages from the server: Topic Aliases, the client's own Receive Maximum, QoS 2 without duplicates,
 * and the acknowledgements. What belongs to the Session outlives Network Connections.
 */
import { IncomingTopicAliases, ProtocolError, Receiver, SendQuota } from "@anax/protocol";
import type { ConnectPacket, PublishPacket, PubrelPacket } from "@anax/protocol";
import { Acknowledgements } from "./acknowledgements.ts";
import { Message } from "./message.ts";
import type { Acknowledger } from "./message.ts";
import type { Output } from "./output.ts";

/** Who acknowledges messages: the client as they are handed over, or the application. */
export type AcknowledgeMode = "automatic" | "manual";

/** Messages from the server. */
export class IncomingMessages {
  readonly #output: Output;
  readonly #mode: AcknowledgeMode;
  readonly #receiver: Receiver = new Receiver();
  readonly #quota: SendQuota = new SendQuota();
  readonly #acknowledgements: Acknowledgements;
  #aliases: IncomingTopicAliases = new IncomingTopicAliases(0);

  constructor(output: Output, mode: AcknowledgeMode) {
    this.#output = output;
    this.#mode = mode;
    this.#acknowledgements = new Acknowledgements((qos, identifier, reasonCode) => {
      this.#acknowledge(qos, identifier, reasonCode);
      output.wake?.();
    });
  }

  /** A connection begins, on which the server was told these limits. */
  connecting({ properties }: ConnectPacket): void {
    this.#aliases = new IncomingTopicAliases(properties?.topicAliasMaximum ?? 0);
    this.#quota.reset(properties?.receiveMaximum ?? 65_535);
    this.#acknowledgements.disconnected();
  }

  /** The Session is gone. */
  discard(): void {
    this.#receiver.clear();
    this.#acknowledgements.discard();
  }

  /**
   * PUBLISH came.
   * @returns the message, or undefined when it was delivered before
   * @throws ProtocolError 0x93 when the server exceeds the Receive Maximum, 0x94 or 0x82 for a bad alias
   */
  publish(packet: PublishPacket): Message | undefined {
    const topic = this.#topicOf(packet);
    if (packet.qos === 0) return messageOf(topic, packet);
    return this.#acknowledged(topic, packet, packet.qos);
  }

  /** PUBREL is answered in any case [MQTT-4.3.3-11]: the server must be able to go on. */
  pubrel(packet: PubrelPacket): void {
    const { packetIdentifier } = packet;
    const isKnown = this.#receiver.release(packetIdentifier);
    if (isKnown) this.#quota.giveBack();
    // 0x92: Packet Identifier not found
    const reasonCode = isKnown ? 0 : 0x92;
    this.#output.send({ type: "pubcomp", packetIdentifier, reasonCode });
  }

  #topicOf(packet: PublishPacket): string {
    const alias = packet.properties?.topicAlias;
    if (alias === undefined) return packet.topic;
    if (packet.topic === "") return this.#aliases.get(alias);
    this.#aliases.set(alias, packet.topic);
    return packet.topic;
  }

  #acknowledged(topic: string, packet: PublishPacket, qos: 1 | 2): Message | undefined {
    const { packetIdentifier = 0 } = packet;
    if (qos === 2 && !this.#receiver.receive(packetIdentifier)) {
      const isPending = this.#acknowledgements.repeated(packetIdentifier);
      if (!isPending) this.#acknowledge(qos, packetIdentifier, 0);
      return undefined;
    }
    this.#takeQuota();
    if (this.#mode === "manual") {
      return messageOf(topic, packet, this.#acknowledgements.expect(qos, packetIdentifier));
    }
    this.#acknowledge(qos, packetIdentifier, 0);
    return messageOf(topic, packet);
  }

  #acknowledge(qos: 1 | 2, packetIdentifier: number, reasonCode: number): void {
    this.#output.send({ type: qos === 1 ? "puback" : "pubrec", packetIdentifier, reasonCode });
    if (qos === 2 && reasonCode < 0x80) return;
    this.#quota.giveBack();
    if (qos === 2) this.#receiver.release(packetIdentifier);
  }

  #takeQuota(): void {
    if (this.#quota.take()) return;
    const message = `the server exceeds the Receive Maximum ${this.#quota.receiveMaximum}`;
    throw new ProtocolError(message, 0x93);
  }
}

function messageOf(topic: string, packet: PublishPacket, acknowledger?: Acknowledger): Message {
  return new Message(topic, packet.payload, packet.qos, packet.retain, packet, acknowledger);
}
