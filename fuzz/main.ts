/**
 * `npm run fuzz -- --inputs 100000000 --seed 1`: tries so many inputs in all, shared out by how fast each reader is, and tells how many each had and what memory
 * it took. `--only jwt` tries one reader. It ends at the first fault.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";
import { targets } from "./targets.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
/** Inputs of one seed. */
const ROUND = 2_000;
/** Milliseconds that a reader has before the next one has its turn. */
const TURN_MS = 2_000;
const TELL_MS = 30_000;

const known = await targets();
const chosen = known.filter(({ name }) => (values.only ?? name) === name);
if (chosen.length === 0)
  throw new Error(`--only ${values.only} is none of ${known.map(({ name }) => name).join(", ")}`);
const wanted = Number(values.inputs);
const counts = new Map<string, number>(chosen.map(({ name }) => [name, 0]));
let tried = 0;
let seed = Number(values.seed);
let toldMs = performance.now();

function tell(): void {
  const megabytes = Math.round(process.memoryUsage().rss / 1_048_576);
  const each = Array.from(counts, ([name, count]) => `${name} ${count}`).join(", ");
  process.stdout.write(`${tried} inputs, ${megabytes} MB resident (${each}), next seed ${seed}\n`);
  toldMs = performance.now();
}

while (tried < wanted) {
  for (const target of chosen) {
    const endMs = performance.now() + TURN_MS;
    while (tried < wanted && performance.now() < endMs) {
      const count = Math.min(ROUND, wanted - tried);
      await fuzz(target, seed, count);
      seed += 1;
      tried += count;
      counts.set(target.name, (counts.get(target.name) ?? 0) + count);
    }
    if (performance.now() - toldMs > TELL_MS) tell();
  }
}
tell();
