/** What a client, a subscription and a message look like to whoever prints, stores or posts them. */
import { inspect } from "node:util";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { MqttClient, MqttConfigurationError, connect } from "@anax/client";
import { MqttServer } from "@anax/server";
import { ReceivedMessage } from "../src/core/message.ts";
import { connected, disconnectAll, make, settled } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

const payload = new TextEncoder().encode("größe");
const properties = {
  contentType: "text/plain",
  correlationData: Uint8Array.of(0xff, 0),
  userProperties: [["a", "b"]] as const,
};
const rest = { type: "publish", duplicate: false, packetIdentifier: 7, properties } as const;
const full = { topic: "t", payload, qos: 1, retain: false } as const;
const message = new ReceivedMessage("t", payload, 1, false, { ...rest, ...full });

describe("a message", () => {
  it("as JSON has its payload as text, or as base64 where it is none", () => {
    expect(JSON.parse(JSON.stringify(message))).toEqual({
      topic: "t",
      payload: "größe",
      qos: 1,
      retain: false,
      duplicate: false,
      packetIdentifier: 7,
      contentType: "text/plain",
      correlationDataBase64: "/wA=",
      userProperties: [["a", "b"]],
    });
    const bytes = new Uint8Array(100_000).fill(0xff);
    expect(new ReceivedMessage("t", bytes, 0, true).toJSON()).toEqual({
      topic: "t",
      payloadBase64: Buffer.from(bytes).toString("base64"),
      qos: 0,
      retain: true,
      duplicate: false,
    });
  });

  it("as a plain object can be cloned and posted without a loss", async () => {
    const copy = structuredClone(message.toObject());
    expect(copy).toEqual({
      ...full,
      text: "größe",
      duplicate: false,
      packetIdentifier: 7,
      ...properties,
    });
    const { port1, port2 } = new MessageChannel();
    const posted = new Promise((resolve) => (port2.onmessage = ({ data }) => resolve(data)));
    port1.postMessage(message.toObject());
    expect(await posted).toMatchObject({ topic: "t", text: "größe" });
    port1.close();
  });

  it("is printed with its text", () => {
    expect(inspect(message)).toMatch(/^Message \{\s+topic: 't',\s+payload: 'größe',/);
    expect(inspect({ message })).toContain("payload: 'größe'");
  });

  it("can be published on, itself or a copy", async () => {
    const { server, client } = await connected();
    await client.publish(message);
    await client.publish(Object.assign({}, message, { topic: "u" }));
    await server.until("publish", 2);
    expect(server.packets("publish")).toMatchObject([{ topic: "t" }, { topic: "u", payload }]);
  });
});

describe("a client", () => {
  it("is printed, and is JSON, with address and state, and no secret", async () => {
    const client = new MqttClient("mqtts://ann:secret@h:8884", { clientId: "c" });
    expect(JSON.parse(JSON.stringify(client))).toEqual({
      address: "mqtts://h:8884",
      clientId: "c",
      protocolVersion: 5,
      status: "idle",
      inFlightMessages: 0,
      waitingMessages: 0,
    });
    expect(inspect(client)).toMatch(/^MqttClient \{\s+address: 'mqtts:\/\/h:8884',/);
    expect(inspect(client, { depth: 9, showHidden: true })).not.toContain("secret");
    const { client: other } = await connected();
    expect(inspect(other)).toContain("status: 'connected'");
  });

  it("prints its subscriptions", async () => {
    const { client } = await connected();
    const subscription = client.subscribe(["a", "b"], () => 1);
    await subscription;
    expect(JSON.parse(JSON.stringify(subscription))).toEqual({
      topicFilters: ["a", "b"],
      isGranted: true,
      isEnded: false,
      droppedMessages: 0,
    });
    expect(inspect(subscription)).toMatch(/^Subscription \{\s+topicFilters: \[ 'a', 'b' \],/);
  });

  it.each([
    ["nope", () => 1, 'there is no event "nope", only connecting connected disconnected'],
    ["constructor", () => 1, 'there is no event "constructor"'],
    ["connected", undefined, "the handler must be of type function, not undefined"],
    ["message", {}, "the handler must be of type function, not Object"],
  ])("refuses on(%o, %o)", (name, handler, said) => {
    const client = make(new ScriptedServer());
    const act = (): unknown => client.on(name as "message", handler as () => void);
    expect(act).toThrow(MqttConfigurationError);
    expect(act).toThrow(said);
  });
});

describe("an error of the network", () => {
  it("names the frames of whoever called", async () => {
    async function theCallersOwnFunction(): Promise<unknown> {
      return connect("mqtt://127.0.0.1:1", { reconnect: false });
    }
    const error = await theCallersOwnFunction().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ANAX_CONNECT_FAILED" });
    expect((error as Error).stack).toContain("theCallersOwnFunction");
  });

  it("names them at a refusal, once for each caller", async () => {
    const server = new ScriptedServer();
    server.connack = { reasonCode: 0x87 };
    const client = make(server);
    const first = (): Promise<unknown> => client.connect();
    const second = (): Promise<unknown> => client.connect();
    const results = await Promise.allSettled([first(), second()]);
    const [{ reason } = { reason: undefined }] = results as PromiseRejectedResult[];
    const stack = String((reason as Error).stack);
    expect(stack.match(/at first /g)).toHaveLength(1);
    expect(stack.match(/at second /g)).toHaveLength(1);
  });

  it.each<[string, (client: MqttClient) => PromiseLike<unknown>]>([
    ["a subscribe", (client) => client.subscribe("a", () => 1)],
    ["an unsubscribe", (client) => client.unsubscribe("a")],
    ["a ping", (client) => client.ping()],
    ["a request", (client) => client.request("a", "", { timeoutMs: 5 })],
  ])("names them when %s is not answered", async (_, ask) => {
    const server = new ScriptedServer();
    server.script = ({ type }) => type !== "connect";
    const client = make(server, { requestTimeoutMs: 5 });
    await client.connect();
    const theCaller = async (): Promise<unknown> => ask(client);
    const error = await theCaller().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ANAX_TIMEOUT" });
    expect((error as Error).stack).toContain("readable.test");
    client.destroy();
  });

  it("names them when an unsubscribe is refused", async () => {
    await using server = new MqttServer({ port: 0, systemTopics: false });
    server.on("interceptingUnsubscription", (event) => {
      event.processUnsubscription = false;
      event.response.reasonCode = 0x87;
    });
    await server.start();
    const client = await connect(server.address().url);
    await client.subscribe("a", () => 1);
    const theCaller = (): Promise<unknown> => client.unsubscribe("a");
    const error = await theCaller().catch((thrown: unknown) => thrown);
    await client.disconnect();
    expect((error as Error).stack).toContain("theCaller");
  });
});

describe("a mistake in a call whose promise nobody looks at", () => {
  const BAD = 'Topic Name "a/+/b" has a wildcard';

  it("is an error event, and is shown", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const { client } = await connected();
    void client.publish("a/+/b", "x");
    expect(warn).not.toHaveBeenCalled();
    await settled();
    const error = expect.objectContaining({ message: expect.stringContaining(BAD) }) as Error;
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("`error` event"), error);
    const errors: string[] = [];
    client.on("error", ({ message }) => errors.push(message));
    void client.publish("a/#", "x", { qos: 1 });
    void client.publish("a", { celsius: 21 } as unknown as string);
    void client.unsubscribe([]);
    await settled();
    expect(errors).toEqual([
      'Topic Name "a/#" has a wildcard',
      expect.stringContaining("payload must be of type string"),
      expect.stringContaining("at least one Topic Filter"),
    ]);
  });

  it("is none where it is caught or awaited", async () => {
    const { client } = await connected();
    const errors: Error[] = [];
    client.on("error", (error) => errors.push(error));
    const caught = client.publish("a/+/b", "x").catch(() => "caught");
    const awaited = (async () => client.publish("a/+/b", "x"))().catch(() => "awaited");
    const all = Promise.allSettled([client.publish("a/+/b", "x")]);
    const waits = async (): Promise<unknown> => {
      try {
        return await client.publish("a/+/b", "x");
      } catch {
        return "waited";
      }
    };
    expect(await Promise.all([caught, awaited, waits()])).toEqual(["caught", "awaited", "waited"]);
    expect(await all).toMatchObject([{ status: "rejected" }]);
    await settled();
    expect(errors).toEqual([]);
  });
});

it("an error that nobody listens to is shown once; one that somebody listens to is not", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const { client } = await connected();
  const bug = new Error("a bug in a handler");
  client.on("connected", () => {
    throw bug;
  });
  for (let round = 0; round < 2; round += 1) {
    await client.disconnect();
    await client.connect();
  }
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("`error` event"), bug);
  const { client: other } = await connected();
  const errors: Error[] = [];
  other.on("error", (error) => errors.push(error));
  other.on("disconnected", () => {
    throw bug;
  });
  await other.disconnect();
  expect(errors).toEqual([bug]);
  expect(warn).toHaveBeenCalledTimes(1);
});
