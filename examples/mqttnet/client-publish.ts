/** In MQTTnet: Samples/Client/Client_Publish_Samples.cs. */
import { connect } from "@anax/client";
import type { Print } from "../run-example.ts";
import { runSamples } from "./run-samples.ts";

/** Publish_Application_Message. */
export async function publishApplicationMessage(url: string, print: Print): Promise<void> {
  const client = await connect(url);
  await client.publish("samples/temperature/living_room", "19.5");
  print("published");
  await client.disconnect();
}

/** Publish_Multiple_Application_Messages: what is not awaited goes out together. */
export async function publishMultipleApplicationMessages(url: string, print: Print): Promise<void> {
  const client = await connect(url);
  const results = await Promise.all(
    ["19.5", "20.0", "21.0"].map((payload) =>
      client.publish("samples/temperature/living_room", payload, { qos: 1 }),
    ),
  );
  print(`published ${results.length}, all taken: ${results.every((one) => one.reasonCode < 0x80)}`);
  await client.disconnect();
}

runSamples(import.meta, { publishApplicationMessage, publishMultipleApplicationMessages });
