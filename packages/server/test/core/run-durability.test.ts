import type { PublishPacket } from "@anax/protocol";
import { SeededRandom } from "@anax/testing";
import { describe, expect, it } from "vitest";
import { slotIn } from "../../src/core/owed/address-book.ts";
import { deliveryOf } from "../../src/core/journal/owing.ts";
import type { Owed } from "../../src/core/owed/delivery.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import type { Session } from "../../src/core/sessions/session.ts";
import { acknowledgement, publishPacket, subscribePacket } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const SEEDS = Number(process.env["RUN_SEEDS"] ?? 80);
const STEPS = 50;
const DAY_SECONDS = 86_400;

const PUBLISHED = [
  undefined,
  undefined,
  { contentType: "text" },
  { messageExpiryIntervalSeconds: 1_000, userProperties: [["a", "b"]] as const },
];

/** A message that the interceptor lets go nowhere, or changes. */
const ODD: Hooks = {
  interceptingPublish: (event) => {
    const text = textOf(event.applicationMessage?.payload ?? new Uint8Array(0));
    if (text.endsWith("7")) event.processPublish = false;
    return undefined;
  },
};

function textOf(payload: Uint8Array): string {
  return new TextDecoder().decode(payload.subarray(0, 20)).trim();
}

interface Client {
  readonly clientId: string;
  readonly version: 4 | 5;
  readonly lasts: boolean;
  readonly quota: number;
  peer: ScriptedPeer | undefined;
}

/** What sessions that last are owed. */
type State = readonly { readonly clientId: string; readonly owed: unknown }[];

/** Bursts of messages of one kind to all kinds of receivers, with crashes in which nothing is lost that was committed. */
class Bursts {
  readonly server: DurableServer;
  readonly #random: SeededRandom;
  readonly #clients: readonly Client[];
  readonly #before: State[] = [];
  readonly #after: State[] = [];
  #texts = 0;
  #identifier = 0;

