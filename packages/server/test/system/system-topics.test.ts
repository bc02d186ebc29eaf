import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MqttServer, SYSTEM_TOPICS } from "../../src/index.ts";
import { LoadAverage } from "../../src/system/load-average.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { turns } from "../support/turns.ts";

let clock: ManualClock;
let server: MqttServer;
let published: Map<string, string>[];

/** What was published since the last look, by the topic below `$SYS/broker/`. */
function take(): Map<string, string> {
  const all = new Map(published.flatMap((batch) => [...batch]));
  published = [];
  return all;
}

beforeEach(async () => {
  clock = new ManualClock();
  published = [];
  const systemTopics = { intervalSeconds: 10, isIntercepted: true };
  server = new MqttServer({ listeners: [{ type: "memory" }], clock, systemTopics });
  server.on("interceptingPublish", ({ applicationMessage }) => {
    if (applicationMessage === undefined) return;
    const { topic, payload, retain } = applicationMessage;
    if (!topic.startsWith("$SYS/broker/")) return;
    if (!retain) throw new Error(`${topic} is not retained`);
    const text = new TextDecoder().decode(payload);
    published.push(new Map([[topic.slice("$SYS/broker/".length), text]]));
  });
  await server.start();
});

afterEach(() => server.stop());

async function connected(clientId: string): Promise<MqttPeer> {
  const client = new MqttPeer(server.connectInMemory());
  await client.connect({ clientId });
  return client;
}

/** Names below `$SYS/broker/` that dashboards for mosquitto ask for. */
const CONVENTIONAL = [
  "version",
  "uptime",
  "clients/connected",
  "clients/total",
  "clients/maximum",
  "clients/disconnected",
  "clients/expired",
  "messages/received",
  "messages/sent",
  "messages/stored",
  "publish/messages/received",
  "publish/messages/sent",
  "publish/messages/dropped",
  "publish/bytes/received",
  "publish/bytes/sent",
  "bytes/received",
  "bytes/sent",
  "heap/current",
  "heap/maximum",
  "subscriptions/count",
  "shared_subscriptions/count",
  "retained messages/count",
  "store/messages/count",
  "store/messages/bytes",
  "load/messages/received/1min",
  "load/bytes/sent/15min",
  "load/connections/5min",
  "load/sockets/1min",
  "load/publish/dropped/1min",
];

