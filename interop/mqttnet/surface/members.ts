/** The public types and members of MQTTnet, as its assemblies have them: `members.jsonl`, written by `npm run surface:mqttnet`. */
import { readFileSync } from "node:fs";

/** Members by type; of an enumeration with its numbers. */
export type Surface = Readonly<Record<string, Readonly<Record<string, number | null>>>>;

/** As it was read last. */
export function membersOfMqttnet(): Surface {
  const text = readFileSync(new URL("members.jsonl", import.meta.url), "utf8");
  const lines = text.trim().split("\n");
  return Object.fromEntries(lines.map((line) => JSON.parse(line) as [string, Surface[string]]));
}
