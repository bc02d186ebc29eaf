/**
 * A few clients do random things to one server on virtual time; a model of the specification says what each
 * of them must, may and must not get. Everything follows from one seed.
 */
import type { Packet, QoS, SubscriptionRequest } from "@anax/protocol";
import { SeededRandom } from "@anax/testing";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { CoreHarness, publishPacket, subscribePacket } from "../support/core-harness.ts";
import { Fault } from "./fault.ts";
import type { FaultKind } from "./fault.ts";
import { Model, Violation } from "./model.ts";
import { payloadOf, SimulatedClient } from "./simulated-client.ts";

const TOPICS = ["a", "a/b", "b", "b/c", "g/x", "g/y", "h"];
/**
 * No topic matches a Shared Subscription and another one: a client with both gets two copies of a message, and
 * nobody can tell which is which.
 */
const FILTERS = ["a", "a/b", "a/#", "+/b", "b/+", "b/#", "b", "$share/g/g/#", "$share/h/h"];
const OPERATIONS = {
  connect: 5,
  publish: 12,
  subscribe: 5,
  unsubscribe: 1,
  read: 8,
  acknowledge: 8,
  cut: 2,
  cutWhileSending: 1.5,
  disconnect: 0.7,
  freeze: 1,
  thaw: 2,
  advance: 1,
};

/** One run. */
export class Simulation {
  readonly #random: SeededRandom;
  readonly #harness: CoreHarness;
  readonly #model: Model;
  readonly #clients: SimulatedClient[] = [];
  readonly #inFlightMax: number;
  /** Members of a group all have the same: else nobody could tell two sendings of one message apart. */
  readonly #groupQos: QoS;
  #connections = 0;
  #messages = 0;

