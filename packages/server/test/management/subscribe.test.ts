import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MessageStream, MqttServer, ReceivedApplicationMessage } from "../../src/index.ts";
import {
  connected,
  publication,
  startedServer,
  subscribe,
  text,
} from "../support/memory-server.ts";
import { turns } from "../support/turns.ts";

let server: MqttServer;

beforeEach(async () => {
  server = await startedServer();
});
afterEach(() => server.stop());

/** Takes so many messages. */
async function take(stream: MessageStream, count: number): Promise<ReceivedApplicationMessage[]> {
  const messages: ReceivedApplicationMessage[] = [];
  while (messages.length < count) {
    const next = await stream.next();
    if (next.done === true) break;
    messages.push(next.value);
  }
  return messages;
}

async function publishNumbers(count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    await server.injectApplicationMessage({ topic: "a/b", payload: String(number) });
  }
}

it("gives the messages of clients, of the server and of Wills", async () => {
  const client = await connected(server, "one");
  const will = { topic: "a/will", payload: new Uint8Array(0), qos: 0, retain: false } as const;
  const dying = await connected(server, "dying", { will });
  const topics: unknown[] = [];
  const reading = (async () => {
    for await (const message of server.subscribe("a/#")) {
      topics.push([message.senderClientId, message.topic]);
      if (topics.length === 3) break;
    }
  })();
  client.sendPacket(publication("b"));
  client.sendPacket(publication("a/client", "", 1));
  expect(await client.packet()).toMatchObject({ type: "puback", reasonCode: 0 });
  await server.injectApplicationMessage({ topic: "a/server" });
  dying.end();
  await reading;
  expect(topics).toEqual([
    ["one", "a/client"],
    ["", "a/server"],
    ["dying", "a/will"],
  ]);
});

it("counts as a consumer, and no longer when the loop was left", async () => {
  const unconsumed: string[] = [];
  server.on("applicationMessageNotConsumed", ({ applicationMessage: { topic } }) => {
    unconsumed.push(topic);
  });
  const stream = server.subscribe("a");
  const result = { matched: 1, queued: 1, dropped: 0, reasonCode: 0 };
  expect(await server.injectApplicationMessage({ topic: "a" })).toEqual(result);
  for await (const message of stream) {
    expect(message.topic).toBe("a");
    break;
  }
  expect(await server.injectApplicationMessage({ topic: "a" })).toMatchObject({ reasonCode: 0x10 });
  expect(unconsumed).toEqual(["a"]);
});

it("gives what many packets of one read bring, each once and in order", async () => {
  const stream = server.subscribe("a");
  const client = await connected(server, "one");
  const other = await connected(server, "other");
  await subscribe(other, "a", 0);
  for (const payload of ["1", "2", "3", "4"]) client.sendPacket(publication("a", payload));
  const messages = await take(stream, 4);
  expect(messages.map(({ payload }) => text(payload))).toEqual(["1", "2", "3", "4"]);
  expect(await other.packet()).toMatchObject({ topic: "a" });
});

it("begins with what is retained", async () => {
  await server.retainedMessages.set({ topic: "a/1", payload: "kept" });
  const stream = server.subscribe("a/+");
  await server.injectApplicationMessage({ topic: "a/2", retain: true, payload: "new" });
  const messages = await take(stream, 2);
  expect(messages).toMatchObject([{ topic: "a/1", retain: true }, { topic: "a/2" }]);
  await stream.return();
  const without = server.subscribe("a/+", { retained: false });
  await server.injectApplicationMessage({ topic: "a/3" });
  expect(await take(without, 1)).toMatchObject([{ topic: "a/3", retain: false }]);
});

it("takes its turns in a shared subscription", async () => {
  const stream = server.subscribe("$share/group/a");
  const client = await connected(server, "one");
  await subscribe(client, "$share/group/a", 0);
  // Until its SUBACK has left the pipe that both ends share, the client does not keep up.
  await turns(1);
  for (let count = 0; count < 4; count += 1) await server.injectApplicationMessage({ topic: "a" });
  expect(await take(stream, 2)).toHaveLength(2);
  expect(await client.packet()).toMatchObject({ topic: "a" });
  expect(await client.packet()).toMatchObject({ topic: "a" });
});

it("can be vetoed, under an empty Client Identifier", async () => {
  const receivers: string[] = [];
  server.on("interceptingClientEnqueue", (event) => {
    receivers.push(event.receiverClientId);
    event.acceptEnqueue = text(event.applicationMessage.payload) !== "1";
  });
  const stream = server.subscribe("#");
  await publishNumbers(2);
  expect((await take(stream, 1)).map(({ payload }) => text(payload))).toEqual(["2"]);
  expect(receivers).toEqual(["", ""]);
});

describe("more messages than there is room for", () => {
  it("push the oldest out", async () => {
    const stream = server.subscribe("#", { bufferMessagesMax: 2 });
    await publishNumbers(3);
    expect((await take(stream, 2)).map(({ payload }) => text(payload))).toEqual(["2", "3"]);
    expect(stream.dropped).toBe(1);
  });

  it("are refused themselves", async () => {
    const stream = server.subscribe("#", { bufferMessagesMax: 2, overflow: "dropNewest" });
    await publishNumbers(2);
    expect(await server.injectApplicationMessage({ topic: "a" })).toMatchObject({ dropped: 1 });
    expect((await take(stream, 2)).map(({ payload }) => text(payload))).toEqual(["1", "2"]);
  });

  it("end the subscription, after what has come", async () => {
    const stream = server.subscribe("#", { bufferMessagesMax: 2, overflow: "fail" });
    await publishNumbers(3);
    expect(await take(stream, 2)).toHaveLength(2);
    await expect(stream.next()).rejects.toMatchObject({ code: "ANAX_BUFFER_OVERFLOW" });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("are counted in bytes too; one of any size fits into an empty buffer", async () => {
    const stream = server.subscribe("#", { bufferBytesMax: 100 });
    await server.injectApplicationMessage({ topic: "a", payload: "x".repeat(1_000) });
    await server.injectApplicationMessage({ topic: "b" });
    expect(await take(stream, 1)).toMatchObject([{ topic: "b" }]);
    expect(stream.dropped).toBe(1);
  });
});

describe("the end", () => {
  it("comes by a signal", async () => {
    const ending = new AbortController();
    const stream = server.subscribe("#", { signal: ending.signal });
    const next = stream.next();
    ending.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(server.subscribe("#", { signal: ending.signal }).isEnded).toBe(true);
  });

  it("comes with the server", async () => {
    const stream = server.subscribe("#");
    const next = stream.next();
    await server.stop();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("comes with the block that uses it", async () => {
    {
      await using stream = server.subscribe("#");
      expect(stream.isEnded).toBe(false);
    }
    expect(await server.injectApplicationMessage({ topic: "a" })).toMatchObject({ matched: 0 });
  });
});

it("refuses a filter that is none", () => {
  expect(() => server.subscribe("a/#/b")).toThrow("no valid Topic Filter");
});
