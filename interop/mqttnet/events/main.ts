/**
 * Runs the script against both servers and writes what differs to `differences.jsonl`, from which the guide's tables are made:
 * `npm run events:mqttnet`, then `npm run docs`. With `--print`, and the name of a scenario, it shows that instead.
 */
import { writeFileSync } from "node:fs";
import { DotnetPart } from "../program.ts";
import { compareScenario } from "./compare-scenario.ts";
import { fieldDifferences, ourFields } from "./fields.ts";
import type { EventFields } from "./fields.ts";
import { SCENARIOS } from "./scenarios.ts";

const [option, wanted] = process.argv.slice(2);
const scenarios = SCENARIOS.filter(({ name }) => wanted === undefined || name === wanted);
await using part = await DotnetPart.start("server");
const differences = [];
let steps = 0;
for (const scenario of scenarios) {
  const compared = await compareScenario(part, scenario);
  steps += compared.steps;
  differences.push(...compared.differences);
}
const fields = fieldDifferences(await part.call<EventFields>("fields"), ourFields());
const lines = [
  { steps },
  ...differences.map((difference) => ({ difference })),
  ...fields.map((field) => ({ field })),
];
const text = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
if (option === "--print") process.stdout.write(text);
else writeFileSync(new URL("differences.jsonl", import.meta.url), text);
