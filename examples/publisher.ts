/** In MQTTnet: a client that calls PublishAsync with an MqttApplicationMessageBuilder in a loop. */
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "@anax/client";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

/** Publishes to `mytopic` each second. */
export async function main(
  signal: AbortSignal,
  print: Print,
  url = process.argv[2] ?? "mqtt://127.0.0.1:1883",
  everyMs = 1_000,
): Promise<void> {
  await using client = await connect(url);
  for (let number = 1; !signal.aborted; number += 1) {
    const text = `message ${number}`;
    const { reasonCode } = await client.publish("mytopic", text, { qos: 1 });
    print(reasonCode === 0x10 ? `${text}: nobody subscribes` : `${text}: published`);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

runExample(import.meta, main);
