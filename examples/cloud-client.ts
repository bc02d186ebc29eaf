/** In MQTTnet: WithClientId, WithCredentials, WithCleanSession(false) and WithKeepAlivePeriod. */
import { once } from "node:events";
import { MqttClient } from "@anax/client";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

/** What a cloud gives you for each device. */
export interface CloudAccount {
  readonly url: string;
  /** Becomes the Client Identifier. */
  readonly deviceId: string;
  /** Becomes the user name. */
  readonly productId: string;
  /** Becomes the password. */
  readonly key: string;
}

/** Connects a device to a cloud, reports, and waits for orders until it is stopped. */
export async function main(
  signal: AbortSignal,
  print: Print,
  { url, deviceId, productId, key }: CloudAccount = accountOfEnvironment(),
): Promise<void> {
  const client = new MqttClient(url, {
    // Clouds of this kind speak MQTT 3.1.1.
    protocolVersion: 4,
    clientId: deviceId,
    userName: productId,
    password: key,
    // Orders that come while the device is away are kept.
    cleanStart: false,
    // On a mobile network each ping costs.
    keepAliveSeconds: 2_000,
  });
  client.on("disconnected", ({ willReconnect, error }) => {
    if (willReconnect) print(`lost the cloud, will come back: ${error?.message}`);
  });
  client.on("message", ({ topic, text }) => print(`${topic}: ${text}`));
  const { sessionPresent } = await client.connect();
  print(`connected as ${deviceId}, ${sessionPresent ? "to my old session" : "for the first time"}`);
  await client.subscribe(`orders/${deviceId}`, () => undefined, { qos: 1 });
  await client.publish(`reports/${deviceId}`, JSON.stringify({ degrees: 21 }), { qos: 1 });
  print("reported 21 degrees");
  await once(signal, "abort");
  await client.disconnect();
  print("disconnected; the session stays");
}

function accountOfEnvironment(): CloudAccount {
  const { CLOUD_URL, CLOUD_DEVICE_ID, CLOUD_PRODUCT_ID, CLOUD_KEY } = process.env;
  if (CLOUD_DEVICE_ID === undefined || CLOUD_PRODUCT_ID === undefined || CLOUD_KEY === undefined) {
    throw new Error(
      "set CLOUD_DEVICE_ID, CLOUD_PRODUCT_ID and CLOUD_KEY (and CLOUD_URL, or give the URL as an argument)",
    );
  }
  return {
    url: process.argv[2] ?? CLOUD_URL ?? "mqtt://127.0.0.1:1883",
    deviceId: CLOUD_DEVICE_ID,
    productId: CLOUD_PRODUCT_ID,
    key: CLOUD_KEY,
  };
}

runExample(import.meta, main);
