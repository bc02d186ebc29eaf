/** In MQTTnet: ApplicationMessageReceivedAsync, SubscribeAsync and UnsubscribeAsync. */
import { once } from "node:events";
import { connect } from "@anax/client";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

/** Prints what comes to `mytopic` until a key is pressed, then unsubscribes. */
export async function main(
  signal: AbortSignal,
  print: Print,
  url = process.argv[2] ?? "mqtt://127.0.0.1:1883",
  key: Promise<unknown> = once(process.stdin, "data"),
): Promise<void> {
  await using client = await connect(url);
  const subscription = client.subscribe(
    "mytopic",
    ({ topic, text, qos }) => print(`${topic} at QoS ${qos}: ${text}`),
    { qos: 1 },
  );
  const { grantedQos } = await subscription;
  print(`subscribed to mytopic at QoS ${grantedQos}; press Enter to unsubscribe`);
  await Promise.race([key, once(signal, "abort")]);
  await subscription.unsubscribe();
  print("unsubscribed from mytopic");
}

runExample(import.meta, main);
