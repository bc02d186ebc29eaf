import type { Packet, ProtocolVersion, PublishPacket } from "@anax/protocol";
import type { Ledger, SentMessage } from "../ledger/ledger.ts";
import type { Stream } from "../ledger/stream.ts";
import type { Random } from "../random.ts";
import { PersistentClient } from "./persistent-client.ts";

const IDENTIFIER_MAX = 65_535;
const FAILED = 0x80;
/** Fillings of payloads: most messages are small, some do not fit one page, one segment, one read. */
const SIZES = [0, 1, 10, 50, 50, 100, 100, 200, 300, 1_000, 5_000, 20_000, 70_000];

/** A message of QoS 1 or 2 on its way. */
interface OpenExchange {
  readonly message: SentMessage;
  readonly packet: PublishPacket & { readonly packetIdentifier: number };
  /** PUBREC came: PUBREL is what has to be sent now. */
  isReceived: boolean;
}

/** What distinguishes one publisher from another. */
export interface PublisherFields {
  readonly clientId: string;
  /** Default 5. */
  readonly protocolVersion?: ProtocolVersion;
  /**
   * True: it keeps no Session State, though the server does. What was open when a connection broke is forgotten, and identifiers begin with 1 again,
   * as with MQTTnet, FuseSource and others.
   */
  readonly isForgetful?: boolean;
}

/** Publishes as fast as its window lets it, and goes on with what was open after each reconnection. */
export class Publisher extends PersistentClient {
  readonly #streams: readonly Stream[];
  readonly #window: number;
  readonly #random: Random;
  readonly #exchanges: Map<number, OpenExchange> = new Map();
  #lastIdentifier = 0;
  #budget = 0;

  readonly #isForgetful: boolean;

  constructor(
    ledger: Ledger,
    { clientId, protocolVersion = 5, isForgetful = false }: PublisherFields,
    streams: readonly Stream[],
    random: Random,
  ) {
    super(ledger, { clientId, protocolVersion });
    this.#isForgetful = isForgetful;
    this.#streams = streams;
    this.#random = random;
    this.#window = random.pick([1, 5, 20]);
  }

  /** True when nothing that it sent waits for an answer, and nothing is left to send. */
  get isIdle(): boolean {
    return this.#exchanges.size === 0 && this.#budget === 0;
  }

  /** Publishes this many messages more. */
  publish(count: number): void {
    this.#budget += count;
    this.#fill();
  }

  /** Publishes nothing more of what it was asked to. */
  rest(): void {
    this.#budget = 0;
  }

  protected override resumed(): void {
    if (this.#isForgetful) return this.#forget();
    for (const { message, packet, isReceived } of this.#exchanges.values()) {
      if (isReceived) this.#release(packet.packetIdentifier);
      else {
        message.stream.resending(message.sequence);
        this.send({ ...packet, duplicate: true });
      }
    }
    this.#fill();
  }

  /** The server knows nothing of the exchanges: what it has acknowledged is over, the rest begins anew. */
  protected override begun(): void {
    if (this.#isForgetful) return this.#forget();
    for (const [identifier, { message, packet, isReceived }] of this.#exchanges) {
      if (isReceived) this.#exchanges.delete(identifier);
      else {
        message.stream.resending(message.sequence);
        this.send(packet);
      }
    }
    this.#fill();
  }

  #forget(): void {
    this.#exchanges.clear();
    this.#lastIdentifier = 0;
    this.#fill();
  }

  protected override received(packet: Packet): void {
    if (packet.type === "puback") this.#finished(packet.packetIdentifier, packet.reasonCode);
    else if (packet.type === "pubrec") this.#pubrec(packet.packetIdentifier, packet.reasonCode);
    else if (packet.type === "pubcomp") this.#exchanges.delete(packet.packetIdentifier);
    else return;
    this.#fill();
  }

  #fill(): void {
    while (this.isOnline && this.#budget > 0 && this.#exchanges.size < this.#window) {
      this.#budget -= 1;
      this.publishTo(this.#random.pick(this.#streams));
    }
  }

  /** Publishes the next message of a stream now, whatever the window says. */
  publishTo(stream: Stream): SentMessage {
    const message = this.ledger.sending(stream);
    const { topic, fields } = stream;
    const { expirySeconds: messageExpiryIntervalSeconds } = fields;
    const clears = fields.retain && this.#random.chance(0.2);
    if (clears) stream.clearing.add(message.sequence);
    const size = this.#random.pick(SIZES);
    const payload = clears ? new Uint8Array(0) : stream.payload(message.sequence, size);
    const { qos, retain } = fields;
    const packet: PublishPacket = {
      type: "publish",
      topic,
      payload,
      qos,
      retain,
      duplicate: false,
      ...(messageExpiryIntervalSeconds !== undefined && {
        properties: { messageExpiryIntervalSeconds },
      }),
    };
    if (qos === 0) {
      this.send(packet);
      return message;
    }
    const packetIdentifier = this.#nextIdentifier();
    const exchange = { message, packet: { ...packet, packetIdentifier }, isReceived: false };
    this.#exchanges.set(packetIdentifier, exchange);
    this.send(exchange.packet);
    return message;
  }

  #finished(packetIdentifier: number, reasonCode: number): void {
    const exchange = this.#exchanges.get(packetIdentifier);
    this.#exchanges.delete(packetIdentifier);
    if (exchange !== undefined) this.#judge(exchange.message, reasonCode);
  }

  #pubrec(packetIdentifier: number, reasonCode: number): void {
    const exchange = this.#exchanges.get(packetIdentifier);
    if (exchange === undefined) return;
    if (reasonCode >= FAILED) return this.#finished(packetIdentifier, reasonCode);
    exchange.isReceived = true;
    this.#judge(exchange.message, reasonCode);
    this.#release(packetIdentifier);
  }

  #judge(message: SentMessage, reasonCode: number): void {
    if (reasonCode < FAILED) return this.ledger.acknowledged(message);
    const name = `${message.stream.topic} #${message.sequence}`;
    this.ledger.complain("refused", `${name} with Reason Code ${reasonCode}`);
  }

  #release(packetIdentifier: number): void {
    this.send({ type: "pubrel", packetIdentifier, reasonCode: 0 });
  }

  #nextIdentifier(): number {
    do {
      this.#lastIdentifier = (this.#lastIdentifier % IDENTIFIER_MAX) + 1;
    } while (this.#exchanges.has(this.#lastIdentifier));
    return this.#lastIdentifier;
  }
}
