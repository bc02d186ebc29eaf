import { connect } from "@anax/client";
import { MqttServer, MqttServerBusyError } from "@anax/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAdmin } from "../src/index.ts";
import { LiveReader } from "../src/live/live-reader.ts";
import { LiveStreams } from "../src/live/live-streams.ts";

/** What a stream told, as a page reads it. */
interface Told {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

const ALWAYS = { observing: undefined, mayRead: () => true };

let server: MqttServer;
let url = "";
let timers: Map<number, () => void>;
let streams: LiveStreams;

beforeEach(async () => {
  server = new MqttServer({ port: 0, systemTopics: false });
  await server.start();
  url = server.address().url;
  timers = new Map();
  streams = new LiveStreams(server, (ms, call) => {
    timers.set(ms, call);
    return () => void timers.delete(ms);
  });
});

afterEach(async () => {
  streams.close();
  await server.stop();
});

/** Lets a second pass: happenings, then figures. */
function tick(): void {
  timers.get(1_000)?.();
  timers.get(100)?.();
}

/** All that a stream holds, or holds until it ends. */
async function read(stream: ReadableStream<Uint8Array>): Promise<Told[]> {
  let text = "";
  for await (const part of stream) text += new TextDecoder().decode(part);
  return text
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) => {
      const [, event = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      return { event, data: JSON.parse(data) };
    });
}

describe("the live stream", () => {
  it("tells figures at once and each second, and what happens in between", async () => {
    const stream = streams.open(ALWAYS);
    const client = await connect(url, { clientId: "pump", reconnect: false });
    await client.subscribe("a/#", () => undefined);
    tick();
    await client.disconnect();
    const refused = connect(url, { clientId: "", clean: false, protocolVersion: 4 } as object);
    await expect(refused).rejects.toThrow(/clientId/i);
    tick();
    streams.close();
    const told = await read(stream);
    expect(told.map(({ event }) => event)).toEqual([
      "figures",
      "figures",
      "happened",
      "figures",
      "happened",
      "end",
    ]);
    expect(told[1]?.data).toMatchObject({
      isHealthy: true,
      statistics: { connectionsCurrent: 1, subscriptionsCurrent: 1 },
    });
    expect(told[2]?.data).toMatchObject({
      items: [
        { type: "connected", clientId: "pump" },
        { type: "subscribed", clientId: "pump", topicFilter: "a/#" },
      ],
      missed: 0,
    });
    expect(told.at(-1)?.data).toEqual({ reason: "the server stops" });
  });

  it("tells of at most a hundred happenings at a time, and how many there were more", async () => {
    const stream = streams.open(ALWAYS);
    const client = await connect(url, { reconnect: false });
    const filters = Array.from({ length: 150 }, (_one, index) => `a/${index}`);
    await client.subscribe(filters, () => undefined);
    tick();
    streams.close();
    const happened = (await read(stream)).find(({ event }) => event === "happened");
    expect(happened?.data["items"]).toHaveLength(100);
    expect(happened?.data["missed"]).toBe(51);
    await client.disconnect();
  });

  it("measures, listens and observes only while it is open", async () => {
    const observing = { topicPrefix: "", payloadBytesMax: 10 };
    const first = streams.open({ ...ALWAYS, observing });
    const second = streams.open(ALWAYS);
    expect(timers.size).toBe(2);
    await first.cancel();
    expect(timers.size).toBe(2);
    await second.cancel();
    expect(timers.size).toBe(0);
  });

  it("ends when its token is known no more, and is not opened too often", async () => {
    let isKnown = true;
    const stream = streams.open({ observing: undefined, mayRead: () => isKnown });
    isKnown = false;
    tick();
    const told = await read(stream);
    expect(told.at(-1)).toEqual({
      event: "end",
      data: { reason: "the token is not known any more" },
    });
    const open = Array.from({ length: 16 }, () => streams.open(ALWAYS));
    expect(() => streams.open(ALWAYS)).toThrow(MqttServerBusyError);
    expect(() => streams.open(ALWAYS)).toThrow("16 live streams are open");
    await open[0]?.cancel();
    streams.open(ALWAYS);
  });
});

