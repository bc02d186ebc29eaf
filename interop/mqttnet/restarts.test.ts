/**
 * MQTTnet's client on our server with its store on disk, which is killed or stopped again and again: nothing acknowledged is
 * lost, and what was published at QoS 2 comes exactly once.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { anaxCommand } from "../../crash/server-command.ts";
import { ServerProcess } from "../../crash/server-process.ts";
import { Relay } from "../support/relay.ts";
import { inWhole } from "./how-much.ts";
import { MqttnetClient } from "./mqttnet-client.ts";
import { DotnetPart, isDotnetThere, sayIfLeftOut } from "./program.ts";

sayIfLeftOut();

const RESTARTS = inWhole(20, 2);
const MESSAGES_PER_ROUND = 100;
const STORE = {
  durability: "disk",
  gate: "on",
  checkpointBytes: 65_536,
  checkpointIntervalMs: 1_000,
  residentBytesMax: 65_536,
} as const;

describe.runIf(isDotnetThere)("20 restarts of our server", { timeout: 300_000 }, () => {
  it("lose nothing that MQTTnet's client was told is safe, and nothing comes twice", async () => {
    const directory = mkdtempSync(join(tmpdir(), "anax-restarts-"));
    await using part = await DotnetPart.start("client");
    let server = new ServerProcess(await anaxCommand(directory, { ...STORE, directory }));
    onTestFinished(async () => {
      await server.kill();
      rmSync(directory, { recursive: true, force: true });
    });
    let port = await server.listening;
    // Our own client finds the server by itself, wherever it listens now.
    const relay = await Relay.to(port);
    onTestFinished(() => relay[Symbol.asyncDispose]());
    const got = new Map<string, number>();
    const watcher = await connect(`mqtt://127.0.0.1:${relay.port}`, {
      clientId: "watcher",
      cleanStart: false,
      sessionExpiryIntervalSeconds: 3_600,
      reconnect: { initialDelayMs: 5, delayMaxMs: 50 },
    });
    onTestFinished(() => watcher.disconnect());
    await watcher.subscribe("restarts/#", ({ topic, text }) => count(got, `${topic} ${text}`), {
      qos: 2,
    });
    const subscriber = new MqttnetClient(part, "subscriber");
    const publishers = ([1, 2] as const).map((qos) => ({
      qos,
      client: new MqttnetClient(part, `publisher-${qos}`),
    }));
    const acknowledged = new Set<string>();
    const lasting = { clean: false, expiry: 3_600 };
    for (let round = 0; round <= RESTARTS; round += 1) {
      for (const { client } of publishers) await client.connect({ port, ...lasting });
      const { present } = await subscriber.connect({ port, ...lasting });
      if (round === 0) await subscriber.subscribe("restarts/#", 2);
      else expect(present).toBe(true);
      const publishing = publishers.map(async ({ qos, client }) => {
        const topic = `restarts/${qos}`;
        const from = round * MESSAGES_PER_ROUND;
        for (const number of await client.publishMany(topic, qos, from, MESSAGES_PER_ROUND))
          acknowledged.add(`${topic} ${number}`);
      });
      if (round < RESTARTS) {
        await delay(5 + round * 3);
        await (round % 2 === 0 ? server.kill() : server.stop());
        server = new ServerProcess(await anaxCommand(directory, { ...STORE, directory }));
        port = await server.listening;
        relay.moveTo(port);
      }
      await Promise.all(publishing);
    }
    await last(publishers[0]?.client, watcher);
    await subscriber.messages(1, "restarts/end");
    const seen = await seenBy(subscriber);
    expect([...acknowledged].filter((message) => !got.has(message))).toEqual([]);
    expect([...acknowledged].filter((message) => !seen.has(message))).toEqual([]);
    expect([...got].filter(([name, times]) => name.startsWith("restarts/2") && times > 1)).toEqual(
      [],
    );
    expect(acknowledged.size).toBeGreaterThan(MESSAGES_PER_ROUND);
  });
});

/** Everything of before comes first. */
async function last(publisher: MqttnetClient | undefined, watcher: MqttClient): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    watcher.on("message", ({ topic }) => {
      if (topic === "restarts/end") resolve();
    });
  });
  await publisher?.publish({ topic: "restarts/end", qos: 1 });
  await ended;
}

/** MQTTnet's client keeps nothing between connections: what comes twice to it has DUP. */
async function seenBy(subscriber: MqttnetClient): Promise<ReadonlySet<string>> {
  const times = new Set<string>();
  for (const { topic, payload, duplicate = false } of await subscriber.messages(1)) {
    const name = `${topic} ${payload}`;
    if (times.has(name)) expect([name, duplicate]).toEqual([name, true]);
    times.add(name);
  }
  return times;
}

function count(times: Map<string, number>, name: string): void {
  times.set(name, (times.get(name) ?? 0) + 1);
}
