/**
 * Messages from the server: Topic Aliases, the client's own Receive Maximum, QoS 2 without duplicates,
 * and the acknowledgements. What belongs to the Session outlives Network Connections.
 */
import { IncomingTopicAliases, ProtocolError, Receiver, SendQuota } from "@anax/protocol";
import type { ConnectPacket, PublishPacket, PubrelPacket } from "@anax/protocol";
import { Acknowledgements } from "./acknowledgements.ts";
import { contentDigest } from "./content-digest.ts";
import { ReceivedMessage } from "./message.ts";
import type { AcknowledgeWords, Acknowledger } from "./message.ts";
import type { Output } from "./output.ts";
import type { PublishHead } from "./publish-head.ts";

/** Who acknowledges messages: the client as they are handed over, or the application. */
export type AcknowledgeMode = "automatic" | "manual";

/**
 * What becomes of a fault of the server that does no harm. One that would come again on the next connection is told; any other is
 * thrown when the client is strict.
 */
export type Tolerate = (fault: ProtocolError, mayThrow: boolean) => void;

/** How many times its Receive Maximum a client takes that is not strict. */
const TOLERATED_TIMES = 2;
const RECEIVE_MAXIMUM_MAX = 65_535;

/** Messages from the server. */
export class IncomingMessages {
  readonly #output: Output;
  readonly #mode: AcknowledgeMode;
  readonly #tolerate: Tolerate;
  readonly #receiver: Receiver = new Receiver();
  readonly #quota: SendQuota = new SendQuota();
  readonly #acknowledgements: Acknowledgements;
  /** QoS 2 messages that came on this connection and wait for PUBREL, as identifier and content. */
  #open: Map<number, number> = new Map();
  /** The same of earlier connections, which the server may have forgotten. */
  readonly #openBefore: Map<number, number> = new Map();
  /** QoS 2 messages that were refused on this connection: some servers send PUBREL all the same. */
  readonly #refused: Set<number> = new Set();
  #aliases: IncomingTopicAliases = new IncomingTopicAliases(0);
  #receiveMaximum = RECEIVE_MAXIMUM_MAX;

