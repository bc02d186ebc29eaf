/**
 * Runs of PUBLISH packets are handled by code of their own, which must come to the same result as the
 * general way. A hook that does nothing switches that code off: the same traffic, with and without it, must
 * give every peer the same packets.
 */
import { SeededRandom } from "@anax/testing";
import { describe, expect, it } from "vitest";
import type { Packet, PublishPacket, PublishProperties, QoS } from "@anax/protocol";
import { CORE_DEFAULTS } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import type { InterceptingPublish } from "../../src/core/hooks/publish-events.ts";
import type { HookResult } from "../../src/core/pending.ts";
import { ShortCuts } from "../../src/core/hooks/short-cuts.ts";
import {
  acknowledgement,
  CoreHarness,
  Later,
  publishPacket,
  subscribePacket,
} from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const SEEDS = Number(process.env["HOT_PATH_SEEDS"] ?? 80);
// One is so long that it does not fit in every receiver's packet where an alias stood for it.
const TOPICS = ["a", "a/b", "a/c", "a/ü", "b", "c/d/e", "$x", `a/${"long".repeat(12)}`];
const FILTERS = ["a", "#", "a/+", "+", "+/+", "b", "c/#", "a/#"];
const PROPERTIES: (PublishProperties | undefined)[] = [
  undefined,
  undefined,
  {},
  { contentType: "text" },
  { contentType: "other" },
  { messageExpiryIntervalSeconds: 60 },
  { messageExpiryIntervalSeconds: 0 },
  { userProperties: [["k", "v"]], payloadFormatIndicator: 1 },
];
/** Handlers that do nothing, and close every short cut. */
const NOOP: Hooks = {
  clientAcknowledgedPublishPacket: () => undefined,
  interceptingClientEnqueue: () => undefined,
  interceptingInboundPacket: () => undefined,
  interceptingOutboundPacket: () => undefined,
};
/** The same, but the general way is only taken for what a handler of messages does not leave alone. */
const LOOKING: Hooks = { interceptingPublish: () => undefined };

/** What one peer has got: messages and the rest apart, since their order towards each other is free. */
interface Seen {
  publishes: string[];
  others: string[];
  isClosed: boolean;
}

/** A packet as text, which is compared much faster than bytes. */
function textFor(packet: Packet): string {
  const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
  return JSON.stringify(packet, (_key, value: unknown) =>
    isBytes(value) ? Buffer.from(value).toString("hex") : value,
  );
}

/** What a publisher remembers: the next Packet Identifier that it has not used, and the Topic Aliases that it has set. */
interface Memory {
  next: number;
  aliases: number[];
}

/** One publisher's next bytes: mostly the same packet again and again, with now and then something odd. */
function burst(random: SeededRandom, peer: ScriptedPeer, identifiers: Memory): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let run = random.between(1, 3); run > 0; run -= 1) {
    let template = packetTemplate(random, peer);
    if (peer.version === 5 && random.chance(0.4)) template = aliased(random, template, identifiers);
    const isShortened = random.chance(0.6);
    const isMixed = random.chance(0.4);
    for (let count = random.between(1, 8); count > 0; count -= 1) {
      // Topics that differ, most of which go to the same peers.
      if (isMixed && template.topic !== "") template = { ...template, topic: random.pick(TOPICS) };
      parts.push(peer.encode(withIdentifier(random, template, identifiers)));
      if (template.qos === 2 && random.chance(0.5)) {
        parts.push(peer.encode(acknowledgement("pubrel", random.between(1, identifiers.next))));
      }
      // The alias that was set stands for the topic from here on.
      if (isShortened && template.properties?.topicAlias !== undefined)
        template = { ...template, topic: "" };
    }
    if (random.chance(0.02)) parts.push(oddity(random));
  }
  return parts;
}

function packetTemplate(random: SeededRandom, peer: ScriptedPeer): PublishPacket {
  const properties = peer.version === 5 ? random.pick([undefined, ...PROPERTIES]) : undefined;
  return publishPacket(random.pick(TOPICS), "", {
    qos: random.pick<QoS>([0, 1, 2]),
    retain: random.chance(0.05),
    ...(properties === undefined ? {} : { properties }),
  });
}

/** The same with a Topic Alias: one that it sets, one that was set before in place of the topic, or seldom a wrong one. */
function aliased(random: SeededRandom, template: PublishPacket, memory: Memory): PublishPacket {
  const withAlias = (topic: string, topicAlias: number): PublishPacket => ({
    ...template,
    topic,
    properties: { ...template.properties, topicAlias },
  });
  if (random.chance(0.02)) return withAlias(random.pick(["", "a"]), random.pick([4, 5, 300]));
  if (memory.aliases.length > 0 && random.chance(0.5))
    return withAlias("", random.pick(memory.aliases));
  const alias = random.between(1, 3);
  memory.aliases.push(alias);
  return withAlias(template.topic, alias);
}

