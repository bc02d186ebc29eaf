/** Reads the public members of MQTTnet out of its assemblies and writes them to `members.jsonl`: `npm run surface:mqttnet`. */
import { writeFileSync } from "node:fs";
import { DotnetPart } from "../program.ts";
import type { Surface } from "./members.ts";

await using part = await DotnetPart.start("server");
const surface = await part.call<Surface>("surface");
const lines = Object.entries(surface).map((entry) => JSON.stringify(entry));
writeFileSync(new URL("members.jsonl", import.meta.url), `${lines.join("\n")}\n`);
