/** What waits for the handlers of each event, and what does not, as the table of events says it. */
import { afterEach, describe, expect, it } from "vitest";
import type { MqttServer, ServerEventName } from "../../src/index.ts";
import { SERVER_EVENT_NAMES, SERVER_EVENTS } from "../../src/index.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "../support/memory-server.ts";
import { MqttPeer as Peer } from "../support/mqtt-peer.ts";
import { turns, until } from "../support/turns.ts";

let server: MqttServer;

afterEach(async () => {
  for (const open of gates.splice(0)) open();
  await server.stop();
});

const gates: (() => void)[] = [];

/** Makes the handlers of an event wait for a test; resolves when the first was called. */
function hold(name: ServerEventName): { called: Promise<void>; release(): void } {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  gates.push(release);
  const called = new Promise<void>((resolve) => {
    server.on(name, () => {
      resolve();
      return gate;
    });
  });
  return { called, release: () => release() };
}

async function start(): Promise<MqttPeer> {
  server = await startedServer();
  return connected(server, "one", LASTING);
}

/** A client that has nothing to do with it gets through meanwhile. */
async function expectOthersToGoOn(): Promise<void> {
  const other = await connected(server, "other");
  other.sendPacket({ type: "pingreq" });
  expect(await other.packet()).toEqual({ type: "pingresp" });
}

/** Events that a packet of the client "one" causes, whose next packet then waits: each with what causes it. */
const HOLDING_BACK: Partial<Record<ServerEventName, (one: MqttPeer) => Promise<unknown> | void>> = {
  interceptingInboundPacket: (one) => one.sendPacket({ type: "pingreq" }),
  interceptingPublish: (one) => one.sendPacket(publication("a", "", 1)),
  interceptingClientEnqueue: (one) => one.sendPacket(publication("taken", "", 1)),
  applicationMessageEnqueuedOrDropped: (one) => one.sendPacket(publication("taken", "", 1)),
  applicationMessageNotConsumed: (one) => one.sendPacket(publication("a", "", 1)),
  retainedMessageChanged: (one) => one.sendPacket({ ...publication("a", "x", 1), retain: true }),
  interceptingSubscription: (one) => subscribeLater(one, "a"),
  clientSubscribedTopic: (one) => subscribeLater(one, "a"),
  interceptingUnsubscription: (one) => unsubscribe(one),
  clientUnsubscribedTopic: (one) => unsubscribe(one),
};

function subscribeLater(one: MqttPeer, topicFilter: string): void {
  const plain = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  one.sendPacket({
    type: "subscribe",
    packetIdentifier: 1,
    subscriptions: [{ topicFilter, ...plain }],
  });
}

function unsubscribe(one: MqttPeer): void {
  one.sendPacket({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["mine"] });
}

describe("the client's next packet, and the answer to this one, wait, and PINGREQ does not, for", () => {
  for (const [name, cause] of Object.entries(HOLDING_BACK)) {
    it(`${name}, and nobody else does`, async () => {
      const one = await start();
      await subscribe(one, "mine");
      const taker = await connected(server, "taker");
      await subscribe(taker, "taken", 0);
      const { called, release } = hold(name as ServerEventName);
      void cause(one);
      one.sendPacket({ type: "pingreq" });
      one.sendPacket(publication("b", "", 2));
      await called;
      if (name !== "interceptingInboundPacket") {
        expect(await one.packet()).toEqual({ type: "pingresp" });
        await expectOthersToGoOn();
      }
      const types: (string | undefined)[] = [];
      const answers = (async () => {
        // A connection that is closed says so by undefined, for ever.
        do types.push((await one.packet())?.type);
        while (types.at(-1) !== "pubrec" && types.at(-1) !== undefined);
      })();
      await turns(3);
      expect(types).toEqual([]);
      release();
      await answers;
      if (name === "interceptingInboundPacket") {
        expect(types).toEqual(["pingresp", "pingresp", "pubrec"]);
      }
      expect(types.at(-1)).toBe("pubrec");
      expect(types).not.toContain("disconnect");
    });
  }
});

describe("CONNACK waits for", () => {
  it.each(["validatingConnection", "preparingSession"] as const)("%s", async (name) => {
    await start();
    const { called, release } = hold(name);
    const late = new Peer(server.connectInMemory(), 5);
    let isIn = false;
    const connack = late.connect({ clientId: "late" }).then(() => {
      isIn = true;
    });
    await called;
    await turns(3);
    expect(isIn).toBe(false);
    expect(server.clients.get("one")).toBeDefined();
    release();
    await connack;
    expect(isIn).toBe(true);
  });
});

