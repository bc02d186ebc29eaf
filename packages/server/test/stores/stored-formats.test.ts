import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Packet } from "@anax/protocol";
import { MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { inspectStore } from "../../src/inspection/index.ts";
import type { StoreContents, StoredSessionView } from "../../src/inspection/index.ts";
import { stopAll } from "../support/clocked-servers.ts";
import type { ClockedServer } from "../support/clocked-servers.ts";
import { ManualClock } from "../support/manual-clock.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "../support/memory-server.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import { turns } from "../support/turns.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const NAMES = readdirSync(FIXTURES).filter((name) => name.startsWith("stored-format-"));

/** When the stored sessions were made, and when some of their clients left again. */
const BEGIN = 1_800_000_000_000;
const LATER = BEGIN + 1_000;
/** How long after that the server starts again. */
const DOWN_MS = 10_000;
const FOR_EVER = 0xffff_ffff;
/**
 * What says how a session was: the row of a complete checkpoint, records alone, or the row of an incomplete one with
 * records after it.
 */
const PARTS = ["row", "record", "slice"] as const;
type Part = (typeof PARTS)[number];

const servers: ClockedServer[] = [];

afterEach(() => stopAll(servers));

/** A medium with what a server of that format has left. */
function fixture(name: string): MemoryMedium {
  const stored: {
    sessions: [number, string][];
    retained: [string, string][];
    batches: [number, string][];
  } = JSON.parse(readFileSync(join(FIXTURES, name), "utf8"));
  const medium = new MemoryMedium();
  for (const [key, row] of stored.sessions) medium.sessions.set(key, bytesOf(row));
  for (const [topic, row] of stored.retained) medium.retained.set(topic, bytesOf(row));
  for (const [position, batch] of stored.batches) medium.batches.set(position, bytesOf(batch));
  return medium;
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

const PROPERTIES = {
  payloadFormatIndicator: 1,
  contentType: "text/plain; käfer",
  responseTopic: "answers/🪲",
  correlationData: new Uint8Array([0, 255, 128]),
  userProperties: [
    ["name", "one"],
    ["name", "two"],
    ["", ""],
  ],
} as const;

/** A message as it was published. */
function message(topic: string, payload: string, qos: 0 | 1 | 2, more = {}): object {
  return { topic, payload: text(payload), qos, retain: false, ...more };
}

const PLAIN = { noLocal: false, retainAsPublished: false };

function expectedSubscriptions(part: Part): object[] {
  const subscriptionIdentifier = 268_435_455;
  const plain = [{ topicFilter: `${part}/plain`, qos: 0, ...PLAIN }];
  return [
    ...(part === "slice" ? [] : plain),
    {
      topicFilter: `${part}/+/options/#`,
      qos: 2,
      noLocal: true,
      retainAsPublished: true,
      subscriptionIdentifier,
    },
    { topicFilter: `$share/käfer/${part}/shared`, qos: 1, ...PLAIN, subscriptionIdentifier },
  ];
}

function expectedQueue(part: Part): object[] {
  const short = message(`${part}/queue/short`, "short", 1, { messageExpiryIntervalSeconds: 5 });
  const all = { ...PROPERTIES, messageExpiryIntervalSeconds: 1_000 };
  const shared = { qos: 1, message: message(`${part}/queue/shared`, "x".repeat(300), 1) };
  return [
    ...(part === "slice" ? [] : [{ qos: 1, message: short }]),
    { qos: 2, message: message(`${part}/queue/all`, "all", 2, all) },
    shared,
    shared,
    { qos: 1, message: message(`${part}/queue/last`, "", 1) },
    ...(part === "slice" ? [{ qos: 1, message: message(`${part}/queue/late`, "late", 1) }] : []),
  ];
}

function expectedExchanges(part: Part): object[] {
  const exchange = (packetIdentifier: number, state: string, sent?: object): object => ({
    packetIdentifier,
    state,
    delivery: sent && expect.objectContaining({ message: sent }),
  });
  const topic = `${part}/outgoing`;
  const sent = exchange(5, "awaitingPuback", message(`${topic}/sent`, "5", 1, PROPERTIES));
  const half = exchange(4, "awaitingPubcomp");
  if (part === "slice") {
    const queued = exchange(6, "awaitingPubrec", message(`${topic}/queued`, "6", 2));
    return [half, sent, queued, exchange(3, "awaitingPubcomp")];
  }
  return [
    exchange(1, "awaitingPuback", message(`${topic}/puback`, "1", 1, PROPERTIES)),
    exchange(3, "awaitingPubrec", message(`${topic}/pubrec`, "3", 2)),
    half,
    sent,
  ];
}

/** A session without anything. */
function bare(clientId: string, more: Partial<StoredSessionView> = {}): object {
  return {
    clientId,
    userName: undefined,
    createdAtMs: BEGIN,
    expiryIntervalSeconds: 3_600,
    disconnectedAtMs: BEGIN,
    willTopic: undefined,
    subscriptions: [],
    awaitingRelease: [],
    inFlight: [],
    queued: 0,
    ...more,
  };
}

function expectedSessions(part: Part): object[] {
  const isLater = part === "slice";
  const later = { disconnectedAtMs: isLater ? LATER : BEGIN };
  const plain = (topicFilter: string, qos = 2): object => ({ topicFilter, qos, ...PLAIN });
  const short = { expiryIntervalSeconds: 100 };
  return [
    {
      ...bare(`${part}-subscriptions`, { expiryIntervalSeconds: isLater ? 77 : 86_400, ...later }),
      subscriptions: expectedSubscriptions(part),
    },
    {
      ...bare(`${part}-queue`, { expiryIntervalSeconds: FOR_EVER }),
      subscriptions: [
        plain(`$share/g/${part}/queue/shared`),
        { ...plain(`${part}/queue/+`), subscriptionIdentifier: 3 },
      ],
      queued: 5,
    },
    {
      ...bare(`${part}-outgoing`, { userName: "ursula", ...later }),
      subscriptions: [plain(`${part}/outgoing/#`)],
      inFlight: expectedExchanges(part),
      queued: isLater ? 0 : 1,
    },
    {
      ...bare(`${part}-incoming`, { expiryIntervalSeconds: FOR_EVER, ...later }),
      awaitingRelease: isLater ? [7, 65_535] : [1, 65_535],
    },
    bare(`${part}-armed`, {
      ...short,
      disconnectedAtMs: undefined,
      willTopic: `${part}/will/armed`,
    }),
    { ...bare(`${part}-done`), subscriptions: [plain(`${part}/queue/shared`, 1)] },
    bare(`${part}-delayed`, { ...short, willTopic: `${part}/will/delayed` }),
    ...(isLater ? [] : [bare(`${part}-calm`, short)]),
    {
      ...bare(`${part}-renewed`, later),
      subscriptions: isLater ? [plain("slice/new", 1)] : [],
    },
  ];
}

function expectedRetained(part: Part): object[] {
  const keep = { retain: true };
  const plain = [message(`${part}/retained/plain`, "plain", 0, keep)];
  const all = { ...keep, ...PROPERTIES, messageExpiryIntervalSeconds: 1_000 };
  const short = { ...keep, messageExpiryIntervalSeconds: 5 };
  return [
    ...(part === "slice" ? [] : plain),
    message(`${part}/retained/all`, "all", 2, all),
    message(`${part}/retained/short`, "short", 1, short),
  ];
}

function byName<T>(items: Iterable<T>, nameOf: (item: T) => string): T[] {
  return Array.from(items).toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}

function contentsOf(medium: MemoryMedium): StoreContents {
  return inspectStore((visitor) => {
    for (const [key, row] of medium.sessions) visitor.session(key, row);
    for (const [topic, row] of medium.retained) visitor.retained(topic, row);
    for (const [position, bytes] of medium.batches) visitor.batch(position, bytes);
  });
}

/** Compares all that a store holds. `connected` is what the sessions say whose clients were there at the end. */
function expectContents(contents: StoreContents, connected: object = {}): void {
  const sessions = Array.from(contents.sessions());
  const fillers = sessions.filter(({ clientId }) => /^f\d+$/.test(clientId));
  expect(new Set(fillers.map(({ clientId }) => clientId)).size).toBe(600);
  const others = sessions
    .filter((session) => !fillers.includes(session))
    .map((session) => ({
      ...session,
      awaitingRelease: session.awaitingRelease.toSorted((one, other) => one - other),
    }));
  const expected = PARTS.flatMap(expectedSessions).map((session) =>
    Reflect.get(session, "disconnectedAtMs") === undefined ? { ...session, ...connected } : session,
  );
  expect(byName(others, ({ clientId }) => clientId)).toEqual(
    byName(expected, (session) => String(Reflect.get(session, "clientId"))),
  );
  expect(byName(contents.retained(), ({ topic }) => topic)).toEqual(
    byName(PARTS.flatMap(expectedRetained), (one) => String(Reflect.get(one, "topic"))),
  );
  for (const part of PARTS) {
    const queue = Array.from(contents.queueOf(`${part}-queue`));
    expect(queue).toEqual(expectedQueue(part).map((one) => expect.objectContaining(one)));
  }
}

/** A server that starts on the fixture `DOWN_MS` after the crash. */
async function restarted(name: string): Promise<ClockedServer> {
  const clock = new ManualClock();
  clock.advance(LATER - BEGIN + DOWN_MS);
  const server = await startedServer({ store: new MemoryStore(fixture(name)), clock });
  servers.push({ server, clock });
  return { server, clock };
}

/** Takes PUBLISH packets and acknowledges none. */
async function packets(peer: MqttPeer, count: number): Promise<(Packet | undefined)[]> {
  const taken: (Packet | undefined)[] = [];
  while (taken.length < count) taken.push(await peer.packet());
  return taken;
}

it("there is a store of the first format", () => {
  expect(NAMES).toContain("stored-format-1.json");
});

describe.each(NAMES)("what a server has stored as %s", (name) => {
  it("is understood in full by who reads it", () => {
    const contents = contentsOf(fixture(name));
    expect(contents.faults).toEqual([]);
    expectContents(contents);
  });

  it("is the same when a server has written all of it anew", async () => {
    const clock = new ManualClock();
    clock.advance(LATER - BEGIN);
    const medium = fixture(name);
    const server = await startedServer({ store: new MemoryStore(medium), clock });
    servers.push({ server, clock });
    await server.stop();
    const contents = contentsOf(medium);
    expect(contents.faults).toEqual([]);
    // What was connected when the first server died counts as gone since this one has started.
    expectContents(contents, { disconnectedAtMs: LATER });
  });

  it.each(PARTS)("goes on with the exchanges towards a client: %s", async (part) => {
    const { server } = await restarted(name);
    const peer = await connected(server, `${part}-outgoing`, LASTING);
    const topic = `${part}/outgoing`;
    const again = { type: "publish", duplicate: true };
    const sent = { topic: `${topic}/sent`, packetIdentifier: 5, qos: 1, properties: PROPERTIES };
    const half = { type: "pubrel", packetIdentifier: 4 };
    const isLater = part === "slice";
    expect(await packets(peer, isLater ? 4 : 5)).toMatchObject(
      isLater
        ? [
            half,
            { ...again, ...sent },
            { ...again, topic: `${topic}/queued`, packetIdentifier: 6, qos: 2 },
            { type: "pubrel", packetIdentifier: 3 },
          ]
        : [
            { ...again, topic: `${topic}/puback`, packetIdentifier: 1, properties: PROPERTIES },
            { ...again, topic: `${topic}/pubrec`, packetIdentifier: 3, qos: 2 },
            half,
            { ...again, ...sent },
            { type: "publish", duplicate: false, topic: `${topic}/queued`, qos: 2 },
          ],
    );
  });

  it.each(PARTS)("still knows which QoS 2 messages of a client were taken: %s", async (part) => {
    const { server } = await restarted(name);
    const listener = await connected(server, "listener");
    await subscribe(listener, `${part}/incoming`, 0);
    const fields = { cleanStart: false, protocolVersion: 4 } as const;
    const peer = await connected(server, `${part}-incoming`, fields);
    const taken = part === "slice" ? [65_535, 7] : [1, 65_535];
    for (const packetIdentifier of [...taken, 2]) {
      const again = publication(`${part}/incoming`, String(packetIdentifier), 2);
      peer.sendPacket({ ...again, packetIdentifier, duplicate: true });
      expect(await peer.packet()).toMatchObject({ type: "pubrec", packetIdentifier });
    }
    expect(await listener.packet()).toMatchObject({ type: "publish", payload: text("2") });
  });

  it.each(PARTS)("delivers the queue, without what has expired: %s", async (part) => {
    const { server } = await restarted(name);
    const peer = await connected(server, `${part}-queue`, LASTING);
    const own = { properties: { subscriptionIdentifiers: [3] } };
    const all = { ...PROPERTIES, messageExpiryIntervalSeconds: 989, subscriptionIdentifiers: [3] };
    const shared = { topic: `${part}/queue/shared`, qos: 1, payload: text("x".repeat(300)) };
    const expected = [
      { topic: `${part}/queue/all`, qos: 2, payload: text("all"), properties: all },
      shared,
      shared,
      { topic: `${part}/queue/last`, qos: 1, payload: text(""), ...own },
      ...(part === "slice" ? [{ topic: "slice/queue/late", payload: text("late"), ...own }] : []),
    ].map((one) => ({ type: "publish", duplicate: false, retain: false, ...one }));
    expect(await packets(peer, expected.length)).toMatchObject(expected);
  });

  it.each(PARTS)("sends retained messages, without what has expired: %s", async (part) => {
    const { server } = await restarted(name);
    const peer = await connected(server, "newcomer");
    await subscribe(peer, `${part}/retained/#`);
    const all = { ...PROPERTIES, messageExpiryIntervalSeconds: 989 };
    const expected = [
      { topic: `${part}/retained/all`, qos: 2, payload: text("all"), properties: all },
      ...(part === "slice" ? [] : [{ topic: `${part}/retained/plain`, qos: 0 }]),
    ];
    const found = await packets(peer, expected.length);
    const topicOf = (packet: Packet | undefined): string =>
      packet?.type === "publish" ? packet.topic : "";
    expect(byName(found, topicOf)).toMatchObject(expected.map((one) => ({ ...one, retain: true })));
    expect(server.retainedMessages.get(`${part}/retained/short`)).toBeUndefined();
    expect(server.retainedMessages.get(`${part}/retained/cleared`)).toBeUndefined();
  });

  it.each(PARTS)("obeys the options of subscriptions: %s", async (part) => {
    const { server } = await restarted(name);
    const peer = await connected(server, `${part}-subscriptions`, LASTING);
    peer.sendPacket(publication(`${part}/x/options/own`, "No Local", 0));
    const topic = `${part}/x/options/y`;
    await server.injectApplicationMessage({ topic, payload: "1", qos: 2, retain: true });
    await server.injectApplicationMessage({ topic: `${part}/shared`, payload: "2", qos: 2 });
    const properties = { subscriptionIdentifiers: [268_435_455] };
    expect(await packets(peer, 2)).toMatchObject([
      { topic, qos: 2, retain: true, properties },
      { topic: `${part}/shared`, qos: 1, retain: false, properties },
    ]);
  });

  it.each(PARTS)("publishes Wills when they are due, with all they have: %s", async (part) => {
    const { server, clock } = await restarted(name);
    const peer = await connected(server, "listener");
    await subscribe(peer, `${part}/will/+`, 2);
    const isRetained = (topic: string): boolean =>
      server.retainedMessages.get(`${part}/will/${topic}`) !== undefined;
    // The connection of the armed one broke when the server died, as far as anybody knows: at its start.
    clock.advance(19_999);
    await turns();
    expect(isRetained("armed")).toBe(false);
    clock.advance(1);
    const armed = { ...PROPERTIES, messageExpiryIntervalSeconds: 500 };
    expect(await peer.packet()).toMatchObject({
      topic: `${part}/will/armed`,
      qos: 2,
      payload: text("gone"),
      properties: armed,
    });
    // The delay of the other one went on while the server was down.
    clock.advance(60_000 - (LATER - BEGIN) - DOWN_MS - 20_000 - 1);
    await turns();
    expect(isRetained("delayed")).toBe(false);
    clock.advance(1);
    expect(await peer.packet()).toMatchObject({ topic: `${part}/will/delayed`, qos: 2 });
  });

  it("lets sessions expire when they are due", async () => {
    const { server, clock } = await restarted(name);
    const startedAtMs = LATER + DOWN_MS;
    const due = [
      ["slice-subscriptions", LATER + 77_000],
      ["row-calm", BEGIN + 100_000],
      ["record-calm", BEGIN + 100_000],
      ["row-armed", startedAtMs + 100_000],
      ["record-delayed", BEGIN + 100_000],
      ["row-renewed", BEGIN + 3_600_000],
      ["f599", startedAtMs + 3_600_000],
      ["record-subscriptions", BEGIN + 86_400_000],
    ] as const;
    for (const [clientId, atMs] of due) {
      expect(server.sessions.get(clientId)).toMatchObject({ expiresAtMs: atMs });
    }
    for (const moment of new Set(
      due.map(([, atMs]) => atMs).toSorted((one, other) => one - other),
    )) {
      const ending = due.filter(([, atMs]) => atMs === moment).map(([clientId]) => clientId);
      clock.advance(moment - 1 - clock.now());
      expect(ending.filter((clientId) => server.sessions.get(clientId))).toEqual(ending);
      clock.advance(1);
      expect(ending.filter((clientId) => server.sessions.get(clientId))).toEqual([]);
    }
    const left = ["row-incoming", "row-queue", "record-queue", "slice-incoming"];
    for (const clientId of left) expect(server.sessions.get(clientId)).toBeDefined();
  });
});
