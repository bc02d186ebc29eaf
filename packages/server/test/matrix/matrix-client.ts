import { decodePacket, encodePacket, Framer } from "@anax/protocol";
import type { Packet, PublishPacket, QoS } from "@anax/protocol";
import type { Duplex } from "node:stream";
import type { MqttServer } from "../../src/index.ts";
import { text } from "../support/memory-server.ts";
import type { MatrixFault } from "./fault.ts";

interface Outgoing {
  readonly packet: PublishPacket;
  isReleased: boolean;
  /** Number of the connection that it was sent on last. */
  sentOn: number;
}

/** A message that has come, repetitions of a QoS 2 exchange left out. */
export interface Received {
  readonly topic: string;
  readonly text: string;
  readonly qos: QoS;
}

/**
 * A client that keeps its Session State as the specification asks: it repeats what was not acknowledged when it is back, takes a
 * message of QoS 2 once, and answers at once.
 */
export class MatrixClient {
  readonly clientId: string;
  readonly version: 4 | 5;
  readonly received: Received[] = [];
  /** Reason Codes by text. */
  readonly acknowledged: Map<string, number> = new Map();
  /** What this connection still has to be answered: SUBACK, UNSUBACK and PINGRESP. */
  unanswered: string[] = [];
  isConnected = false;
  readonly #outgoing: Map<number, Outgoing> = new Map();
  readonly #seen: Set<number> = new Set();
  readonly #fault: MatrixFault | undefined;
  #identifier = 0;
  #connections = 0;
  #stream: Duplex | undefined;

  constructor(clientId: string, version: 4 | 5, fault: MatrixFault | undefined) {
    this.clientId = clientId;
    this.version = version;
    this.#fault = fault;
  }

  /** Messages that are not done. */
  get unfinished(): number {
    return this.#outgoing.size;
  }

  /** True while it has a link, with CONNACK or without. */
  get hasLink(): boolean {
    return this.#stream !== undefined;
  }

  /** Connects, beside an older connection that it lets be; false if the server does not listen. */
  connect(server: MqttServer, { cleanStart = false } = {}): boolean {
    let stream: Duplex;
    try {
      stream = server.connectInMemory();
    } catch {
      return false;
    }
    this.#connections += 1;
    this.#stream = stream;
    this.isConnected = false;
    this.unanswered = [];
    if (cleanStart) this.#forget();
    const framer = new Framer(Infinity);
    stream.on("error", () => undefined);
    stream.on("end", () => stream.destroy());
    stream.on("close", () => {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      this.isConnected = false;
    });
    stream.on("data", (chunk: Uint8Array) => {
      framer.push(chunk);
      while (framer.next()) {
        const { firstByte, bytes, bodyStart, end } = framer;
        const packet = decodePacket(firstByte, bytes, bodyStart, end, this.version);
        if (this.#stream === stream) this.#take(packet);
      }
      framer.release();
    });
    this.#send({
      type: "connect",
      protocolVersion: this.version,
      clientId: this.clientId,
      cleanStart,
      keepAliveSeconds: 0,
      ...(this.version === 5 && { properties: { sessionExpiryIntervalSeconds: 3_600 } }),
    });
    return true;
  }

  /** The link breaks. */
  cut(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    this.isConnected = false;
    stream?.destroy();
  }

  publish(topic: string, payload: string, qos: QoS, retain = false): void {
    const packet = {
      type: "publish",
      topic,
      payload: new TextEncoder().encode(payload),
      qos,
      retain,
      duplicate: false,
    } as const;
    if (qos === 0) return this.#send(packet);
    this.#identifier += 1;
    const packetIdentifier = this.#identifier;
    const outgoing = { packet: { ...packet, packetIdentifier }, isReleased: false, sentOn: 0 };
    this.#outgoing.set(packetIdentifier, outgoing);
    this.#sendAgain(outgoing);
    if (this.#fault?.kind === "acknowledges before the handlers")
      this.#take({ type: qos === 1 ? "puback" : "pubrec", packetIdentifier, reasonCode: 0 });
  }

  subscribe(topicFilter: string, qos: QoS): void {
    const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    this.unanswered.push("suback");
    this.#send({
      type: "subscribe",
      packetIdentifier: 60_000,
      subscriptions: [{ topicFilter, qos, ...plain }],
    });
  }

  unsubscribe(topicFilter: string): void {
    this.unanswered.push("unsuback");
    this.#send({ type: "unsubscribe", packetIdentifier: 60_001, topicFilters: [topicFilter] });
  }

  ping(): void {
    this.unanswered.push("pingresp");
    this.#send({ type: "pingreq" });
  }

  #forget(): void {
    this.#outgoing.clear();
    this.#seen.clear();
  }

  #send(packet: Packet): void {
    if (this.#stream?.writable === true) this.#stream.write(encodePacket(packet, this.version));
  }

  #sendAgain(outgoing: Outgoing): void {
    const isRepeated = outgoing.sentOn > 0;
    if (this.#stream === undefined || outgoing.sentOn === this.#connections) return;
    outgoing.sentOn = this.#connections;
    const { packetIdentifier = 0 } = outgoing.packet;
    this.#send(
      outgoing.isReleased
        ? { type: "pubrel", packetIdentifier, reasonCode: 0 }
        : { ...outgoing.packet, duplicate: isRepeated },
    );
  }

  #take(packet: Packet): void {
    switch (packet.type) {
      case "connack":
        this.isConnected = packet.reasonCode === 0;
        if (!this.isConnected) return this.cut();
        if (!packet.sessionPresent) this.#keepOnly(this.#connections);
        for (const outgoing of this.#outgoing.values()) this.#sendAgain(outgoing);
        return;
      case "publish":
        return this.#takePublish(packet);
      case "puback":
      case "pubrec":
        return this.#acknowledge(packet);
      case "pubrel":
        this.#seen.delete(packet.packetIdentifier);
        return this.#send({ ...packet, type: "pubcomp", reasonCode: 0 });
      case "pubcomp":
        this.#outgoing.delete(packet.packetIdentifier);
        return;
      default: {
        const index = this.unanswered.indexOf(packet.type);
        if (index >= 0) this.unanswered.splice(index, 1);
      }
    }
  }

  /** The session is gone: what was not sent on this connection is of no session. */
  #keepOnly(connection: number): void {
    this.#seen.clear();
    for (const [identifier, { sentOn }] of this.#outgoing)
      if (sentOn !== connection) this.#outgoing.delete(identifier);
  }

  #takePublish({ topic, payload, qos, packetIdentifier = 0 }: PublishPacket): void {
    const isRepeated = qos === 2 && this.#seen.has(packetIdentifier);
    const message = { topic, text: text(payload), qos };
    if (!isRepeated) this.received.push(...(this.#fault?.received(message) ?? [message]));
    if (qos === 2) this.#seen.add(packetIdentifier);
    const type = qos === 1 ? "puback" : "pubrec";
    if (qos > 0) this.#send({ type, packetIdentifier, reasonCode: 0 });
  }

  #acknowledge({
    type,
    packetIdentifier,
    reasonCode,
  }: Extract<Packet, { type: "puback" | "pubrec" }>): void {
    const outgoing = this.#outgoing.get(packetIdentifier);
    if (outgoing === undefined) return;
    if (!outgoing.isReleased) this.acknowledged.set(text(outgoing.packet.payload), reasonCode);
    if (type === "puback" || reasonCode >= 0x80) this.#outgoing.delete(packetIdentifier);
    else {
      outgoing.isReleased = true;
      this.#send({ type: "pubrel", packetIdentifier, reasonCode: 0 });
    }
  }
}
