/**
 * A Sender and a Receiver over a Network Connection that keeps breaking, on virtual time: packets
 * in flight are lost, the Session resumes, now and then a peer restarts from what it has stored.
 * Everything follows from one seed.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Receiver } from "../src/flow/receiver.ts";
import { SendQuota } from "../src/flow/send-quota.ts";
import { type OpenExchange, Sender } from "../src/flow/sender.ts";

interface Message {
  readonly number: number;
  readonly qos: 1 | 2;
}

type Packet =
  | { type: "publish"; identifier: number; message: Message; dup: boolean }
  | { type: "pubrel" | "puback" | "pubrec" | "pubcomp"; identifier: number };

/** One end of the simulated connection: gets packets, and sends by the function it was given. */
class SendingPeer {
  sender: Sender<Message> = new Sender();
  readonly #quota: SendQuota = new SendQuota(1);
  readonly #queue: Message[] = [];
  #resuming: Generator<OpenExchange<Message>, void, undefined> | undefined;
  #send: ((packet: Packet) => void) | undefined;

  get isDone(): boolean {
    return this.#queue.length === 0 && this.sender.inFlight === 0;
  }

  publish(message: Message): void {
    this.#queue.push(message);
    this.#pump();
  }

  connected(receiveMaximum: number, send: (packet: Packet) => void): void {
    this.#send = send;
    this.#quota.reset(receiveMaximum);
    for (const { identifier, state } of this.sender.resume()) {
      if (state !== "awaitingPubcomp") continue;
      this.#quota.takeForPubrel();
      send({ type: "pubrel", identifier });
    }
    this.#resuming = this.sender.resume();
    this.#pump();
  }

  disconnected(): void {
    this.#send = undefined;
    this.#resuming = undefined;
  }

  restart(): void {
    const restarted = new Sender<Message>();
    for (const { identifier, state, item } of this.sender.resume()) {
      restarted.restore(identifier, state, item);
    }
    this.sender = restarted;
  }

  packetCame({ type, identifier }: Packet): void {
    if (type === "puback" && this.sender.puback(identifier)) this.#quota.giveBack();
    if (type === "pubcomp" && this.sender.pubcomp(identifier)) this.#quota.giveBack();
    if (type === "pubrec" && this.sender.pubrec(identifier, 0) === "release") {
      this.#send?.({ type: "pubrel", identifier });
    }
    this.#pump();
  }

  /** What was sent before goes first, then what waits, as far as the quota lets it. */
  #pump(): void {
    while (this.#send && this.#quota.available > 0 && this.#resuming) {
      const step = this.#resuming.next();
      if (step.done) this.#resuming = undefined;
      else if (step.value.item && step.value.state !== "awaitingPubcomp") {
        this.#sendPublish(step.value.identifier, step.value.item, "again");
      }
    }
    while (this.#send && this.#quota.available > 0) {
      const message = this.#queue.shift();
      if (!message) return;
      this.#sendPublish(this.sender.begin(message.qos, message), message, "first");
    }
  }

  #sendPublish(identifier: number, message: Message, time: "first" | "again"): void {
    if (!this.#quota.take()) throw new Error("the quota was used up");
    this.#send?.({ type: "publish", identifier, message, dup: time === "again" });
  }
}

class ReceivingPeer {
  readonly delivered: Message[] = [];
  receiver: Receiver = new Receiver();
  #send: ((packet: Packet) => void) | undefined;

  connected(send: (packet: Packet) => void): void {
    this.#send = send;
  }

  restart(): void {
    const restarted = new Receiver();
    for (const identifier of this.receiver.identifiers()) restarted.restore(identifier);
    this.receiver = restarted;
  }

  packetCame(packet: Packet): void {
    const { type, identifier } = packet;
    if (type === "pubrel") {
      this.receiver.release(identifier);
      this.#send?.({ type: "pubcomp", identifier });
    }
    if (type !== "publish") return;
    const { message } = packet;
    if (message.qos === 1 || this.receiver.receive(identifier)) this.delivered.push(message);
    this.#send?.({ type: message.qos === 1 ? "puback" : "pubrec", identifier });
  }
}

interface Simulation {
  readonly seed: number;
  readonly messageCount: number;
  readonly receiveMaximum: number;
  /** Chance that the connection breaks at an event; the last connection holds. */
  readonly breakChance: number;
  readonly qosChoice: "1" | "2" | "mixed";
}

/** The two peers and what connects them. */
class World {
  readonly sending: SendingPeer = new SendingPeer();
  readonly receiving: ReceivingPeer = new ReceivingPeer();
  breakCount = 0;
  /** The most exchanges that were open at a time on one connection. */
  openMax = 0;