describe("$SYS topics", () => {
  it("are those of the table, each of them", () => {
    const names = Array.from(take().keys(), (name) => `$SYS/broker/${name}`);
    expect(names).toEqual(Object.keys(SYSTEM_TOPICS));
    expect(names).toEqual(
      expect.arrayContaining(CONVENTIONAL.map((name) => `$SYS/broker/${name}`)),
    );
  });

  it("tell the memory that is used, and the most that was", () => {
    const topics = take();
    const current = Number(topics.get("heap/current"));
    const maximum = Number(topics.get("heap/maximum"));
    expect(current).toBeGreaterThan(1_000_000);
    expect(maximum).toBe(current);
    const held = new Uint8Array(50_000_000).fill(1);
    clock.advance(10_000);
    const later = take();
    expect(Number(later.get("heap/current"))).toBeGreaterThan(held.length);
    expect(Number(later.get("heap/maximum"))).toBeGreaterThan(maximum);
  });

  it("count what is stored under both names", async () => {
    await server.injectApplicationMessage({ topic: "a", payload: "b", retain: true });
    clock.advance(10_000);
    const topics = take();
    expect(topics.get("messages/stored")).toBe(topics.get("store/messages/count"));
    expect(Number(topics.get("messages/stored"))).toBe(Object.keys(SYSTEM_TOPICS).length + 1);
  });

  it("may be held back by interceptingPublish, as all that the server publishes", () => {
    server.on("interceptingPublish", (event) => {
      if (event.topic === "$SYS/broker/uptime") event.processPublish = false;
    });
    const uptime = (): string | undefined => {
      const payload = server.retainedMessages.get("$SYS/broker/uptime")?.payload;
      return payload && new TextDecoder().decode(payload);
    };
    expect(uptime()).toBe("0 seconds");
    clock.advance(10_000);
    expect(take().get("uptime")).toBe("10 seconds");
    expect(uptime()).toBe("0 seconds");
  });

  it("are no business of handlers that judge messages, unless asked for", async () => {
    await server.stop();
    const topics: string[] = [];
    const note = ({ applicationMessage }: { applicationMessage?: { topic: string } }): void =>
      void topics.push(applicationMessage?.topic ?? "");
    server = new MqttServer({
      listeners: [{ type: "memory" }],
      clock,
      on: {
        interceptingPublish: ({ topic }) => void topics.push(topic),
        applicationMessageNotConsumed: note,
        retainedMessageChanged: ({ topic }) => void topics.push(topic),
      },
    });
    await server.start();
    clock.advance(10_000);
    expect(server.retainedMessages.get("$SYS/broker/uptime")).toBeDefined();
    expect(server.retainedMessages.list().items).toEqual([]);
    const own = server.retainedMessages.list({ topicFilter: "$SYS/#", limit: 1 });
    expect(own.items).toHaveLength(1);
    await server.injectApplicationMessage({ topic: "a" });
    expect(topics).toEqual(["a", "a"]);
  });

  it("tell the version and the uptime in words", () => {
    const topics = take();
    expect(topics.get("version")).toMatch(/^anax version \d+\.\d+\.\d+/);
    expect(topics.get("uptime")).toBe("0 seconds");
    clock.advance(10_000);
    expect(take().get("uptime")).toBe("10 seconds");
  });

  it("count, and only what has changed is published", async () => {
    take();
    const client = await connected("one");
    await client.subscribe("a");
    clock.advance(10_000);
    const topics = take();
    expect(topics.get("clients/connected")).toBe("1");
    expect(topics.get("subscriptions/count")).toBe("1");
    expect(topics.get("messages/received")).toBe("2");
    expect(topics.has("clients/expired")).toBe(false);
    clock.advance(10_000);
    expect(take().has("clients/connected")).toBe(false);
  });

  it("are retained for who subscribes later, and hidden from # [MQTT-4.7.2-1]", async () => {
    const client = await connected("late");
    await client.subscribe("#");
    await client.subscribe("$SYS/broker/uptime");
    expect(await client.packet()).toMatchObject({
      type: "publish",
      topic: "$SYS/broker/uptime",
      retain: true,
    });
  });

  it("end with the server and begin again with it, all of them", async () => {
    const all = take().size;
    await server.stop();
    clock.advance(60_000);
    expect(take().size).toBe(0);
    await server.start();
    expect(take().size).toBe(all);
  });

  it("can be left out", async () => {
    const quiet = new MqttServer({ listeners: [], clock, systemTopics: false });
    let messages = 0;
    quiet.on("interceptingPublish", () => void (messages += 1));
    await quiet.start();
    clock.advance(60_000);
    await turns();
    expect(messages).toBe(0);
    await quiet.stop();
  });

  it("come at the interval that was asked for", async () => {
    const systemTopics = { intervalSeconds: 2, isIntercepted: true };
    const often = new MqttServer({ listeners: [], clock, systemTopics });
    const uptimes: string[] = [];
    often.on("interceptingPublish", ({ applicationMessage }) => {
      if (applicationMessage?.topic !== "$SYS/broker/uptime") return;
      uptimes.push(new TextDecoder().decode(applicationMessage.payload));
    });
    await often.start();
    clock.advance(4_000);
    expect(uptimes).toEqual(["0 seconds", "2 seconds", "4 seconds"]);
    await often.stop();
  });
});

describe("load averages", () => {
  it("come to the rate per minute, the short span first", () => {
    const load = new LoadAverage(0);
    let count = 0;
    let averages: readonly number[] = [];
    for (let minute = 0; minute < 5; minute += 1) averages = load.update((count += 60), 60_000);
    const [one = 0, five = 0, fifteen = 0] = averages;
    expect(one).toBeCloseTo(60 * (1 - Math.exp(-5)), 6);
    expect(five).toBeCloseTo(60 * (1 - Math.exp(-1)), 6);
    expect(fifteen).toBeCloseTo(60 * (1 - Math.exp(-1 / 3)), 6);
  });

  it("fall when nothing happens", () => {
    const load = new LoadAverage(10);
    const [before] = [...load.update(70, 60_000)];
    const [after] = load.update(70, 60_000);
    expect(after).toBeCloseTo((before ?? 0) * Math.exp(-1), 6);
  });
});
