import type { QoS } from "@anax/protocol";
import type { PersistentClient } from "./clients/persistent-client.ts";
import { Publisher } from "./clients/publisher.ts";
import type { PublisherFields } from "./clients/publisher.ts";
import { Subscriber } from "./clients/subscriber.ts";
import type { SubscriberFields, Wish } from "./clients/subscriber.ts";
import { WillClient } from "./clients/will-client.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { ReceiverRecord } from "./ledger/receiver-record.ts";
import type { Stream } from "./ledger/stream.ts";
import type { Random } from "./random.ts";

const STEADY_PUBLISHERS = 4;
/** What those behind the steady ones are like. */
const HABITS: readonly (Omit<PublisherFields, "clientId"> | undefined)[] = [
  ...Array.from({ length: STEADY_PUBLISHERS }, () => undefined),
  { isForgetful: true },
  { isForgetful: true, protocolVersion: 4 },
];
const MEMBERS = 3;
const WILL_CLIENTS = 3;

/** What the subscribers are like; `habit` says how they come and go. */
type Habit = "steady" | "roaming" | "renewing" | "changing" | "member";

type SubscriberPlan = Omit<SubscriberFields, "clientId" | "marker" | "random"> & {
  readonly name: string;
  readonly habit: Habit;
};

const EVERYTHING: readonly Wish[] = [
  { filter: "order/#", qos: 2 },
  { filter: "retained/#", qos: 2 },
  { filter: "wills/#", qos: 2 },
  { filter: "expiring/#", qos: 2 },
];

const PLANS: readonly SubscriberPlan[] = [
  { name: "all", habit: "steady", protocolVersion: 5, slowness: 0, wishes: EVERYTHING },
  {
    name: "slow",
    habit: "steady",
    protocolVersion: 5,
    receiveMaximum: 5,
    slowness: 0.5,
    wishes: EVERYTHING,
  },
  { name: "old", habit: "steady", protocolVersion: 4, slowness: 0.1, wishes: wishesAt(1) },
  { name: "guest", habit: "roaming", protocolVersion: 5, slowness: 0.1, wishes: EVERYTHING },
  { name: "old-guest", habit: "roaming", protocolVersion: 4, slowness: 0.3, wishes: wishesAt(1) },
  { name: "fresh", habit: "renewing", protocolVersion: 5, slowness: 0.1, wishes: EVERYTHING },
  { name: "fickle", habit: "changing", protocolVersion: 5, slowness: 0.1, wishes: [] },
  { name: "old-fickle", habit: "changing", protocolVersion: 4, slowness: 0.2, wishes: [] },
  { name: "unsure", habit: "steady", protocolVersion: 5, slowness: 0, wishes: wishesAt(0) },
];

/** Message Expiry Intervals: one that passes while clients are away, one that only has to go on being counted. */
const EXPIRIES = [
  ["soon", 1],
  ["late", 3_600],
] as const;

/** All the clients, and what they publish. */
export class Population {
  readonly ledger: Ledger;
  readonly publishers: readonly Publisher[];
  /** Sends the markers. */
  readonly control: Publisher;
  readonly subscribers: ReadonlyMap<Subscriber, Habit>;
  readonly group: ReceiverRecord;
  readonly willClients: readonly WillClient[];
  readonly retainedStreams: readonly Stream[];
  readonly #delayedWills: Stream;
  #departed = 0;

  constructor(ledger: Ledger, random: Random) {
    this.ledger = ledger;
    const streams = Array.from({ length: HABITS.length }, (_, index) => streamsOf(ledger, index));
    this.publishers = streams.map(
      (own, index) =>
        new Publisher(
          ledger,
          { clientId: `publisher-${index}`, ...HABITS[index] },
          index < STEADY_PUBLISHERS ? own : own.filter(isForForgetful),
          random.fork(`publisher ${index}`),
        ),
    );
    this.retainedStreams = streams.flat().filter(({ fields }) => fields.retain);
    this.control = new Publisher(ledger, { clientId: "control" }, [], random.fork("control"));
    this.group = ledger.newReceiver("group", "group");
    this.subscribers = this.#newSubscribers(random);
    this.willClients = Array.from({ length: WILL_CLIENTS }, (_, index) => {
      const will = ledger.newStream({
        topic: `wills/${index}`,
        qos: 2,
        retain: false,
        isOrdered: false,
      });
      return new WillClient(ledger, `mortal-${index}`, will, 0);
    });
    const fields = { topic: "wills/delayed", qos: 2, retain: false, isOrdered: false } as const;
    this.#delayedWills = ledger.newStream(fields);
  }

