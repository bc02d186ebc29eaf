/**
 * `npm run simulate -- --seeds 100000 --seed 1`: runs the simulation for as long as one wants. It prints each
 * seed that fails; `--seeds 1 --seed N` is that run again.
 */
import { parseArgs } from "node:util";
import { Simulation } from "./simulation.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});
const first = Number(values.seed);
const last = first + Number(values.seeds) - 1;
let failures = 0;
for (let seed = first; seed <= last; seed += 1) {
  try {
    new Simulation(seed).run();
  } catch (error) {
    failures += 1;
    console.error(`seed ${seed}:`, first === last ? error : String(error));
  }
}
console.log(`${last - first + 1} seeds, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;
