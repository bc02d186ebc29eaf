import type { Packet, QoS } from "@anax/protocol";
import { SeededRandom } from "@anax/testing";
import type { DeliveryNotices } from "../../src/core/owed/delivery-notices.ts";
import { RUN_PACKETS_MAX } from "../../src/core/message/publish-run.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import { textOf } from "../support/scripted-peer.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";
import { Violation } from "./model.ts";

/** Defects of a server that this has to find. */
export const FULL_FAULTS = ["keeps nobody waiting", "drops without a word", "forgets one"] as const;

export type FullFault = (typeof FULL_FAULTS)[number];

const TOPICS = ["t/1", "t/2", "t/3"];
const FILTERS = [["t/#"], ["t/1"], ["t/1", "t/2"], ["t/3", "+/1"]];
const OPERATIONS = { publish: 14, take: 8, cut: 1, comeBack: 3, dieWithWill: 0.5, advance: 2 };
/** Messages that a publisher has open at most. */
const OPEN_MAX = 10;

interface Sent {
  readonly number: number;
  readonly topic: string;
  /** Of its publisher, topic and QoS; a Will has an order of its own. */
  readonly order: string;
  /** Undefined until it is acknowledged; a Will is owed as soon as its client has gone. */
  reasonCode: number | undefined;
}

/** How a client acknowledges: all at once, always; some now and then. */
type Pace = "prompt" | "lazy";

class Client {
  readonly clientId: string;
  readonly filters: readonly string[];
  readonly pace: Pace;
  /** It was never away. */
  isSteady = true;
  peer: ScriptedPeer | undefined;
  /** What it has sent and not been answered, by identifier. */
  readonly open: Map<number, Sent> = new Map();
  /** What it has got and not acknowledged, oldest first. */
  answers: Packet[] = [];
  /** Numbers of messages in the order in which they came first. */
  readonly got: Set<number> = new Set();
  dropped = 0;
  #identifier = 0;

  constructor(clientId: string, filters: readonly string[], pace: Pace) {
    this.clientId = clientId;
    this.filters = filters;
    this.pace = pace;
  }

  nextIdentifier(): number {
    this.#identifier = (this.#identifier % 1_000) + 1;
    return this.#identifier;
  }

  /** What the server has written. */
  read(): void {
    for (const packet of this.peer?.receive() ?? []) this.#take(packet);
    if (this.peer?.isEnded === true) throw new Violation(`${this.clientId} was sent away`);
  }

  #take(packet: Packet): void {
    switch (packet.type) {
      case "publish":
        return this.#takeMessage(
          Number(textOf(packet.payload)),
          packet.qos,
          packet.packetIdentifier,
        );
      case "pubrel":
        return void this.answers.push(acknowledgement("pubcomp", packet.packetIdentifier));
      case "puback":
      case "pubcomp":
        return this.#answered(packet.packetIdentifier, packet.reasonCode ?? 0);
      case "pubrec":
        if ((packet.reasonCode ?? 0) >= 0x80)
          return this.#answered(packet.packetIdentifier, packet.reasonCode ?? 0);
        // Asked for at once: the server takes it whatever waits.
        this.noteTaken(packet.packetIdentifier);
        return this.peer?.sendChunk(acknowledgement("pubrel", packet.packetIdentifier));
      case "connack":
      case "suback":
        return undefined;
      default:
        throw new Violation(`${this.clientId} got ${packet.type}`);
    }
  }

  #takeMessage(number: number, qos: QoS, packetIdentifier = 0): void {
    this.got.add(number);
    const type = qos === 1 ? "puback" : "pubrec";
    this.answers.push(acknowledgement(type, packetIdentifier));
  }

  noteTaken(identifier: number): void {
    const sent = this.open.get(identifier);
    if (sent !== undefined) sent.reasonCode = 0;
  }

  #answered(identifier: number, reasonCode: number): void {
    const sent = this.open.get(identifier);
    if (sent === undefined) throw new Violation(`${this.clientId} is answered for nothing`);
    sent.reasonCode = reasonCode;
    this.open.delete(identifier);
  }

  /** Acknowledges so many; true if there was something. */
  acknowledge(count: number): boolean {
    const answers = this.answers.splice(0, count);
    if (answers.length === 0 || this.peer === undefined) return false;
    this.peer.send(...answers);
    return true;
  }
}

/**
 * One run. A few clients publish to each other with QoS 1 and 2, through windows and queues so small that they are full all the time:
 * some acknowledge at once, some now and then, some nothing for long; they go and come back. A second account is kept of what was
 * acknowledged to publishers, what each receiver got, and what the server said that it dropped. Everything follows from one seed.
 */
