/** In MQTTnet: Samples/Client/Client_Connection_Samples.cs. */
import { setTimeout as delay } from "node:timers/promises";
import { connect, MqttClient } from "@anax/client";
import type { TlsOptions } from "@anax/client";
import type { Print } from "../run-example.ts";
import { runSamples } from "./run-samples.ts";

/** Connect_Client: the plainest client. It speaks MQTT 5.0 unless it is told otherwise. */
export async function connectClient(url: string, print: Print): Promise<void> {
  const client = await connect(url);
  print(`connected, session present: ${client.connectResult?.sessionPresent}`);
  await client.disconnect();
}

/** Clean_Disconnect and Disconnect_Clean: DISCONNECT is sent; the Will is not published. */
export async function disconnectClean(url: string, print: Print): Promise<void> {
  const client = await connect(url, { will: { topic: "samples/will", payload: "gone" } });
  await client.disconnect({ reasonCode: 0, reasonString: "done" });
  print("disconnected, and no Will");
}

/** Disconnect_Non_Clean: the server publishes the Will, as it does when the link breaks. */
export async function disconnectNonClean(url: string, print: Print): Promise<void> {
  const watcher = await connect(url);
  const wills = watcher.subscribe("samples/will", { qos: 1 });
  await wills;
  const client = await connect(url, { will: { topic: "samples/will", payload: "gone" } });
  await client.disconnect({ reasonCode: 4 });
  for await (const { text } of wills) {
    print(`the Will says: ${text}`);
    break;
  }
  await watcher.disconnect();
}

/** Connect_Client_Timeout: gives up on a server that does not answer. */
export async function connectClientTimeout(url: string, print: Print): Promise<void> {
  try {
    const client = await connect(url, { connectTimeoutMs: 200, reconnect: false });
    print("connected in time");
    await client.disconnect();
  } catch (error) {
    print(`not connected: ${error instanceof Error ? error.name : String(error)}`);
  }
}

/** Connect_Client_Using_MQTTv5, and the older versions beside it. */
export async function connectClientUsingVersions(url: string, print: Print): Promise<void> {
  for (const protocolVersion of [5, 4, 3] as const) {
    const client = await connect(url, { protocolVersion });
    const { maximumQos, keepAliveSeconds } = client.connectResult ?? {};
    print(`version ${protocolVersion}: QoS up to ${maximumQos}, keep alive ${keepAliveSeconds} s`);
    await client.disconnect();
  }
}

/** Connect_Client_Using_WebSockets: only the URL differs. */
export async function connectClientUsingWebSockets(url: string, print: Print): Promise<void> {
  const client = await connect(url);
  print(`connected to ${new URL(url).protocol.slice(0, -1)}`);
  await client.disconnect();
}

/**
 * Connect_Client_With_TLS_Encryption, Connect_Client_Using_TLS_1_2 and ConnectTls_WithCaFile: `ca` is whom to trust, and
 * `minVersion` the oldest TLS. `rejectUnauthorized: false` trusts everybody and is for trials only.
 */
export async function connectClientWithTls(
  url: string,
  print: Print,
  tls: TlsOptions = {},
): Promise<void> {
  const client = await connect(url, { tls: { minVersion: "TLSv1.2", ...tls } });
  print("connected over TLS");
  await client.disconnect();
}

/** Inspect_Certificate_Validation_Errors: why a certificate is not trusted. */
export async function inspectCertificateErrors(url: string, print: Print): Promise<void> {
  try {
    await connect(url, { reconnect: false });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    print(
      `not trusted: ${cause instanceof Error && "code" in cause ? String(cause.code) : "why?"}`,
    );
  }
}

/** Ping_Server. */
export async function pingServer(url: string, print: Print): Promise<void> {
  const client = await connect(url);
  const milliseconds = await client.ping();
  print(`answered after ${milliseconds >= 0 ? "some" : "no"} milliseconds`);
  await client.disconnect();
}

/** Reconnect_Using_Event and Reconnect_Using_Timer: the client does it by itself. Its events tell of it. */
export async function reconnect(url: string, print: Print, loseIt: () => unknown): Promise<void> {
  const client = new MqttClient(url, { clientId: "reconnects", reconnect: { initialDelayMs: 10 } });
  let connections = 0;
  client.on("connected", () => {
    connections += 1;
    print(`connection ${connections}`);
  });
  client.on("disconnected", ({ wasConnected, willReconnect }) => {
    if (wasConnected) print(willReconnect ? "lost, and coming back" : "disconnected");
  });
  await client.connect();
  await loseIt();
  while (connections < 2) await delay(10);
  await client.disconnect();
}

runSamples(import.meta, {
  connectClient,
  disconnectClean,
  disconnectNonClean,
  connectClientTimeout,
  connectClientUsingVersions,
  pingServer,
});