describe("a reader that is slow", () => {
  it("misses events beyond half a megabyte, is told how many, and is cut after 30 ticks", async () => {
    let gone = 0;
    const reader = new LiveReader(() => (gone += 1));
    const lines = new Uint8Array(200_000);
    for (let count = 0; count < 5; count += 1) reader.tell(lines);
    const source = reader.stream.getReader();
    expect((await source.read()).value).toHaveLength(200_000);
    reader.tell(new Uint8Array(10));
    await source.read();
    expect(new TextDecoder().decode((await source.read()).value)).toBe(
      'event: missed\ndata: {"events":3}\n\n',
    );
    for (let count = 0; count < 29; count += 1) {
      reader.tell(new Uint8Array(600_000));
      reader.endOfTick();
    }
    expect(gone).toBe(0);
    reader.tell(new Uint8Array(600_000));
    reader.endOfTick();
    expect(gone).toBe(1);
    await source.read();
    expect(new TextDecoder().decode((await source.read()).value)).toContain("not read for 30");
    expect((await source.read()).done).toBe(true);
  });
});

describe("observed topics", () => {
  it("have their last value, who published it and how often, below a prefix", async () => {
    const observing = { topicPrefix: "plants/", payloadBytesMax: 4 };
    const stream = streams.open({ ...ALWAYS, observing });
    const client = await connect(url, { clientId: "pump", reconnect: false });
    await client.publish("other", "x", { qos: 1 });
    await client.publish("plants/7", "one", { qos: 1 });
    await client.publish("plants/7", "second", { qos: 1, contentType: "text/plain" });
    tick();
    streams.close();
    const topics = (await read(stream)).find(({ event }) => event === "topics");
    expect(topics?.data).toEqual({
      topics: [
        {
          topic: "plants/7",
          count: 2,
          senderClientId: "pump",
          qos: 1,
          retain: false,
          contentType: "text/plain",
          payloadBytes: 6,
          payloadBase64: btoa("seco"),
        },
      ],
      observed: 3,
      isComplete: true,
    });
    await client.disconnect();
  });

  it("may be those of one client", async () => {
    const observing = { topicPrefix: "", clientId: "pump", payloadBytesMax: 4 };
    const stream = streams.open({ ...ALWAYS, observing });
    for (const clientId of ["other", "pump"]) {
      const client = await connect(url, { clientId, reconnect: false });
      await client.publish(`of/${clientId}`, "x", { qos: 1 });
      await client.disconnect();
    }
    tick();
    streams.close();
    const topics = (await read(stream)).find(({ event }) => event === "topics");
    expect(topics?.data["topics"]).toMatchObject([{ topic: "of/pump" }]);
    expect(topics?.data["observed"]).toBe(2);
  });

  it("let publishers be answered as without: nobody subscribes", async () => {
    const observing = { topicPrefix: "", payloadBytesMax: 4 };
    streams.open({ ...ALWAYS, observing });
    const answer = await server.injectApplicationMessage({
      topic: "a",
      payload: new Uint8Array(1),
    });
    expect(answer).toMatchObject({ matched: 0, reasonCode: 0x10 });
  });

  it("are looked at 2000 messages a second, and again in the next", async () => {
    const observing = { topicPrefix: "", payloadBytesMax: 4 };
    const stream = streams.open({ ...ALWAYS, observing });
    const publish = async (count: number): Promise<void> => {
      const payload = new Uint8Array(1);
      for (let sent = 0; sent < count; sent += 1)
        await server.injectApplicationMessage({ topic: `t/${sent % 600}`, payload });
    };
    await publish(2_500);
    tick();
    await publish(1);
    tick();
    streams.close();
    const told = (await read(stream)).filter(({ event }) => event === "topics");
    expect(told[0]?.data).toMatchObject({ observed: 2_000, isComplete: false });
    expect(told[0]?.data["topics"]).toHaveLength(500);
    expect(told[1]?.data).toMatchObject({ observed: 1, isComplete: true });
  });
});

describe("GET /api/v1/stream", () => {
  it("streams by HTTP to a viewer, and lets go when the caller leaves", async () => {
    const admin = createAdmin(server, {
      holderOf: (token) => (token === "t" ? { name: "ann", role: "viewer" } : undefined),
    });
    const call = (path: string, token: string): Promise<Response> =>
      admin.fetch(
        new Request(`http://127.0.0.1/api/v1/${path}`, {
          headers: { authorization: `Bearer ${token}` },
        }),
      );
    expect((await call("stream", "wrong")).status).toBe(401);
    expect(await (await call("token", "t")).json()).toEqual({ name: "ann", role: "viewer" });
    const response = await call("stream?topics=true&topicPrefix=a", "t");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toMatch(/^event: figures\ndata: \{"atMs":\d+,"isHealthy":true/);
    await reader?.cancel();
    const all = await Promise.all(Array.from({ length: 17 }, () => call("stream", "t")));
    expect(all.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 16 }, () => 200),
      503,
    ]);
    admin.close();
  });
});
