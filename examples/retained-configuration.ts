/** In MQTTnet: WithRetainFlag, for a configuration that whoever comes later gets too. */
import { connect } from "@anax/client";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

const TOPIC = "configuration/heating";

/** A configuration is published; a device that comes later gets it at once, then each change. */
export async function main(
  _signal: AbortSignal,
  print: Print,
  url = process.argv[2] ?? "mqtt://127.0.0.1:1883",
): Promise<void> {
  await using office = await connect(url);
  const publish = async (degrees: number): Promise<void> => {
    await office.publish(TOPIC, JSON.stringify({ degrees }), { qos: 1, retain: true });
    print(`office: ${degrees} degrees from now on`);
  };
  await publish(19);
  await publish(20);

  await using device = await connect(url);
  for await (const { text, retain } of device.subscribe(TOPIC, { qos: 1 })) {
    print(`device: ${text}, ${retain ? "which was there when I came" : "which is new"}`);
    if (!retain) break;
    await publish(21);
  }
  // An empty message takes the retained one away.
  await office.publish(TOPIC, "", { qos: 1, retain: true });
  print("office: no configuration any more");
}

runExample(import.meta, main);
