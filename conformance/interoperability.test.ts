/** Anax with what others wrote: their client at our server, our client at their server. */
import { connect } from "@anax/client";
import { connectAsync } from "mqtt";
import { describe, expect, test } from "vitest";

import { aedesTarget } from "./targets/aedes.ts";
import { anaxTarget } from "./targets/anax.ts";

/** A message there and back by a client of others. */
async function roundTrip(protocolVersion: 4 | 5): Promise<string> {
  const target = anaxTarget();
  const server = await target.provide({});
  if (typeof server === "string") throw new Error(server);
  const client = await connectAsync(`mqtt://127.0.0.1:${server.address.port}`, { protocolVersion });
  const heard = new Promise<string>((resolve) => {
    client.on("message", (_topic, payload) => resolve(payload.toString()));
  });
  await client.subscribeAsync("others/#", { qos: 2 });
  await client.publishAsync("others/a", "hello", { qos: 2 });
  const text = await heard;
  await client.endAsync();
  await target.close();
  return text;
}

describe("server, with a client of others", () => {
  test("[U-7-1] MQTT.js needs nothing but the standard (5.0)", async () => {
    expect(await roundTrip(5)).toBe("hello");
  });

  test("[MQTT-7.0.0-2] MQTT.js needs nothing but the standard (3.1.1)", async () => {
    expect(await roundTrip(4)).toBe("hello");
  });
});

describe("client, with a server of others", () => {
  test("[MQTT-7.0.0-2] aedes needs nothing but the standard (3.1.1)", async () => {
    const target = aedesTarget();
    const server = await target.provide({});
    if (typeof server === "string") throw new Error(server);
    const url = `mqtt://127.0.0.1:${server.address.port}`;
    const client = await connect(url, { protocolVersion: 4 });
    const heard = new Promise<string>((resolve) => {
      client.on("message", (message) => resolve(message.text));
    });
    await client.subscribe("others/#", { qos: 2 });
    await client.publish("others/a", "hello", { qos: 2 });
    expect(await heard).toBe("hello");
    await client.disconnect();
    await target.close();
  });
});
