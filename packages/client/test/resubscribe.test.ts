/** Subscriptions that are made anew on a later connection, and what the server then answers. */
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "@anax/testing";
import { MqttReasonError } from "@anax/client";
import type { ClientOptions, SubscribeOptions } from "@anax/client";
import { connected, disconnectAll, once } from "./in-memory-client.ts";
import type { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

/** The server answers SUBSCRIBE by the code for each filter, by 0 where there is none. */
function answerBy(server: ScriptedServer, codes: Record<string, number>): void {
  server.script = (packet, connection) => {
    if (packet.type !== "subscribe") return false;
    const { packetIdentifier } = packet;
    const reasonCodes = packet.subscriptions.map(({ topicFilter }) => codes[topicFilter] ?? 0);
    connection.send({ type: "suback", packetIdentifier, reasonCodes });
    return true;
  };
}

/** A client whose awaited subscription is answered by these codes after its connection was cut. */
async function cut(
  codes: Record<string, number>,
  options: ClientOptions = {},
  subscribeOptions: SubscribeOptions = {},
) {
  const clock = new VirtualClock();
  const { server, client } = await connected({ clock, keepAliveSeconds: 0, ...options });
  const errors: Error[] = [];
  client.on("error", (error) => errors.push(error));
  const subscription = client.subscribe(["a", "b"], () => {}, subscribeOptions);
  await subscription;
  answerBy(server, codes);
  server.connection.close(new Error("cut"));
  await once(client, "disconnected");
  clock.advance(1);
  await server.until("subscribe", 2);
  await client.ping();
  return { clock, server, client, errors, subscription };
}

describe("a subscription that is refused when it is made anew", () => {
  it("is told by an event with filters and codes, and is over", async () => {
    const { errors, subscription } = await cut({ a: 0x87, b: 0x87 });
    expect(errors).toHaveLength(1);
    const [error] = errors;
    expect(error).toBeInstanceOf(MqttReasonError);
    expect(error).toMatchObject({
      reasonCode: 0x87,
      reasonCodes: [0x87, 0x87],
      filters: ["a", "b"],
    });
    expect(subscription.isEnded).toBe(true);
    expect(subscription.endReason).toBe(error);
  });

  it("goes on with the filters that are granted", async () => {
    const { errors, subscription } = await cut({ b: 0x87 });
    expect(errors).toMatchObject([
      { reasonCode: 0x87, reasonCodes: [0, 0x87], filters: ["a", "b"] },
    ]);
    expect(subscription).toMatchObject({ isEnded: false, topicFilters: ["a"] });
  });

  it.each([0x80, 0x83, 0x97])("by code %i is asked for again later, ever later", async (code) => {
    const { clock, server, client, errors, subscription } = await cut({ b: code });
    expect(errors).toHaveLength(1);
    expect(subscription).toMatchObject({ isEnded: false, topicFilters: ["a", "b"] });
    expect(subscription.refusedFilters).toEqual(["b"]);
    clock.advance(5_000);
    await server.until("subscribe", 3);
    await client.ping();
    expect(errors).toHaveLength(1);
    answerBy(server, {});
    clock.advance(4_999);
    await client.ping();
    expect(server.packets("subscribe")).toHaveLength(3);
    clock.advance(5_001);
    await server.until("subscribe", 4);
    await client.ping();
    expect(server.packets("subscribe").at(-1)).toMatchObject({
      subscriptions: [{ topicFilter: "b" }],
    });
    expect(subscription.refusedFilters).toEqual([]);
    clock.advance(600_000);
    await client.ping();
    expect(server.packets("subscribe")).toHaveLength(4);
  });

  it("in 3.1.1 is asked for again as well", async () => {
    const { clock, server, errors } = await cut({ a: 0x80, b: 0x80 }, { protocolVersion: 4 });
    expect(errors).toMatchObject([{ reasonCodes: [0x80, 0x80] }]);
    answerBy(server, {});
    clock.advance(5_000);
    await server.until("subscribe", 3);
  });

  it("by a code that is not to be waited for is over", async () => {
    const { subscription } = await cut({ a: 0x97, b: 0x97 }, { resubscribeReasonCodes: [] });
    expect(subscription.isEnded).toBe(true);
  });

  it("is asked for on the next connection, even if the Session was kept", async () => {
    const options = { sessionExpiryIntervalSeconds: 60 };
    const { clock, server, client } = await cut({ b: 0x97 }, options);
    server.connack = { sessionPresent: true };
    server.connection.close();
    await once(client, "disconnected");
    clock.advance(1);
    await server.until("subscribe", 3);
    expect(server.packets("subscribe").at(-1)).toMatchObject({
      subscriptions: [{ topicFilter: "b" }],
    });
  });

  it("is not asked for once the application has left it", async () => {
    const { clock, server, client, subscription } = await cut({ b: 0x97 });
    await subscription.unsubscribe();
    clock.advance(60_000);
    await client.ping();
    expect(server.packets("subscribe")).toHaveLength(2);
  });

  it("is told too when the server has no such thing any more", async () => {
    const { server, client } = await connected();
    const subscription = client.subscribe("a/#", () => {});
    await subscription;
    server.connack = { properties: { wildcardSubscriptionAvailable: false } };
    const error = once(client, "error");
    server.connection.close();
    expect(await error).toMatchObject({ code: "ANAX_NOT_SUPPORTED" });
    expect(subscription).toMatchObject({ isEnded: true, endReason: await error });
  });
});

it("a lower QoS than before is told by an event, and the subscription goes on", async () => {
  const { errors, subscription } = await cut({ a: 2, b: 1 }, {}, { qos: 2 });
  expect(errors).toMatchObject([{ reasonCode: 1, reasonCodes: [2, 1], filters: ["a", "b"] }]);
  expect(errors[0]?.message).toBe("the server grants a lower QoS than before to b: QoS 1");
  expect(subscription).toMatchObject({ isEnded: false, topicFilters: ["a", "b"] });
});

it("nothing is told when the answer is the same", async () => {
  const { errors } = await cut({ a: 2, b: 2 }, {}, { qos: 2 });
  expect(errors).toEqual([]);
});