  readonly #random: () => number;
  readonly #simulation: Simulation;
  #toReceiver: { packet: Packet; atMs: number }[] = [];
  #toSender: { packet: Packet; atMs: number }[] = [];
  #nowMs = 0;
  #publishedCount = 0;
  #receiveMaximum = 1;
  /** Sent as PUBLISH on this connection, and not finished. */
  readonly #open: Set<number> = new Set();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#random = randomNumbers(simulation.seed);
    this.#connect();
  }

  get isDone(): boolean {
    return this.#publishedCount === this.#simulation.messageCount && this.sending.isDone;
  }

  /** One event: new messages, or a break, or neither; and then a packet arrives. */
  step(): void {
    if (this.#random() < 0.1) this.#publishSome();
    if (this.breakCount < 50 && this.#random() < this.#simulation.breakChance) this.#break();
    // A connection keeps the order of its packets, so only the first of each direction can arrive.
    if ((this.#toReceiver[0]?.atMs ?? Infinity) <= (this.#toSender[0]?.atMs ?? Infinity)) {
      this.#arrive(this.#toReceiver.shift(), this.receiving);
    } else {
      this.#arrive(this.#toSender.shift(), this.sending);
    }
  }

  #connect(): void {
    const delayMs = (): number => this.#nowMs + this.#random() * 20;
    this.#receiveMaximum = 1 + Math.floor(this.#random() * this.#simulation.receiveMaximum);
    this.receiving.connected((packet) => this.#toSender.push({ packet, atMs: delayMs() }));
    this.sending.connected(this.#receiveMaximum, (packet) => {
      this.#toReceiver.push({ packet, atMs: delayMs() });
      if (packet.type === "publish") this.#open.add(packet.identifier);
      this.openMax = Math.max(this.openMax, this.#open.size);
      if (this.#open.size > this.#receiveMaximum) throw new Error("Receive Maximum exceeded");
    });
  }

  #break(): void {
    this.#toReceiver = [];
    this.#toSender = [];
    this.#open.clear();
    this.sending.disconnected();
    if (this.#random() < 0.3) this.sending.restart();
    if (this.#random() < 0.3) this.receiving.restart();
    this.breakCount += 1;
    this.#connect();
  }

  #publishSome(): void {
    const { messageCount, qosChoice } = this.#simulation;
    const end = Math.min(messageCount, this.#publishedCount + Math.ceil(this.#random() * 10));
    while (this.#publishedCount < end) {
      const qos = chooseQos(qosChoice, this.#random);
      this.sending.publish({ number: this.#publishedCount, qos });
      this.#publishedCount += 1;
    }
  }

  #arrive(
    arrival: { packet: Packet; atMs: number } | undefined,
    peer: SendingPeer | ReceivingPeer,
  ): void {
    if (!arrival) return;
    const { packet, atMs } = arrival;
    this.#nowMs = Math.max(this.#nowMs, atMs);
    if (packet.type === "puback" || packet.type === "pubcomp") this.#open.delete(packet.identifier);
    peer.packetCame(packet);
  }
}

/** Runs until all is acknowledged. */
function simulate(simulation: Simulation): World {
  const world = new World(simulation);
  for (let event = 0; !world.isDone; event += 1) {
    if (event > 100_000) throw new Error("the exchanges do not come to an end");
    world.step();
  }
  world.sending.sender.invariants();
  world.receiving.receiver.invariants();
  if (world.receiving.receiver.size > 0) throw new Error("identifiers were never released");
  return world;
}

function chooseQos(choice: Simulation["qosChoice"], random: () => number): 1 | 2 {
  if (choice !== "mixed") return choice === "1" ? 1 : 2;
  return random() < 0.5 ? 1 : 2;
}

/** Numbers from 0 to below 1 that follow from the seed alone (a linear congruential generator). */
function randomNumbers(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return Number(state >> 32n) / 2 ** 32;
  };
}

function simulations(qosChoice: Simulation["qosChoice"]): fc.Arbitrary<Simulation> {
  return fc.record({
    seed: fc.nat(),
    messageCount: fc.integer({ min: 1, max: 60 }),
    receiveMaximum: fc.integer({ min: 1, max: 20 }),
    breakChance: fc.constantFrom(0, 0.02, 0.1, 0.3),
    qosChoice: fc.constant(qosChoice),
  });
}

function numbers(messages: readonly Message[]): number[] {
  return messages.map(({ number }) => number);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

test("[MQTT-4.3.2-3] [MQTT-4.4.0-1] [MQTT-4.6.0-1] QoS 1 comes at least once and in order", () => {
  fc.assert(
    fc.property(simulations("1"), (simulation) => {
      const { delivered } = simulate(simulation).receiving;
      // A Set keeps the order of first coming.
      expect([...new Set(numbers(delivered))]).toEqual(upTo(simulation.messageCount));
    }),
    { numRuns: 300 },
  );
});

test("[MQTT-4.3.3-6] [MQTT-4.3.3-10] [MQTT-4.6.0-1] QoS 2 comes exactly once and in order", () => {
  fc.assert(
    fc.property(simulations("2"), (simulation) => {
      expect(numbers(simulate(simulation).receiving.delivered)).toEqual(
        upTo(simulation.messageCount),
      );
    }),
    { numRuns: 300 },
  );
});

test("[MQTT-4.6.0-1] QoS 1 and 2 together keep the promise and order of each", () => {
  fc.assert(
    fc.property(simulations("mixed"), (simulation) => {
      const { delivered } = simulate(simulation).receiving;
      const once = numbers(delivered.filter(({ qos }) => qos === 2));
      expect(once).toEqual([...new Set(once)].toSorted((a, b) => a - b));
      const inOrder = [...new Set(numbers(delivered))].toSorted((a, b) => a - b);
      expect(inOrder).toEqual(upTo(simulation.messageCount));
      const repeated = new Set(numbers(delivered.filter(({ qos }) => qos === 1)));
      expect([...repeated]).toEqual([...repeated].toSorted((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});

test("the simulation does what it is for: it breaks, repeats, and fills the quota", () => {
  const hard = { seed: 1, messageCount: 60, receiveMaximum: 20, breakChance: 0.1 } as const;
  const world = simulate({ ...hard, qosChoice: "1" });
  expect(world.breakCount).toBeGreaterThan(5);
  expect(world.openMax).toBeGreaterThan(5);
  expect(world.receiving.delivered.length).toBeGreaterThan(60);
  const calm = simulate({ ...hard, breakChance: 0, qosChoice: "1" });
  expect(calm.receiving.delivered).toHaveLength(60);
});