  constructor(seed: number, faultKind?: FaultKind) {
    const random = new SeededRandom(seed);
    this.#random = random;
    this.#inFlightMax = random.pick([2, 5, 1_000]);
    this.#groupQos = random.pick<QoS>([0, 1, 1, 2, 2]);
    const queueQos0 = random.chance(0.3);
    this.#model = new Model({ queuesQos0: queueQos0 });
    this.#harness = new CoreHarness(
      {
        queueQos0,
        inFlightMax: this.#inFlightMax,
        outgoingTopicAliasMaximum: 2,
        receiveMaximum: random.pick([1, 3, 20]),
        queueMessagesMax: 1_000_000,
        queueBytesMax: 1_000_000_000,
        backlogBytesMax: random.pick([0, 100, 1_000_000]),
      },
      hooksFor(random),
    );
    const fault = faultKind === undefined ? undefined : new Fault(faultKind);
    for (let index = random.between(2, 4); index > 0; index -= 1) {
      const version = random.pick([3, 4, 5, 5, 5] as const);
      const { harness, model } = { harness: this.#harness, model: this.#model };
      this.#clients.push(
        new SimulatedClient({ clientId: `c${index}`, version, harness, model, random, fault }),
      );
    }
  }

  /** @throws Violation if the server did what it must not, or did not what it must. */
  run(): void {
    for (const client of this.#clients) this.#connect(client);
    for (const client of this.#clients) this.#subscribe(client);
    for (let step = this.#random.between(10, 60); step > 0; step -= 1) {
      this.#operate(this.#random.pick(this.#clients));
    }
    this.#finish();
  }

  #operate(client: SimulatedClient): void {
    const random = this.#random;
    const operation = random.weighted(OPERATIONS);
    if (operation === "advance") return this.#advance(random.pick([1, 500, 5_000, 20_000]));
    if (operation === "connect") {
      if (!client.isConnected || random.chance(0.1)) this.#connect(client);
      return;
    }
    if (!client.isConnected) return;
    switch (operation) {
      case "publish":
        return client.send(this.#burst(client));
      case "subscribe":
        return this.#subscribe(client);
      case "unsubscribe":
        return client.send([
          { type: "unsubscribe", packetIdentifier: 9, topicFilters: [random.pick(FILTERS)] },
        ]);
      case "read":
        return client.read();
      case "acknowledge":
        client.read();
        return client.acknowledge(random.between(1, 6));
      case "cut":
        return client.cut();
      case "cutWhileSending":
        return this.#cutWhileSending(client);
      case "disconnect":
        return client.disconnect(random.pick([0, 4]));
      case "freeze":
        return client.freeze();
      case "thaw":
        return client.thaw();
    }
  }

  #connect(client: SimulatedClient): void {
    const random = this.#random;
    this.#connections += 1;
    // What an older connection has left unread is lost.
    if (client.isConnected && random.chance(0.5)) client.read();
    const will = random.chance(0.15) ? this.#will() : undefined;
    client.connect({
      number: this.#connections,
      cleanStart: random.chance(0.15),
      expirySeconds: random.pick([0, 10, 1_000, 1_000, 0xffffffff]),
      receiveMaximum: random.pick([1, 2, 5, 65_535]),
      inFlightMax: this.#inFlightMax,
      topicAliasMaximum: random.pick([0, 0, 1, 3]),
      will,
    });
  }

  #will(): { number: number; topic: string; qos: QoS; retain: boolean } {
    const random = this.#random;
    this.#messages += 1;
    const number = this.#messages;
    return {
      number,
      topic: random.pick(TOPICS),
      qos: random.pick<QoS>([0, 1, 2]),
      retain: random.chance(0.2),
    };
  }

  /** Messages of one kind, as publishers send them, or each of its own. */
  #burst(client: SimulatedClient): Packet[] {
    const random = this.#random;
    const packets: Packet[] = [];
    const isMixed = random.chance(0.3);
    let topic = random.pick(TOPICS);
    let qos = random.pick<QoS>([0, 1, 1, 2, 2]);
    for (let count = random.between(1, 6); count > 0; count -= 1) {
      if (isMixed) {
        topic = random.pick(TOPICS);
        qos = random.pick<QoS>([0, 1, 2]);
      }
      if (qos > 0 && !client.mayPublish) break;
      this.#messages += 1;
      const retain = random.chance(0.1);
      const isClearing = retain && /^[ab]/u.test(topic) && random.chance(0.3);
      const payload = isClearing
        ? new Uint8Array(0)
        : payloadOf(this.#messages, random.pick([0, 10, 100]));
      const packet = { ...publishPacket(topic, "", { qos, retain }), payload };
      packets.push(client.publish(packet, this.#messages));
    }
    return packets;
  }

  #subscribe(client: SimulatedClient): void {
    const random = this.#random;
    const filters = Array.from({ length: random.between(1, 2) }, () => random.pick(FILTERS));
    const packet = subscribePacket(
      ...filters.map((topicFilter) => this.#request(client, topicFilter)),
    );
    const hasGroup = filters.some((filter) => filter.startsWith("$"));
    const isNumbered = client.version === 5 && !hasGroup && random.chance(0.4);
    const properties = { subscriptionIdentifier: random.between(1, 200) };
    client.send([isNumbered ? { ...packet, properties } : packet]);
  }

  #request(client: SimulatedClient, topicFilter: string): SubscriptionRequest {
    const random = this.#random;
    if (topicFilter.startsWith("$")) {
      const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
      return { topicFilter, qos: this.#groupQos, ...plain };
    }
    const hasOptions = client.version === 5;
    return {
      topicFilter,
      qos: random.pick<QoS>([0, 1, 2, 2]),
      noLocal: hasOptions && random.chance(0.2),
      retainAsPublished: hasOptions && random.chance(0.3),
      retainHandling: hasOptions ? random.pick([0, 1, 2] as const) : 0,
    };
  }

  #cutWhileSending(client: SimulatedClient): void {
    const random = this.#random;
    client.read();
    if (random.chance(0.5)) client.acknowledge(5, random.between(0, 20));
    else client.send(this.#burst(client), random.between(0, 100));
    client.cut();
  }

  #advance(ms: number): void {
    this.#harness.advance(ms);
    this.#model.advance(ms);
  }

  /** Everybody comes back, reads and acknowledges all; then nothing may be missing. */
  #finish(): void {
    for (const client of this.#clients) {
      if (client.isConnected) client.thaw();
      else this.#return(client);
    }
    for (let round = 0; round < 1_000; round += 1) {
      for (const client of this.#clients) client.read();
      if (this.#clients.every(({ unfinished }) => unfinished === 0)) break;
      for (const client of this.#clients) client.acknowledge(1_000);
    }
    for (const client of this.#clients) {
      client.read();
      if (client.unfinished > 0) throw new Violation(`${client.clientId} is never done`);
    }
    this.#model.checkAllCame();
    this.#checkServer();
  }

  #return(client: SimulatedClient): void {
    this.#connections += 1;
    client.connect({
      number: this.#connections,
      cleanStart: false,
      expirySeconds: 1_000,
      receiveMaximum: 65_535,
      inFlightMax: this.#inFlightMax,
      topicAliasMaximum: 0,
      will: undefined,
    });
  }

  /** What the server itself has left must be in order, and be nothing where all is done. */
  #checkServer(): void {
    const { core, reports } = this.#harness;
    if (reports.length > 0) throw new Violation(`the server reports ${String(reports[0])}`);
    for (const session of core.sessions) {
      session.sender.invariants();
      session.receiver.invariants();
      if (session.sender.inFlight + session.queue.length > 0) {
        throw new Violation(`${session.clientId} is left with messages that wait`);
      }
    }
    const { sessionsCurrent, queuedMessagesCurrent } = core.statistics;
    const { queuedBytesCurrent, queuedPayloadBytesCurrent } = core.statistics;
    if (queuedMessagesCurrent + queuedBytesCurrent + queuedPayloadBytesCurrent !== 0)
      throw new Violation("the queue counter is off");
    if (core.waiting.messages.live !== 0)
      throw new Violation(`${core.waiting.messages.live} messages are kept for nobody`);
    if (sessionsCurrent !== this.#model.sessions.size)
      throw new Violation("the number of sessions is off");
  }
}

/** A hook that does nothing sends packets another way through the server. */
function hooksFor(random: SeededRandom): Hooks {
  return random.pick<Hooks>([
    {},
    {},
    { interceptingPublish: () => undefined },
    { interceptingInboundPacket: () => undefined, interceptingOutboundPacket: () => undefined },
    { clientAcknowledgedPublishPacket: () => undefined },
  ]);
}
