import type { ConnectPacket, Packet, ProtocolVersion, PublishPacket, QoS } from "@anax/protocol";
import type { SeededRandom } from "@anax/testing";
import { CORE_DEFAULTS } from "../../src/core/core-options.ts";
import { acknowledgement, connectPacket } from "../support/core-harness.ts";
import type { CoreHarness } from "../support/core-harness.ts";
import { describe } from "../support/scripted-peer.ts";
import type { PacketOf, ScriptedPeer } from "../support/scripted-peer.ts";
import type { Fault } from "./fault.ts";
import { Violation } from "./model.ts";
import type { Model, ModelSession } from "./model.ts";

/** Packet Identifiers that a client uses: few, so that each is used again soon. */
const IDENTIFIERS = 30;

/** A message on its way to the server, from the first sending until it is acknowledged. */
interface Outgoing {
  readonly packet: PublishPacket;
  readonly number: number;
  isReleased: boolean;
}

/**
 * A client that keeps to the specification, but may be slow, go away at any byte and come back. Whatever
 * it sends and sees it tells the model.
 */
export class SimulatedClient {
  readonly clientId: string;
  readonly version: ProtocolVersion;
  peer: ScriptedPeer | undefined;
  readonly #harness: CoreHarness;
  readonly #model: Model;
  readonly #random: SeededRandom;
  readonly #fault: Fault | undefined;
  readonly #outgoing: Map<number, Outgoing> = new Map();
  #serverReceiveMaximum = 65_535;
  #identifier = 0;
  #aliases: Map<number, string> = new Map();
  /** Acknowledgements that the client will send when it gets to it. */
  #unacknowledged: Packet[] = [];

  constructor(fields: {
    clientId: string;
    version: ProtocolVersion;
    harness: CoreHarness;
    model: Model;
    random: SeededRandom;
    fault: Fault | undefined;
  }) {
    this.clientId = fields.clientId;
    this.version = fields.version;
    this.#harness = fields.harness;
    this.#model = fields.model;
    this.#random = fields.random;
    this.#fault = fields.fault;
  }

  get isConnected(): boolean {
    return this.peer !== undefined;
  }

  get session(): ModelSession | undefined {
    return this.#model.sessions.get(this.clientId);
  }

  /** True if one more QoS 1 or 2 message may be open at the server. */
  get mayPublish(): boolean {
    return this.#outgoing.size < Math.min(this.#serverReceiveMaximum, IDENTIFIERS);
  }