it("clientConnected: CONNACK is on its way, and everything else waits", async () => {
  await start();
  const { called, release } = hold("clientConnected");
  const late = await connected(server, "late");
  late.sendPacket({ type: "pingreq" });
  await called;
  let isAnswered = false;
  const answer = late.packet().then((packet) => {
    isAnswered = true;
    return packet;
  });
  await turns(3);
  expect(isAnswered).toBe(false);
  release();
  expect(await answer).toEqual({ type: "pingresp" });
});

it("interceptingOutboundPacket: what is sent to that client waits, what it sends is handled", async () => {
  const one = await start();
  const { called, release } = hold("interceptingOutboundPacket");
  one.sendPacket({ type: "pingreq" });
  await called;
  one.sendPacket(publication("a", "", 0));
  await until(() => server.statistics.publishesReceived === 1);
  release();
  expect(await one.packet()).toEqual({ type: "pingresp" });
});

describe("nothing waits for", () => {
  it("clientDisconnected and sessionDeleted", async () => {
    const one = await start();
    const [left, deleted] = [hold("clientDisconnected"), hold("sessionDeleted")];
    one.end();
    await left.called;
    await connected(server, "one", { cleanStart: true });
    left.release();
    await deleted.called;
    expect(server.clients.get("one")).toBeDefined();
    await expectOthersToGoOn();
  });

  it("clientAcknowledgedPublishPacket", async () => {
    const one = await start();
    await subscribe(one, "a");
    const { called } = hold("clientAcknowledgedPublishPacket");
    await server.injectApplicationMessage({ topic: "a", qos: 1 });
    const message = await one.packet();
    const packetIdentifier = message?.type === "publish" ? (message.packetIdentifier ?? 0) : 0;
    one.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
    await called;
    one.sendPacket({ type: "pingreq" });
    expect(await one.packet()).toEqual({ type: "pingresp" });
  });

  it("queuedApplicationMessageOverwritten", async () => {
    server = await startedServer({ queueMessagesMax: 1 });
    const one = await connected(server, "one", LASTING);
    await subscribe(one, "a");
    one.end();
    await until(() => server.clients.count === 0);
    const { called } = hold("queuedApplicationMessageOverwritten");
    for (let count = 0; count < 3; count += 1) {
      expect(await server.injectApplicationMessage({ topic: "a", qos: 1 })).toMatchObject({
        queued: 1,
      });
    }
    await called;
  });
});

describe("a promise of the server waits for", () => {
  it.each(["started", "stopped", "loadingRetainedMessage"] as const)("%s", async (name) => {
    await start();
    await server.stop();
    const { called, release } = hold(name);
    let isDone = false;
    const cycle = (async () => {
      await server.start();
      await server.stop();
      isDone = true;
    })();
    await called;
    await turns(3);
    expect(isDone).toBe(false);
    release();
    await cycle;
  });

  it("retainedMessagesCleared", async () => {
    await start();
    const { called, release } = hold("retainedMessagesCleared");
    let isDone = false;
    const clearing = server.retainedMessages.clear().then(() => (isDone = true));
    await called;
    await turns(3);
    expect(isDone).toBe(false);
    release();
    await clearing;
  });
});

it("retained messages keep their order behind a veto that takes its time", async () => {
  const one = await start();
  for (const topic of ["r/1", "r/2", "r/3"]) {
    await server.retainedMessages.set({ topic, payload: "x" });
  }
  let waits = 3;
  server.on("interceptingClientEnqueue", async (event) => {
    waits -= 1;
    await turns(waits);
    event.acceptEnqueue = event.applicationMessage.topic !== "r/2";
  });
  await subscribe(one, "r/#", 0);
  expect(await one.packet()).toMatchObject({ topic: "r/1" });
  expect(await one.packet()).toMatchObject({ topic: "r/3" });
});

it("the table says of each event what waits and whom a slow handler delays", () => {
  for (const name of SERVER_EVENT_NAMES) {
    const { waits, slows, order, fires } = SERVER_EVENTS[name];
    for (const sentence of [waits, slows, order, fires]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});