  constructor(output: Output, mode: AcknowledgeMode, tolerate: Tolerate) {
    this.#output = output;
    this.#mode = mode;
    this.#tolerate = tolerate;
    this.#acknowledgements = new Acknowledgements((qos, identifier, reasonCode, words) => {
      this.#acknowledge(qos, identifier, reasonCode, words);
      output.wake?.();
    });
  }

  /** A connection begins, on which the server was told these limits. */
  connecting({ properties }: ConnectPacket): void {
    this.#aliases = new IncomingTopicAliases(properties?.topicAliasMaximum ?? 0);
    this.#receiveMaximum = properties?.receiveMaximum ?? RECEIVE_MAXIMUM_MAX;
    this.#quota.reset(Math.min(this.#receiveMaximum * TOLERATED_TIMES, RECEIVE_MAXIMUM_MAX));
    this.#acknowledgements.disconnected();
    for (const [identifier, digest] of this.#open) this.#openBefore.set(identifier, digest);
    this.#open.clear();
    this.#refused.clear();
  }

  /** The Session is gone. */
  discard(): void {
    this.#receiver.clear();
    this.#open.clear();
    this.#openBefore.clear();
    this.#acknowledgements.discard();
  }

  /**
   * PUBLISH came.
   * @param topic what `topicOf` gave
   * @returns the message, or undefined when it was delivered before
   * @throws ProtocolError 0x93 when the server exceeds the Receive Maximum by far
   */
  publish(topic: string, packet: PublishPacket): ReceivedMessage | undefined {
    const { qos, packetIdentifier = 0 } = packet;
    if (qos === 0) return messageOf(topic, packet);
    if (qos === 2) this.#forgetOther(packetIdentifier, topic, packet);
    if (!this.#isNew(qos, packetIdentifier)) return undefined;
    if (this.#mode === "manual") {
      return messageOf(topic, packet, this.#acknowledgements.expect(qos, packetIdentifier));
    }
    this.#acknowledge(qos, packetIdentifier, 0);
    return messageOf(topic, packet);
  }

  /**
   * A message came that nobody can be given. It is acknowledged in its turn: else it would come again and again.
   * @throws ProtocolError 0x93 when the server exceeds the Receive Maximum by far
   */
  drop({ qos, packetIdentifier }: PublishHead): void {
    if (qos === 0 || !this.#isNew(qos, packetIdentifier)) return;
    this.#acknowledgements.expect(qos, packetIdentifier).acknowledge(0);
  }

  /**
   * The topic of a message, in full.
   * @throws ProtocolError 0x94 or 0x82 for a bad alias
   */
  topicOf(packet: PublishPacket): string {
    const alias = packet.properties?.topicAlias;
    if (alias === undefined) return packet.topic;
    if (packet.topic === "") return this.#aliases.get(alias);
    this.#aliases.set(alias, packet.topic);
    return packet.topic;
  }

  /** PUBREL is answered in any case [MQTT-4.3.3-11]: the server must be able to go on. */
  pubrel(packet: PubrelPacket): void {
    const { packetIdentifier } = packet;
    const isKnown = this.#release(packetIdentifier);
    if (isKnown) this.#quota.giveBack();
    // 0x92: Packet Identifier not found
    const reasonCode = isKnown || this.#refused.delete(packetIdentifier) ? 0 : 0x92;
    this.#output.send({ type: "pubcomp", packetIdentifier, reasonCode });
  }

  /** Whether a message is no repetition, which is answered here; a new one is counted. */
  #isNew(qos: 1 | 2, packetIdentifier: number): boolean {
    if (qos === 2 && !this.#receiver.receive(packetIdentifier)) {
      const isPending = this.#acknowledgements.repeated(packetIdentifier);
      if (!isPending) this.#acknowledge(qos, packetIdentifier, 0);
      return false;
    }
    this.#takeQuota();
    return true;
  }

  #acknowledge(
    qos: 1 | 2,
    packetIdentifier: number,
    reasonCode: number,
    words?: AcknowledgeWords,
  ): void {
    const type = qos === 1 ? "puback" : "pubrec";
    const packet = { type, packetIdentifier, reasonCode } as const;
    const properties = this.#output.version === 5 ? words : undefined;
    // Words that do not fit are left out [MQTT-3.4.2-2] [MQTT-3.4.2-3].
    if (!properties || !this.#output.send({ ...packet, properties })) this.#output.send(packet);
    if (qos === 2 && reasonCode < 0x80) return;
    this.#quota.giveBack();
    if (qos === 1) return;
    this.#release(packetIdentifier);
    this.#refused.add(packetIdentifier);
  }

  #release(packetIdentifier: number): boolean {
    this.#open.delete(packetIdentifier);
    this.#openBefore.delete(packetIdentifier);
    return this.#receiver.release(packetIdentifier);
  }

  /**
   * A server that has lost its state uses identifiers again whose PUBREL never came. What is not marked as a repetition
   * and is not the same message is a new one; to take it for the old one would lose it.
   */
  #forgetOther(packetIdentifier: number, topic: string, packet: PublishPacket): void {
    const before = this.#openBefore.get(packetIdentifier);
    const digest = contentDigest(topic, packet.payload);
    if (before !== undefined && before !== digest && !packet.duplicate) {
      const message = `Packet Identifier ${packetIdentifier} is used again before its PUBREL`;
      this.#tolerate(new ProtocolError(message, 0x91), false);
      this.#release(packetIdentifier);
      this.#acknowledgements.forget(packetIdentifier);
    }
    if (this.#receiver.has(packetIdentifier)) return;
    this.#refused.delete(packetIdentifier);
    this.#open.set(packetIdentifier, digest);
  }

  #takeQuota(): void {
    const isTaken = this.#quota.take();
    const open = this.#quota.receiveMaximum - this.#quota.available;
    if (isTaken && open <= this.#receiveMaximum) return;
    const message = `the server exceeds the Receive Maximum ${this.#receiveMaximum}`;
    const fault = new ProtocolError(message, 0x93);
    if (!isTaken) throw fault;
    this.#tolerate(fault, true);
  }
}

function messageOf(
  topic: string,
  packet: PublishPacket,
  acknowledger?: Acknowledger,
): ReceivedMessage {
  return new ReceivedMessage(
    topic,
    packet.payload,
    packet.qos,
    packet.retain,
    packet,
    acknowledger,
  );
}
