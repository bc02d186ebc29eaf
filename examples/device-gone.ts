/** In MQTTnet: WithWillTopic, WithWillPayload and WithWillRetain, for a device that dies. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { connect } from "@anax/client";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

const TOPIC = "devices/7/state";

/** Starts a device as a process of its own, kills it, and hears of it from the server. */
export async function main(
  signal: AbortSignal,
  print: Print,
  url = process.argv[2] ?? "mqtt://127.0.0.1:1883",
): Promise<void> {
  await using monitor = await connect(url);
  const states = monitor.subscribe(TOPIC, { qos: 1, signal });
  await states;
  const device = startDevice(url);
  for await (const { text } of states) {
    print(`devices/7 is ${text}`);
    if (text === "gone") break;
    device.kill("SIGKILL");
    print("killed the process of devices/7");
  }
  await monitor.publish(TOPIC, "", { qos: 1, retain: true });
}

function startDevice(url: string): ReturnType<typeof spawn> {
  const program = fileURLToPath(import.meta.url);
  const args = ["--conditions=source", "--import=tsx", program, url, "device"];
  return spawn(process.execPath, args, { stdio: "inherit" });
}

/** The device: it says that it is here, and has left with the server what to say when it is not. */
async function runDevice(
  signal: AbortSignal,
  _print: Print,
  url = process.argv[2] ?? "",
): Promise<void> {
  const will = { topic: TOPIC, payload: "gone", qos: 1, retain: true } as const;
  const client = await connect(url, { clientId: "device-7", will, signal });
  await client.publish(TOPIC, "here", { qos: 1, retain: true });
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

runExample(import.meta, process.argv[3] === "device" ? runDevice : main);
