/** A SUBSCRIBE that nobody wants any more, or that the server closes the connection for, is not sent for ever. */
import { afterEach, describe, expect, it } from "vitest";
import type { ClientOptions, MqttClient } from "@anax/client";
import { connected, disconnectAll, make, once, settled } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

/** The filters of each SUBSCRIBE that came, on whatever connection. */
function asked(server: ScriptedServer): string[][] {
  return server
    .packets("subscribe")
    .map(({ subscriptions }) => subscriptions.map(({ topicFilter }) => topicFilter));
}

/** A server that closes the connection when it is asked for this filter. */
async function withPoison(
  filter: string,
  options: ClientOptions = {},
): Promise<{ server: ScriptedServer; client: MqttClient }> {
  const server = new ScriptedServer();
  server.script = (packet, connection) => {
    if (packet.type !== "subscribe") return false;
    const isPoison = packet.subscriptions.some(({ topicFilter }) => topicFilter === filter);
    if (isPoison) connection.close();
    return isPoison;
  };
  return connected(options, server);
}

describe("a subscription that the server closes the connection for", () => {
  it("is not sent again once its signal is aborted", async () => {
    const { server, client } = await withPoison("bad");
    const abort = new AbortController();
    const subscription = client.subscribe("bad", { signal: abort.signal });
    await server.until("subscribe");
    abort.abort();
    await expect(subscription).rejects.toBe(abort.signal.reason);
    await once(client, "connected");
    await settled();
    await client.publish("a", "", { qos: 1 });
    expect(asked(server)).toEqual([["bad"]]);
  });

  it("is not sent again once it is unsubscribed", async () => {
    const { server, client } = await withPoison("bad");
    const subscription = client.subscribe("bad");
    await server.until("subscribe");
    void subscription.unsubscribe();
    await expect(subscription).rejects.toThrow("the subscription was ended");
    await once(client, "connected");
    await client.publish("a", "", { qos: 1 });
    expect(asked(server)).toEqual([["bad"]]);
  });

  it("rejects when three connections have ended before the answer", async () => {
    const { server, client } = await withPoison("bad");
    await expect(client.subscribe("bad")).rejects.toMatchObject({
      code: "ANAX_DISCONNECTED",
      message: "SUBSCRIBE of bad was given up: 3 connections ended before its answer",
    });
    await client.publish("a", "", { qos: 1 });
    expect(server.connections).toHaveLength(4);
    expect(asked(server)).toHaveLength(3);
  });

  it("takes no other with it", async () => {
    const { client } = await withPoison("bad");
    const bad = client.subscribe("bad");
    const good = ["a", "b", "c"].map((filter) => client.subscribe(filter));
    await expect(bad).rejects.toThrow("was given up");
    for (const subscription of good) expect(await subscription).toMatchObject({ grantedQos: 0 });
    expect(await client.unsubscribe("c")).toEqual({ reasonCodes: [0] });
  });
});

describe("a subscription that waits for a connection", () => {
  it("is asked for without the filters that were unsubscribed meanwhile", async () => {
    const server = new ScriptedServer();
    const client = make(server);
    const subscription = client.subscribe(["a", "b", "c"]);
    const other = client.subscribe("d");
    void client.unsubscribe(["b", "d"]);
    await client.connect();
    expect(await subscription).toMatchObject({ reasonCodes: [0, 0] });
    await expect(other).rejects.toThrow("the subscription was ended");
    expect(asked(server)).toEqual([["a", "c"]]);
  });
});