  get clients(): readonly PersistentClient[] {
    return [...this.publishers, this.control, ...this.subscribers.keys(), ...this.willClients];
  }

  with(habit: Habit): readonly Subscriber[] {
    return [...this.subscribers]
      .filter(([, own]) => own === habit)
      .map(([subscriber]) => subscriber);
  }

  /** Filters that a changing subscriber may choose from; they do not overlap. */
  get filters(): readonly Wish[] {
    return this.publishers.flatMap((_, index) => [
      { filter: `order/${index}/at-least-once`, qos: 1 as const },
      { filter: `order/${index}/exactly-once`, qos: 2 as const },
    ]);
  }

  /** A client that nobody sees again: a second after its connection breaks, its Will is due. */
  newDeparting(): WillClient {
    this.#departed += 1;
    return new WillClient(this.ledger, `departing-${this.#departed}`, this.#delayedWills, 1);
  }

  isWill(stream: Stream): boolean {
    return stream.topic.startsWith("wills/");
  }

  isDelayedWill(stream: Stream): boolean {
    return stream === this.#delayedWills;
  }

  #newSubscribers(random: Random): ReadonlyMap<Subscriber, Habit> {
    const shared: Wish = { filter: "$share/group/shared/#", qos: 2, group: this.group };
    const members = Array.from({ length: MEMBERS }, (_, index): SubscriberPlan => ({
      name: `member-${index}`,
      habit: "member",
      protocolVersion: 5,
      slowness: 0.1 * index,
      wishes: [shared],
    }));
    return new Map(
      [...PLANS, ...members].map(({ name, habit, ...plan }) => {
        const topic = `marker/${name}`;
        const marker = this.ledger.newStream({ topic, qos: 1, retain: false, isOrdered: true });
        const fields = { ...plan, clientId: name, marker, random: random.fork(name) };
        return [new Subscriber(this.ledger, fields), habit];
      }),
    );
  }
}

/**
 * Of retained messages two that clear are the same message, whatever their identifiers, so one may be taken for the other; and
 * MQTT 3.1.1 has no expiry.
 */
function isForForgetful({ fields }: Stream): boolean {
  return !fields.retain && fields.expirySeconds === undefined;
}

function wishesAt(qos: QoS): readonly Wish[] {
  return EVERYTHING.map(({ filter }) => ({ filter, qos }));
}

/** What one publisher publishes: to each topic at one QoS, because only within one there is an order. */
function streamsOf(ledger: Ledger, index: number): readonly Stream[] {
  const newStream = (topic: string, qos: QoS, retain: boolean): Stream =>
    ledger.newStream({ topic: `${topic}`, qos, retain, isOrdered: true });
  return [
    newStream(`order/${index}/at-most-once`, 0, false),
    newStream(`order/${index}/at-least-once`, 1, false),
    newStream(`order/${index}/exactly-once`, 2, false),
    newStream(`order/${index}/exactly-once/too`, 2, false),
    newStream(`shared/${index}/at-least-once`, 1, false),
    newStream(`shared/${index}/exactly-once`, 2, false),
    ...EXPIRIES.map(([name, expirySeconds]) =>
      ledger.newStream({
        topic: `expiring/${index}/${name}`,
        qos: 1,
        retain: false,
        isOrdered: true,
        expirySeconds,
      }),
    ),
    newStream(`retained/${index}/at-least-once`, 1, true),
    newStream(`retained/${index}/exactly-once`, 2, true),
  ];
}