  constructor(seed: number) {
    const random = new SeededRandom(seed);
    this.#random = random;
    this.server = new DurableServer(
      {
        queueQos0: random.chance(0.3),
        queueMessagesMax: random.pick([5, 100_000]),
        queueOverflow: random.pick(["dropNewest", "dropOldest"] as const),
        receiveMaximum: random.pick([3, 65_535]),
        inFlightMax: random.pick([2, 1_000]),
      },
      {
        residentBytesMax: random.pick([0, 20_000, Infinity]),
        checkpointBytes: random.pick([2_000, 100_000, Infinity]),
        ...random.pick([{}, { rowLimits: { subscriptions: 1, queued: 3, queuedInPart: 4 } }]),
      },
      random.pick([{}, {}, ODD, { clientAcknowledgedPublishPacket: () => undefined }]),
    );
    this.#clients = Array.from({ length: 5 }, (_, index) => ({
      clientId: `c${index}`,
      version: random.pick([4, 5] as const),
      lasts: random.chance(0.7),
      quota: random.pick([1, 3, 65_535]),
      peer: undefined,
    }));
    for (const client of this.#clients) this.#connect(client);
    for (const client of this.#clients) this.#subscribe(client);
  }

  /** What the server knew before and after each of its crashes. */
  run(): { before: readonly State[]; after: readonly State[] } {
    for (let step = 0; step < STEPS; step += 1) this.#step();
    return { before: this.#before, after: this.#after };
  }

  #step(): void {
    const random = this.#random;
    const client = random.pick(this.#clients);
    const dice = random.between(0, 99);
    if (dice < 40) this.#publish(client);
    else if (dice < 60) this.#acknowledge(client);
    else if (dice < 68) this.#cut(client);
    else if (dice < 78) this.#connect(client);
    else if (dice < 82) this.#subscribe(client);
    else if (dice < 86) this.server.isCommitting = !this.server.isCommitting;
    else if (dice < 92) this.server.checkpoint();
    else this.#crash();
  }

  #connect(client: Client): void {
    if (client.peer !== undefined) return;
    this.server.isCommitting = true;
    this.server.commit();
    const { version, lasts, quota } = client;
    const properties = {
      sessionExpiryIntervalSeconds: lasts ? DAY_SECONDS : 0,
      receiveMaximum: quota,
    };
    client.peer = this.server.harness.connect(client.clientId, {
      protocolVersion: version,
      cleanStart: !lasts,
      ...(version === 5 && { properties }),
    });
  }

  #subscribe({ peer, version }: Client): void {
    const random = this.#random;
    if (peer === undefined) return;
    const topicFilter = random.pick(["t/#", "t/+", "t/a", "$share/g/t/#", "u"]);
    const packet = subscribePacket({ topicFilter, qos: random.pick([0, 1, 1, 2, 2]) });
    const isNumbered = version === 5 && random.chance(0.2);
    const properties = { subscriptionIdentifier: random.between(1, 9) };
    peer.send(isNumbered ? { ...packet, properties } : packet);
  }

  #publish({ peer, version, clientId }: Client): void {
    const random = this.#random;
    if (peer === undefined || !peer.connection.isOpen) return;
    const topic = random.pick(["t/a", "t/b", "u"]);
    const qos = random.pick([0, 1, 1, 2, 2] as const);
    const properties = version === 5 ? random.pick(PUBLISHED) : undefined;
    const size = random.pick([0, 0, 100, 300, 9_000]);
    const packets: PublishPacket[] = [];
    for (let count = random.pick([1, 2, 3, 8, 12]); count > 0; count -= 1) {
      this.#texts += 1;
      this.#identifier = (this.#identifier % 65_535) + 1;
      const text = `${clientId}-${this.#texts}`.padEnd(size);
      packets.push(
        publishPacket(topic, text, {
          qos,
          ...(qos > 0 && { packetIdentifier: this.#identifier }),
          ...(properties !== undefined && { properties }),
        } as Partial<PublishPacket>),
      );
    }
    peer.sendChunk(...packets);
    this.server.harness.settle();
  }

  #acknowledge({ peer }: Client): void {
    if (peer === undefined) return;
    for (const packet of peer.receive()) {
      if (this.#random.chance(0.2) || !peer.connection.isOpen) continue;
      if (packet.type === "publish" && packet.qos > 0)
        peer.send(acknowledgement(packet.qos === 1 ? "puback" : "pubrec", packet.packetIdentifier));
      if (packet.type === "pubrel") peer.send(acknowledgement("pubcomp", packet.packetIdentifier));
      if (packet.type === "pubrec") peer.send(acknowledgement("pubrel", packet.packetIdentifier));
    }
  }

  #cut(client: Client): void {
    client.peer?.cut();
    client.peer = undefined;
  }

  /** What the server knows before and after, all being committed. */
  #crash(): void {
    for (const client of this.#clients) this.#cut(client);
    this.server.isCommitting = true;
    this.server.commit();
    this.#before.push(this.#state());
    this.server.crash();
    this.#after.push(this.#state());
  }

  #state(): State {
    const { core, reports } = this.server.harness;
    if (reports.length > 0) throw new Error("the server reports a defect", { cause: reports[0] });
    const slots = new Set<number>();
    const sessions = [...core.sessions]
      .filter(({ isDurable }) => isDurable)
      .map((session) => this.#sessionState(session, slots));
    const byName = (one: { clientId: string }, other: { clientId: string }): number =>
      one.clientId < other.clientId ? -1 : 1;
    const strays = (core.journal?.messages.live ?? 0) - slots.size;
    if (strays !== 0) throw new Error(`${strays} messages are kept for nobody`);
    return sessions.toSorted(byName);
  }

  #sessionState(session: Session, slots: Set<number>): { clientId: string; owed: unknown } {
    const { core } = this.server.harness;
    const show = (owed: Owed): unknown => {
      if (typeof owed === "number") slots.add(slotIn(owed));
      const { message, qos, retain, subscriptionIdentifiers, group } = deliveryOf(
        core,
        session,
        owed,
      );
      const { topic, bytes, payloadStart, expiresAtMs, clientId } = message;
      return {
        text: textOf(bytes.subarray(payloadStart)),
        ...{ topic, clientId, bytes: bytes.length, publishedQos: message.qos, expiresAtMs },
        ...{ qos, retain, subscriptionIdentifiers, group: group?.shareName },
      };
    };
    const inFlight = Array.from(session.sender.resume(), ({ identifier, state, item }) => ({
      identifier,
      state,
      item: item === undefined || state === "awaitingPubcomp" ? undefined : show(item),
    }));
    const queue = [...session.queue].filter((owed) => typeof owed === "number").map(show);
    return { clientId: session.clientId, owed: { inFlight, queue } };
  }
}

describe("runs of messages that are written down", () => {
  it(
    `are owed after a crash to whom they were owed before (${SEEDS} histories)`,
    { timeout: 120_000 },
    () => {
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const { before, after } = new Bursts(seed).run();
        expect(after, `seed ${seed}`).toEqual(before);
      }
    },
  );
});