  /** Connects, taking over an older connection if there is one. `options.number` is that of the connection. */
  connect(options: {
    number: number;
    cleanStart: boolean;
    expirySeconds: number;
    receiveMaximum: number;
    inFlightMax: number;
    topicAliasMaximum: number;
    will: { number: number; topic: string; qos: QoS; retain: boolean } | undefined;
  }): void {
    const older = this.peer;
    const peer = this.#harness.open(this.version);
    peer.send(this.#connectPacket(options));
    const { number, cleanStart, will } = options;
    const forOlder = cleanStart ? 0 : 0xffffffff;
    const isPresent = this.#model.connect(this.clientId, cleanStart, {
      number,
      version: this.version,
      receiveMaximum: Math.min(
        options.inFlightMax,
        this.version === 5 ? options.receiveMaximum : CORE_DEFAULTS.inFlightDefault,
      ),
      expirySeconds: this.version === 5 ? options.expirySeconds : forOlder,
      will,
      isReading: true,
    });
    if (older !== undefined && !older.isEnded)
      throw new Violation("the older connection was not closed");
    this.peer = peer;
    this.#unacknowledged = [];
    this.#aliases = new Map();
    this.#enter(peer.receive(), isPresent);
  }

  #connectPacket(options: Parameters<SimulatedClient["connect"]>[0]): ConnectPacket {
    const { cleanStart, expirySeconds, receiveMaximum, topicAliasMaximum, will } = options;
    return connectPacket({
      clientId: this.clientId,
      protocolVersion: this.version,
      cleanStart,
      ...(will && { will: { ...will, payload: payloadOf(will.number, 0) } }),
      ...(this.version === 5 && {
        properties: {
          sessionExpiryIntervalSeconds: expirySeconds,
          receiveMaximum,
          topicAliasMaximum,
        },
      }),
    });
  }

  #enter([connack, ...rest]: readonly Packet[], isPresent: boolean): void {
    if (connack?.type !== "connack" || connack.reasonCode !== 0) {
      throw new Violation(`${this.clientId} was not let in: ${JSON.stringify(connack)}`);
    }
    // CONNACK of 3.1 does not tell.
    if (this.version > 3 && connack.sessionPresent !== isPresent)
      throw new Violation(`Session Present must be ${isPresent}`);
    this.#serverReceiveMaximum = connack.properties?.receiveMaximum ?? 65_535;
    this.#handle(rest);
    if (!isPresent) this.#outgoing.clear();
    this.send(Array.from(this.#outgoing, ([identifier, outgoing]) => again(identifier, outgoing)));
  }

  publish(packet: PublishPacket, number: number): PublishPacket {
    if (packet.qos === 0) return packet;
    do this.#identifier = (this.#identifier % IDENTIFIERS) + 1;
    while (this.#outgoing.has(this.#identifier));
    const whole = { ...packet, packetIdentifier: this.#identifier };
    this.#outgoing.set(this.#identifier, { packet: whole, number, isReleased: false });
    return whole;
  }

  /** Sends packets in random chunks. With `bytesMax` the link breaks after so many bytes. */
  send(packets: readonly Packet[], bytesMax = Infinity): void {
    const { peer } = this;
    if (peer === undefined || packets.length === 0) return;
    const encoded = packets.map((packet) => peer.encode(packet));
    const bytes = new Uint8Array(Buffer.concat(encoded)).slice(0, Math.min(bytesMax, 1e9));
    const cut = this.#random.below(bytes.length + 1);
    peer.sendInChunks(bytes, this.#random.chance(0.5) ? [cut] : []);
    let end = 0;
    for (const [index, packet] of packets.entries()) {
      end += encoded[index]?.length ?? 0;
      if (end <= bytes.length) this.#tell(packet);
    }
  }

  /** Tells the model of a packet that the server has got. */
  #tell(packet: Packet): void {
    const { session } = this;
    if (session === undefined) return;
    switch (packet.type) {
      case "publish":
        return this.#model.take(session, packet, numberOf(packet.payload));
      case "pubrel":
        session.taken.delete(packet.packetIdentifier);
        return;
      case "puback":
      case "pubrec":
      case "pubcomp":
        return this.#model.acknowledge(session, packet.type, packet.packetIdentifier);
      case "subscribe":
        for (const request of packet.subscriptions) {
          const shared = /^\$share\/([^/]+)\/(.+)$/u.exec(request.topicFilter);
          this.#model.subscribe(session, {
            ...request,
            filter: request.topicFilter,
            topicFilter: shared?.[2] ?? request.topicFilter,
            shareName: shared?.[1],
            identifier: packet.properties?.subscriptionIdentifier,
            ...(this.version < 5 && {
              noLocal: false,
              retainAsPublished: false,
              retainHandling: 0,
            }),
          });
        }
        return;
      case "unsubscribe":
        for (const filter of packet.topicFilters) this.#model.unsubscribe(session, filter);
        return;
      default:
    }
  }

  /** Reads everything that has come. */
  read(): void {
    const { peer, session } = this;
    if (peer === undefined || session === undefined) return;
    this.#handle(peer.receive());
    if (peer.isEnded) throw new Violation(`${this.clientId} was disconnected`);
    if (session.connection?.isReading === true) this.#model.checkRead(session);
  }

  #handle(packets: readonly Packet[]): void {
    const changed = this.#fault === undefined ? packets : this.#fault.change(packets, this);
    for (const packet of changed) this.#handleOne(packet);
  }

  #handleOne(packet: Packet): void {
    const { session } = this;
    if (session === undefined) throw new Violation(`${packet.type} without a session`);
    switch (packet.type) {
      case "publish":
        return this.#receivePublish(session, packet);
      case "pubrel":
        this.#model.release(session, packet.packetIdentifier);
        this.#unacknowledged.push(acknowledgement("pubcomp", packet.packetIdentifier));
        return;
      case "puback":
      case "pubcomp":
        return this.#finish(packet);
      case "pubrec":
        return this.#release(packet);
      case "suback":
      case "unsuback":
        return;
      default:
        throw new Violation(`${this.clientId} got ${describe([packet])}`);
    }
  }

  #receivePublish(session: ModelSession, packet: PublishPacket): void {
    const alias = packet.properties?.topicAlias;
    if (alias !== undefined && packet.topic !== "") this.#aliases.set(alias, packet.topic);
    const topic = packet.topic === "" ? this.#aliases.get(alias ?? 0) : packet.topic;
    if (topic === undefined) throw new Violation(`Topic Alias ${alias} is not known`);
    this.#model.see(session, { ...packet, topic }, numberOf(packet.payload));
    if (packet.qos === 0) return;
    this.#unacknowledged.push(
      acknowledgement(packet.qos === 1 ? "puback" : "pubrec", packet.packetIdentifier),
    );
  }

  #finish({ type, packetIdentifier, reasonCode }: PacketOf<"puback" | "pubcomp">): void {
    const outgoing = this.#outgoing.get(packetIdentifier);
    const expected = type === "puback" ? 1 : 2;
    // A PUBREL that is sent again may find its exchange gone.
    const isRefused = reasonCode >= 0x80 && !(type === "pubcomp" && reasonCode === 0x92);
    if (outgoing?.packet.qos !== expected || isRefused) {
      throw new Violation(`${type} ${packetIdentifier} with code ${reasonCode} is not expected`);
    }
    this.#outgoing.delete(packetIdentifier);
  }

  #release({ packetIdentifier, reasonCode }: PacketOf<"pubrec">): void {
    const outgoing = this.#outgoing.get(packetIdentifier);
    if (outgoing?.packet.qos !== 2 || reasonCode >= 0x80) {
      throw new Violation(`PUBREC ${packetIdentifier} with code ${reasonCode} is not expected`);
    }
    outgoing.isReleased = true;
    this.#unacknowledged.push(acknowledgement("pubrel", packetIdentifier));
  }

  /** Sends the oldest acknowledgements that are due. */
  acknowledge(count: number, bytesMax = Infinity): void {
    this.send(this.#unacknowledged.splice(0, count), bytesMax);
  }

  /** Acknowledgements that are due, and messages of its own that are not done. */
  get unfinished(): number {
    return this.#unacknowledged.length + this.#outgoing.size;
  }

  /** The link breaks; of what was on its way to the client a part still comes. */
  cut(): void {
    const { peer } = this;
    if (peer === undefined) return;
    const arrived = new Uint8Array(Buffer.concat(peer.wire.arrived));
    peer.wire.arrived = [arrived.slice(0, this.#random.below(arrived.length + 1))];
    this.#handle(peer.receive());
    this.peer = undefined;
    peer.cut();
    this.#model.disconnect(this.clientId, "broken");
  }

  /** Says goodbye: 0x00, or 0x04 to have the Will published. */
  disconnect(reasonCode: 0 | 4): void {
    const { peer } = this;
    if (peer === undefined) return;
    this.read();
    peer.send({ type: "disconnect", reasonCode });
    this.peer = undefined;
    this.#model.disconnect(
      this.clientId,
      reasonCode === 4 && this.version === 5 ? "broken" : "clean",
    );
    if (!peer.isEnded) throw new Violation("DISCONNECT did not end the connection");
    peer.cut();
  }

  freeze(): void {
    this.read();
    const connection = this.session?.connection;
    if (this.peer === undefined || connection === undefined) return;
    connection.isReading = false;
    this.peer.freeze();
  }

  thaw(): void {
    const connection = this.session?.connection;
    if (this.peer === undefined || connection === undefined) return;
    this.peer.thaw();
    connection.isReading = true;
  }
}

function again(identifier: number, { packet, isReleased }: Outgoing): Packet {
  return isReleased ? acknowledgement("pubrel", identifier) : { ...packet, duplicate: true };
}

/** A payload that begins with the number of its message. */
export function payloadOf(number: number, filling: number): Uint8Array {
  return new TextEncoder().encode(`${number}:${"x".repeat(filling)}`);
}

function numberOf(payload: Uint8Array): number {
  return Number.parseInt(Buffer.from(payload).toString(), 10) || 0;
}
