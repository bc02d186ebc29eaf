import type { Packet, PublishPacket, QoS } from "@anax/protocol";
import { topicMatchesFilter } from "@anax/protocol";
import type { Ledger } from "../ledger/ledger.ts";
import type { ReceiverRecord } from "../ledger/receiver-record.ts";
import { nameIn } from "../ledger/stream.ts";
import type { Stream } from "../ledger/stream.ts";
import type { Random } from "../random.ts";
import { PersistentClient } from "./persistent-client.ts";
import type { ClientFields } from "./persistent-client.ts";

/** What a subscriber subscribes to. */
export interface Wish {
  readonly filter: string;
  readonly qos: QoS;
  /** Who answers for what comes by it; default: the session. */
  readonly group?: ReceiverRecord;
}

/** What makes one subscriber different from another. */
export interface SubscriberFields extends ClientFields {
  readonly wishes: readonly Wish[];
  /** Its own topic, on which it is told that everything before has been sent. */
  readonly marker: Stream;
  readonly random: Random;
  /** How often it is slow to acknowledge. */
  readonly slowness: number;
}

const SHARED = /^\$share\/[^/]+\//;
const SLOW_MS_MAX = 15;

/** Receives, acknowledges sooner or later, and hands all it gets to the ledger. */
export class Subscriber extends PersistentClient {
  readonly record: ReceiverRecord;
  readonly #fields: SubscriberFields;
  readonly #wishes: Map<string, Wish> = new Map();
  /** Of QoS 2: received and not released. */
  readonly #held: Set<number> = new Set();
  /** Filters whose SUBACK has not come, and the last SUBSCRIBE that asked for them; 0 if none could be sent. */
  readonly #requests: Map<string, number> = new Map();
  #lastIdentifier = 0;
  /** Counts connections: a delayed answer belongs to one of them. */
  #connection = 0;
  #answers: (() => void)[] = [];
  #lastMarker = 0;
  /** While true, it acknowledges everything at once: whoever waits for a queue to be empty has nothing from its pauses. */
  isHurried = false;

  constructor(ledger: Ledger, fields: SubscriberFields) {
    super(ledger, fields);
    this.#fields = fields;
    this.record = ledger.newReceiver(fields.clientId);
    const marker: Wish = { filter: fields.marker.topic, qos: 1 };
    for (const wish of [marker, ...fields.wishes]) this.#wishes.set(wish.filter, wish);
  }

  get marker(): Stream {
    return this.#fields.marker;
  }

  /** The last marker that came. */
  get lastMarker(): number {
    return this.#lastMarker;
  }

  /** True when the server has confirmed all subscriptions. */
  get isSettled(): boolean {
    return this.isOnline && this.#requests.size === 0;
  }

  want(wish: Wish): void {
    this.#wishes.set(wish.filter, wish);
    this.#subscribe([wish]);
  }

  /** Ends a subscription. */
  unwant(filter: string): void {
    if (!this.#wishes.delete(filter)) return;
    this.#requests.delete(filter);
    this.record.unsubscribing(filter);
    const packetIdentifier = this.#nextIdentifier();
    if (this.isOnline) this.send({ type: "unsubscribe", packetIdentifier, topicFilters: [filter] });
  }

  get wishes(): readonly Wish[] {
    return [...this.#wishes.values()];
  }

  protected override discarding(): void {
    this.record.beginning(this.ledger.streams);
    this.#held.clear();
  }

  protected override lost(): void {
    this.#connection += 1;
    this.#answers = [];
  }

  protected override begun(): void {
    this.#held.clear();
    this.#subscribe([...this.#wishes.values()]);
  }

  /** What was asked for and not confirmed is asked for again. */
  protected override resumed(): void {
    const open = this.wishes.filter(({ filter }) => this.#requests.has(filter));
    if (open.length > 0) this.#subscribe(open);
  }

  protected override received(packet: Packet): void {
    if (packet.type === "publish") this.#published(packet);
    else if (packet.type === "pubrel") this.#released(packet.packetIdentifier);
    else if (packet.type === "suback")
      this.#subscribed(packet.packetIdentifier, packet.reasonCodes);
  }

  #subscribe(wishes: readonly Wish[]): void {
    const packetIdentifier = this.isOnline ? this.#nextIdentifier() : 0;
    for (const { filter, qos, group } of wishes) {
      (group ?? this.record).subscribing(filter.replace(SHARED, ""), qos);
      this.#requests.set(filter, packetIdentifier);
    }
    if (!this.isOnline) return;
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const subscriptions = wishes.map(({ filter, qos }) => ({
      topicFilter: filter,
      qos,
      ...options,
    }));
    this.send({ type: "subscribe", packetIdentifier, subscriptions });
  }

  /** Answers come in the order of the filters that were asked for; an old answer says nothing about a newer request. */
  #subscribed(packetIdentifier: number, reasonCodes: readonly number[]): void {
    const at = this.ledger.nextEvent();
    const answered = this.wishes.filter(
      ({ filter }) => this.#requests.get(filter) === packetIdentifier,
    );
    for (const { filter, qos, group } of answered) {
      this.#requests.delete(filter);
      if (!reasonCodes.includes(qos)) {
        this.ledger.complain(
          "refused",
          `${this.clientId}: SUBACK ${reasonCodes.join()} for ${filter}`,
        );
      } else (group ?? this.record).subscribed(filter.replace(SHARED, ""), at);
    }
  }

  #published(packet: PublishPacket): void {
    const { qos, packetIdentifier = 0 } = packet;
    if (qos === 2 && this.#held.has(packetIdentifier)) return this.#answer(packet);
    if (qos === 2) this.#held.add(packetIdentifier);
    if (packet.topic === this.marker.topic) {
      this.#lastMarker = Math.max(this.#lastMarker, nameIn(packet.payload)?.sequence ?? 0);
    }
    this.ledger.delivered(this.#recordFor(packet.topic), packet);
    this.#answer(packet);
  }

  #recordFor(topic: string): ReceiverRecord {
    for (const { filter, group } of this.#fields.wishes) {
      if (group !== undefined && topicMatchesFilter(topic, filter.replace(SHARED, "")))
        return group;
    }
    return this.record;
  }

  #answer({ qos, packetIdentifier = 0 }: PublishPacket): void {
    if (qos === 0) return;
    const type = qos === 1 ? "puback" : "pubrec";
    this.#sometime(() => this.send({ type, packetIdentifier, reasonCode: 0 }));
  }

  #released(packetIdentifier: number): void {
    this.#held.delete(packetIdentifier);
    this.#sometime(() => this.send({ type: "pubcomp", packetIdentifier, reasonCode: 0 }));
  }

  /** Answers now or later, in the order of what is answered [MQTT-4.6.0-2], and never on another connection. */
  #sometime(answer: () => void): void {
    const { random, slowness } = this.#fields;
    if (this.#answers.length === 0 && (this.isHurried || !random.chance(slowness))) return answer();
    this.#answers.push(answer);
    if (this.#answers.length > 1) return;
    const connection = this.#connection;
    setTimeout(
      () => {
        if (connection === this.#connection) this.#answerAll();
      },
      random.between(0, SLOW_MS_MAX),
    );
  }

  #answerAll(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }

  #nextIdentifier(): number {
    this.#lastIdentifier = (this.#lastIdentifier % 65_535) + 1;
    return this.#lastIdentifier;
  }
}