export class FullReceivers {
  readonly #random: SeededRandom;
  readonly #harness: CoreHarness;
  readonly #clients: readonly Client[];
  readonly #sent: Sent[] = [];
  readonly #queueMax: number;
  readonly #fault: FullFault | undefined;
  #numbers = 0;

  constructor(seed: number, fault?: FullFault) {
    const random = new SeededRandom(seed);
    this.#random = random;
    this.#fault = fault;
    this.#queueMax = random.pick([1, 2, 5, 20]);
    const roomWaitMs = random.pick([1_000, 5_000]);
    const budget = random.chance(0.3) ? { budget: { ms: Infinity, steps: 1 } } : {};
    this.#harness = new CoreHarness(
      {
        queueMessagesMax: this.#queueMax,
        inFlightDefault: random.pick([1, 3, 5]),
        queueOverflow: random.pick(["dropOldest", "dropNewest"]),
        whenFull: random.chance(0.25) ? "refuse" : "overflow",
        roomWaitMs: fault === "keeps nobody waiting" ? 0 : roomWaitMs,
        holdBackMs: random.pick([200, 1_000]),
      },
      hooksFor(random),
      this.#notices(),
      budget,
    );
    this.#clients = Array.from({ length: random.between(2, 5) }, (_item, index) => {
      const pace = random.pick<Pace>(["prompt", "prompt", "lazy"]);
      return new Client(`c${index}`, random.pick(FILTERS), pace);
    });
  }

  #notices(): DeliveryNotices {
    const other = (): void => undefined;
    const dropped = (clientId: string, _reason: string, count: number): void => {
      const client = this.#clients.find((one) => one.clientId === clientId);
      if (client !== undefined && this.#fault !== "drops without a word") client.dropped += count;
    };
    return {
      tooLarge: other,
      droppedPublish: other,
      slow: other,
      stalled: other,
      denied: other,
      dropped,
    };
  }

  /** @throws Violation if something is lost that should not be, or waits for ever. */
  run(): void {
    for (const client of this.#clients) this.#connect(client);
    for (let step = this.#random.between(20, 60); step > 0; step -= 1) {
      this.#operate(this.#random.pick(this.#clients));
      this.#serve();
    }
    this.#finish();
  }

  #operate(client: Client): void {
    const random = this.#random;
    switch (random.weighted(OPERATIONS)) {
      case "publish":
        return this.#publish(client, random.between(1, 4));
      case "take":
        client.read();
        return void client.acknowledge(random.between(1, 5));
      case "cut":
        return this.#cut(client);
      case "comeBack":
        if (client.peer === undefined) this.#connect(client);
        return undefined;
      case "dieWithWill":
        return this.#dieWithWill();
      case "advance":
        return this.#pass(random.pick([10, 300, 2_000]), () => this.#serve());
    }
  }

  #connect(client: Client): void {
    client.answers = [];
    client.open.clear();
    client.peer = this.#harness.connect(client.clientId, { ...lasting(), cleanStart: false });
    const [first, ...more] = client.filters;
    const qos = 2;
    if (first === undefined || client.got.size > 0 || !client.isSteady) return;
    subscribe(
      client.peer,
      ...[first, ...more].map((topicFilter) => ({ topicFilter, qos }) as const),
    );
  }

  #publish(client: Client, count: number): void {
    const random = this.#random;
    if (client.peer === undefined) return;
    client.read();
    const topic = random.pick(TOPICS);
    const qos = random.pick<QoS>([1, 1, 2]);
    const packets: Packet[] = [];
    for (let index = 0; index < count && client.open.size < OPEN_MAX; index += 1) {
      const packetIdentifier = client.nextIdentifier();
      const sent = this.#begin(topic, `${client.clientId} ${topic} ${qos}`);
      client.open.set(packetIdentifier, sent);
      packets.push(publishPacket(topic, String(sent.number), { qos, packetIdentifier }));
    }
    if (packets.length > 0) client.peer.send(...packets);
  }

  #begin(topic: string, order: string): Sent {
    this.#numbers += 1;
    const sent: Sent = { number: this.#numbers, topic, order, reasonCode: undefined };
    this.#sent.push(sent);
    return sent;
  }

  /** What it was not answered may have been taken or not. */
  #cut(client: Client): void {
    if (client.peer === undefined) return;
    client.read();
    client.isSteady = false;
    client.peer.cut();
    client.peer = undefined;
  }

  /** One more client comes and goes, and its Will is owed to all that subscribe. */
  #dieWithWill(): void {
    const topic = this.#random.pick(TOPICS);
    const sent = this.#begin(topic, `will ${this.#numbers}`);
    const payload = new TextEncoder().encode(String(sent.number));
    const will = { topic, payload, qos: 1, retain: false } as const;
    const peer = this.#harness.connect(`w${sent.number}`, { will });
    sent.reasonCode = 0;
    peer.cut();
  }

  /** Those that acknowledge at once do. */
  #serve(): void {
    this.#take(this.#clients.filter(({ pace }) => pace === "prompt"));
    for (const { clientId } of this.#clients) {
      const length = this.#harness.core.sessions.get(clientId)?.queue.length ?? 0;
      // What one look at the queue lets in may pass its limit.
      const lengthMax = this.#queueMax + RUN_PACKETS_MAX;
      if (length > lengthMax)
        throw new Violation(`${length} messages wait for ${clientId}, at most ${lengthMax}`);
    }
  }

  /** Lets time pass; whenever the server has done something meanwhile, clients take what they got. */
  #pass(ms: number, take: () => void): void {
    const { core } = this.#harness;
    const endMs = core.now + ms;
    while (core.nextDeadline <= endMs) {
      this.#harness.advance(Math.max(0, core.nextDeadline - core.now));
      take();
    }
    this.#harness.advance(endMs - core.now);
    take();
  }

  #take(clients: readonly Client[]): void {
    for (let goesOn = true; goesOn;) {
      goesOn = false;
      for (const client of clients) {
        client.read();
        if (client.acknowledge(Infinity)) goesOn = true;
      }
      this.#harness.settle();
    }
  }

  /** All are there and acknowledge all: what was acknowledged has come, or was dropped, which was told. */
  #finish(): void {
    for (const client of this.#clients) if (client.peer === undefined) this.#connect(client);
    const take = (): void => this.#take(this.#clients);
    take();
    this.#pass(60_000, take);
    if (this.#fault === "forgets one") this.#forgetOne();
    for (const client of this.#clients) this.#check(client);
    this.#checkServer();
  }

  #forgetOne(): void {
    const [client] = this.#clients;
    const [first] = client?.got ?? [];
    if (first !== undefined) client?.got.delete(first);
  }

  #check(client: Client): void {
    const { clientId, open, got, dropped, isSteady, pace } = client;
    if (open.size > 0) throw new Violation(`${clientId} waits for an answer for ever`);
    let missing = 0;
    let perhaps = 0;
    for (const { number, topic, reasonCode } of this.#sent) {
      if (!isSubscribed(client, topic)) {
        if (got.has(number)) throw new Violation(`${clientId} got ${number}, which is not for it`);
      } else if (reasonCode === undefined) perhaps += got.has(number) ? 0 : 1;
      else if (reasonCode >= 0x80 && got.has(number))
        throw new Violation(`${clientId} got ${number}, which was refused`);
      else if (reasonCode < 0x80 && !got.has(number)) missing += 1;
    }
    if (missing > dropped)
      throw new Violation(`${clientId} has lost ${missing} messages, but ${dropped} were dropped`);
    if (dropped > missing + perhaps)
      throw new Violation(
        `${dropped} messages for ${clientId} were dropped, ${missing} are missing`,
      );
    if (dropped > 0 && isSteady && pace === "prompt")
      throw new Violation(`${dropped} were dropped for ${clientId}, which acknowledges at once`);
    this.#checkOrder(client);
  }

  #checkOrder({ clientId, got }: Client): void {
    const last = new Map<string, number>();
    for (const number of got) {
      const order = this.#sent[number - 1]?.order ?? "";
      if ((last.get(order) ?? 0) > number)
        throw new Violation(`message ${number} comes to ${clientId} out of order`);
      last.set(order, number);
    }
  }

  #checkServer(): void {
    const { core, reports } = this.#harness;
    if (reports.length > 0) throw new Violation(`the server reports ${String(reports[0])}`);
    const { rooms, works, waiting, statistics } = core;
    const left = [
      rooms.messages,
      rooms.bytes,
      rooms.wills,
      rooms.willBytes,
      rooms.size,
      works.count,
      waiting.messages.live,
      statistics.queuedMessagesCurrent,
    ];
    if (left.some((count) => count !== 0))
      throw new Violation(`something waits for ever: ${left.join(", ")}`);
  }
}

function isSubscribed({ filters }: Client, topic: string): boolean {
  return filters.some(
    (filter) => filter === "t/#" || filter === topic || (filter === "+/1" && topic === "t/1"),
  );
}

/** Handlers send messages another way through the server. */
function hooksFor(random: SeededRandom): Hooks {
  return random.pick<Hooks>([
    {},
    {},
    { interceptingPublish: () => undefined },
    { interceptingClientEnqueue: () => undefined },
  ]);
}
