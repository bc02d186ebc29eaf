import type { Packet, PublishPacket, Will } from "@anax/protocol";
import {
  acknowledgement,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "./core-harness.ts";
import type { CoreHarness } from "./core-harness.ts";
import type { ScriptedPeer } from "./scripted-peer.ts";

const IDENTIFIERS = 50;

interface Outgoing {
  readonly qos: 1 | 2;
  readonly text: string;
  isReleased: boolean;
}

/**
 * A client that keeps its own Session State, as the specification asks of one: it sends again what was not acknowledged,
 * and takes a QoS 2 message once. What it believes can so be held against what the server has promised.
 */
export class DurableClient {
  readonly clientId: string;
  /** Texts that the server has acknowledged. */
  readonly acknowledged: string[] = [];
  /** Texts that came, by the QoS they came with; QoS 2 repetitions that it must recognise are left out. */
  readonly received: {
    readonly text: string;
    readonly qos: number;
    readonly duplicate: boolean;
    readonly contentType: string | undefined;
  }[] = [];
  /** Texts of Wills whose connections have ended without a goodbye. */
  readonly dueWills: string[] = [];
  /** Packet Identifiers of SUBSCRIBE packets that were answered. */
  readonly granted: Set<number> = new Set();
  /** What the server has done wrong. */
  readonly faults: string[] = [];
  readonly #outgoing: Map<number, Outgoing> = new Map();
  readonly #seen: Set<number> = new Set();
  #identifier = 0;
  #will: string | undefined;
  #peer: ScriptedPeer | undefined;

  constructor(clientId: string) {
    this.clientId = clientId;
  }

  /** Texts of messages that it would send again. */
  get unacknowledged(): string[] {
    return Array.from(this.#outgoing.values(), ({ text }) => text);
  }

  get isConnected(): boolean {
    return this.#peer !== undefined;
  }

  /** Connects without Clean Start and goes on with its session, with a Will of this text if one is given. */
  connect(harness: CoreHarness, will?: string): void {
    this.#dieWith(this.isConnected);
    const { peer, connack } = harness.connectWith(this.clientId, {
      ...lasting(100_000),
      ...(will !== undefined && { will: willOf(will) }),
    });
    this.#peer = peer;
    this.#will = will;
    if (!connack.sessionPresent) {
      this.#outgoing.clear();
      this.#seen.clear();
    }
    for (const [identifier, { isReleased }] of this.#outgoing) {
      if (!isReleased) this.#publish(identifier, true);
    }
    for (const [identifier, { isReleased }] of this.#outgoing) {
      if (isReleased) peer.send(acknowledgement("pubrel", identifier));
    }
  }

  subscribe(filter: string, qos: 1 | 2): void {
    if (this.#peer !== undefined) subscribe(this.#peer, { topicFilter: filter, qos });
  }

  /** The same where SUBACK may take its time: `granted` has the identifier then. */
  ask(packetIdentifier: number, topicFilter: string): void {
    this.#peer?.send({ ...subscribePacket({ topicFilter, qos: 2 }), packetIdentifier });
  }

  unsubscribe(packetIdentifier: number, topicFilter: string): void {
    this.#peer?.send({ type: "unsubscribe", packetIdentifier, topicFilters: [topicFilter] });
  }

  publish(text: string, qos: 1 | 2): void {
    // Few, so that each is used again soon; the first free one after the last.
    do this.#identifier = (this.#identifier % IDENTIFIERS) + 1;
    while (this.#outgoing.has(this.#identifier));
    this.#outgoing.set(this.#identifier, { qos, text, isReleased: false });
    this.#publish(this.#identifier, false);
  }

  /** The link breaks. */
  cut(): void {
    this.#dieWith(this.isConnected);
    this.#peer?.cut();
    this.#peer = undefined;
  }

  /** The server is gone, and the link with it. */
  lose(): void {
    this.#dieWith(this.isConnected);
    this.#peer = undefined;
  }

  #dieWith(wasConnected: boolean): void {
    if (wasConnected && this.#will !== undefined) this.dueWills.push(this.#will);
    this.#will = undefined;
  }

  /** Takes what has come and answers it. */
  work(): void {
    for (const packet of this.#peer?.receive() ?? []) this.#take(packet);
    // The server has sent it away, as when it cannot store.
    if (this.#peer?.isEnded === true) this.lose();
  }

  #publish(identifier: number, duplicate: boolean): void {
    const outgoing = this.#outgoing.get(identifier);
    if (outgoing === undefined) return;
    const { qos, text } = outgoing;
    this.#peer?.send(
      publishPacket(`t/${this.clientId}`, text, { qos, packetIdentifier: identifier, duplicate }),
    );
  }

  #take(packet: Packet): void {
    switch (packet.type) {
      case "publish":
        return this.#takePublish(packet);
      case "puback":
        return this.#finish(packet.packetIdentifier, packet.reasonCode);
      case "pubrec":
        return packet.reasonCode < 0x80
          ? this.#release(packet.packetIdentifier)
          : this.#finish(packet.packetIdentifier, packet.reasonCode);
      case "pubrel":
        this.#seen.delete(packet.packetIdentifier);
        return this.#peer?.send(acknowledgement("pubcomp", packet.packetIdentifier));
      case "suback":
        this.granted.add(packet.packetIdentifier);
        return;
      case "pubcomp":
        this.#outgoing.delete(packet.packetIdentifier);
        return;
      default:
    }
  }

  #takePublish(packet: PublishPacket): void {
    const { qos, duplicate, packetIdentifier = 0, properties } = packet;
    const text = new TextDecoder().decode(packet.payload);
    const isRepeated = qos === 2 && this.#seen.has(packetIdentifier);
    if (!isRepeated)
      this.received.push({ text, qos, duplicate, contentType: properties?.contentType });
    if (qos === 2) this.#seen.add(packetIdentifier);
    if (qos > 0)
      this.#peer?.send(acknowledgement(qos === 1 ? "puback" : "pubrec", packetIdentifier));
  }

  /** What is refused is given up. */
  #finish(identifier: number, reasonCode: number): void {
    const outgoing = this.#outgoing.get(identifier);
    if (outgoing === undefined) return;
    if (reasonCode === 0x91) this.faults.push(`${outgoing.text} is refused for its identifier`);
    if (reasonCode < 0x80) this.acknowledged.push(outgoing.text);
    this.#outgoing.delete(identifier);
  }

  #release(identifier: number): void {
    const outgoing = this.#outgoing.get(identifier);
    if (outgoing === undefined) return;
    if (!outgoing.isReleased) this.acknowledged.push(outgoing.text);
    outgoing.isReleased = true;
    this.#peer?.send(acknowledgement("pubrel", identifier));
  }
}

function willOf(text: string): Will {
  const payload = new TextEncoder().encode(text);
  return { topic: "t/will", payload, qos: 2, retain: false };
}