function withIdentifier(
  random: SeededRandom,
  template: PublishPacket,
  identifiers: Memory,
): PublishPacket {
  const payload = new Uint8Array(random.pick([0, 1, 5, 20, 100, 130, 2_100])).fill(
    random.below(256),
  );
  if (template.qos === 0) return { ...template, payload };
  const isOld = random.chance(0.15);
  const packetIdentifier = isOld ? random.between(1, identifiers.next) : identifiers.next++;
  return { ...template, payload, packetIdentifier, duplicate: isOld && random.chance(0.5) };
}

/** Bytes that end a connection, each in its own way. */
function oddity(random: SeededRandom): Uint8Array {
  const hex = random.pick([
    "320500016100 00",
    "3003000123",
    "36050001610001",
    "30020005",
    "3a0500016100",
    "c001",
    "30070001610323 0000",
    "300600000323 0000",
  ]);
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

/** What handlers that answer later have still to answer. */
let waiting: Later[] = [];

/** A handler that leaves most messages alone, and does with some what it can do, by what is in them. */
function meddle(args: InterceptingPublish): HookResult {
  const message = args.applicationMessage;
  if (message === undefined) throw new Error("a message without a message");
  const key = (message.payload[0] ?? 0) % 24;
  if (key === 0) args.processPublish = false;
  else if (key === 1) args.applicationMessage = undefined;
  else if (key === 2) args.applicationMessage = { ...message, topic: "b" };
  else if (key === 3) args.applicationMessage = { ...message, payload: Uint8Array.of(3, 3) };
  else if (key === 4) args.applicationMessage = { ...message, retain: true };
  else if (key === 5) refuseWith(args, 0x87);
  else if (key === 6) args.response.reasonString = "seen";
  else if (key === 7) args.closeConnection = message.payload.length === 130;
  else if (key < 11) return answerLater(args);
  return undefined;
}

function refuseWith(args: InterceptingPublish, reasonCode: number): void {
  args.processPublish = false;
  args.response.reasonCode = reasonCode;
}

function answerLater(args: InterceptingPublish): HookResult {
  const later = new Later();
  waiting.push(later);
  if ((args.applicationMessage?.payload.length ?? 0) > 20) args.processPublish = false;
  return later;
}

function answer(harness: CoreHarness): void {
  for (let later = waiting.shift(); later !== undefined; later = waiting.shift()) {
    later.settle();
    harness.settle();
  }
}

/** Where this many receivers and nodes are many. */
const HARDLY_ANY = { ms: 2, steps: 16_384, nodes: 2 };

function play(seed: number, hooks: Hooks, msPerLook = 0): { seen: Seen[]; statistics: object } {
  waiting = [];
  const random = new SeededRandom(seed);
  const options = {
    receiveMaximum: 30,
    // Runs pass a limit which single messages wait at.
    roomWaitMs: 0,
    queueMessagesMax: 20,
    topicAliasMaximum: 4,
    outgoingTopicAliasMaximum: 4,
    backlogBytesMax: 300,
  };
  const budget = msPerLook === 0 ? undefined : { ...HARDLY_ANY, receivers: seed % 3 };
  const harness = new CoreHarness(options, hooks, undefined, { budget });
  harness.msPerLook = msPerLook;
  const peers = [3, 4, 4, 5, 5, 5].map((protocolVersion, index) =>
    harness.connect(`c${index}`, {
      protocolVersion: protocolVersion as 3 | 4 | 5,
      cleanStart: false,
      properties: {
        sessionExpiryIntervalSeconds: random.pick([0, 100]),
        ...(random.chance(0.3) && { receiveMaximum: random.between(1, 5) }),
        ...(random.chance(0.3) && { maximumPacketSize: random.between(30, 140) }),
        ...(random.chance(0.2) && { topicAliasMaximum: 2 }),
      },
    }),
  );
  const seen = peers.map((): Seen => ({ publishes: [], others: [], isClosed: false }));
  for (const peer of peers) subscribeSome(random, peer);
  const identifiers = peers.map((): Memory => ({ next: 1, aliases: [] }));
  for (let step = random.between(5, 25); step > 0; step -= 1) {
    const index = random.below(peers.length);
    const peer = peers[index];
    const identifier = identifiers[index];
    if (peer === undefined || identifier === undefined) continue;
    takeStep(random, harness, peer, identifier);
    answer(harness);
    for (const [number, one] of peers.entries()) collect(one, seen[number], random.chance(0.5));
  }
  for (const peer of peers) peer.thaw();
  for (const [number, one] of peers.entries()) collect(one, seen[number], true);
  const { bytesSent: _bytes, ...statistics } = harness.core.statistics;
  expect(harness.reports).toEqual([]);
  return { seen, statistics };
}

function subscribeSome(random: SeededRandom, peer: ScriptedPeer): void {
  if (random.chance(0.15)) {
    // A group of one, alone: who of several gets a message is free, and so is the order across subscriptions.
    peer.send(subscribePacket(`$share/${peer.connection.clientId}/a`));
    return;
  }
  for (let count = random.between(0, 3); count > 0; count -= 1) {
    const options = {
      topicFilter: random.pick(FILTERS),
      qos: random.pick<QoS>([0, 1, 2]),
      noLocal: random.chance(0.2) && peer.version === 5,
      retainAsPublished: random.chance(0.2) && peer.version === 5,
    };
    const identifier =
      peer.version === 5 && random.chance(0.2) ? random.between(1, 200) : undefined;
    const packet = subscribePacket(options);
    peer.send(
      identifier === undefined
        ? packet
        : { ...packet, properties: { subscriptionIdentifier: identifier } },
    );
  }
}

function takeStep(
  random: SeededRandom,
  harness: CoreHarness,
  peer: ScriptedPeer,
  identifiers: Memory,
): void {
  switch (random.weighted({ publish: 10, freeze: 1, thaw: 2, cut: 0.3, time: 0.5 })) {
    case "publish": {
      const bytes = Buffer.concat(burst(random, peer, identifiers));
      const lengths = Array.from({ length: random.below(4) }, () => random.between(1, 80));
      return peer.sendInChunks(new Uint8Array(bytes), lengths);
    }
    case "freeze":
      return peer.freeze();
    case "thaw":
      return peer.thaw();
    case "cut":
      return peer.cut();
    case "time":
      return harness.advance(random.between(1, 5_000));
  }
}

/** Takes what a peer has got, and answers it or not: all at once, as a client does that was given much at once. */
function collect(peer: ScriptedPeer, seen: Seen | undefined, answers: boolean): void {
  const given: Packet[] = [];
  for (const packet of peer.receive()) {
    if (packet.type === "publish") seen?.publishes.push(textFor(packet));
    else seen?.others.push(textFor(packet));
    if (packet.type === "publish" && packet.qos > 0)
      given.push(acknowledgement(packet.qos === 1 ? "puback" : "pubrec", packet.packetIdentifier));
    else if (packet.type === "pubrel")
      given.push(acknowledgement("pubcomp", packet.packetIdentifier));
  }
  if (answers && !peer.isClosed && given.length > 0) peer.send(...given);
  if (seen !== undefined) seen.isClosed = peer.isClosed;
}

/** What a peer has got, with PUBCOMP behind all else. */
interface SeenApart extends Seen {
  /** PUBREC and PUBCOMP of each Packet Identifier, in their order. */
  readonly releases: ReadonlyMap<number, readonly string[]>;
}

/**
 * The same with PUBCOMP behind all else, and its order towards the PUBREC of its own Packet Identifier. A PUBREL is taken at once where a PUBLISH
 * waits for the next turn, and nothing orders the answers of the two towards each other (4.6), unless both are about one message.
 */
function releasesApart(played: ReturnType<typeof play>): { seen: SeenApart[]; statistics: object } {
  const seen = played.seen.map((one): SeenApart => {
    const releases = new Map<number, string[]>();
    for (const text of one.others) {
      const packet = JSON.parse(text) as Packet;
      if (packet.type !== "pubrec" && packet.type !== "pubcomp") continue;
      const ofOne = releases.get(packet.packetIdentifier) ?? [];
      ofOne.push(text);
      releases.set(packet.packetIdentifier, ofOne);
    }
    const isPubcomp = (text: string): boolean => text.includes('"pubcomp"');
    const others = [
      ...one.others.filter((text) => !isPubcomp(text)),
      ...one.others.filter((text) => isPubcomp(text)),
    ];
    return { ...one, others, releases };
  });
  return { ...played, seen };
}

const plain = new Map<number, ReturnType<typeof play>>();

/** What is played without handlers, once for all that is held against it. */
function playPlain(seed: number): ReturnType<typeof play> {
  const known = plain.get(seed) ?? play(seed, {});
  plain.set(seed, known);
  return known;
}

describe("the hot path", () => {
  it("gives every peer the same packets as the general way", () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      expect(playPlain(seed), `HOT PATH SEED ${seed}`).toEqual(play(seed, NOOP));
    }
  }, 600_000);

  it("is compared with a server that takes no short cut at all", () => {
    const shortCuts = new ShortCuts(NOOP, CORE_DEFAULTS);
    const open = Object.entries(shortCuts).filter(([, isOpen]) => isOpen === true);
    expect(open).toEqual([]);
    expect(Object.keys(shortCuts).length).toBeGreaterThan(0);
  });

  it("gives the same with a handler that looks at each message", () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      expect(play(seed, LOOKING), `HOT PATH SEED ${seed}`).toEqual(playPlain(seed));
    }
  }, 600_000);

  it("gives the same where turns of the loop have hardly any time", () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const tight = releasesApart(play(seed, {}, 2));
      expect(tight, `HOT PATH SEED ${seed}`).toEqual(releasesApart(playPlain(seed)));
    }
  }, 600_000);

  it("gives the same with a handler that changes, refuses and delays messages", () => {
    const meddling: Hooks = { interceptingPublish: meddle };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const general = play(seed, { ...meddling, ...NOOP });
      expect(play(seed, meddling), `HOT PATH SEED ${seed}`).toEqual(general);
    }
  }, 600_000);

  it("would be found to lose a message", () => {
    let published = 0;
    const losing: Hooks = {
      interceptingPublish: (args) => {
        published += 1;
        args.processPublish = published !== 20;
        return undefined;
      },
    };
    expect(play(1, losing)).not.toEqual(play(1, {}));
  });
});
