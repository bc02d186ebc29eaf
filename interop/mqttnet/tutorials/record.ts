/** Runs all tutorials in all pairings and writes down what they say: `npm run tutorials:mqttnet`. */
import { writeFileSync } from "node:fs";
import { PAIRINGS, Tutorials } from "./pairings.ts";
import type { Said } from "./pairings.ts";
import {
  keyOfDifference,
  nameOf,
  RECORDING_FILE,
  textOfRecording,
  tutorialDifferences,
} from "./recorded.ts";
import type { Recording } from "./recorded.ts";
import { REASONS } from "./reasons.ts";
import { TUTORIALS } from "./tutorials.ts";

/** A server that has said nothing for so long has said all. */
const QUIET_MS = 500;

async function isQuiet(lines: readonly string[]): Promise<boolean> {
  const { length } = lines;
  await new Promise((resolve) => {
    setTimeout(resolve, QUIET_MS);
  });
  return lines.length === length;
}

const recording: Record<string, Record<string, Said>> = {};
await using tutorials = await Tutorials.start();
for (const tutorial of TUTORIALS) {
  const said: Record<string, Said> = (recording[tutorial] = {});
  for (const pairing of PAIRINGS)
    said[nameOf(pairing)] = await tutorials.run(tutorial, pairing, isQuiet);
}
writeFileSync(RECORDING_FILE, textOfRecording(recording as Recording));
for (const difference of tutorialDifferences(recording as Recording)) {
  const key = keyOfDifference(difference);
  process.stdout.write(
    `${key}\n  in ${difference.pairings.join("; ")}\n  ${REASONS[key] ?? "NO REASON"}\n`,
  );
}
