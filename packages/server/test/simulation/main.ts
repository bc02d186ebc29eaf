/**
 * `npm run simulate -- --seeds 100000 --seed 1`: runs the simulation for as long as one wants, each seed twice: against the model of
 * the specification, and with slow handlers, stops, crashes and a store that fails (`--only model`, `--only handlers`: once). It
 * prints each seed that fails; `--seeds 1 --seed N` is that run again.
 */
import { parseArgs } from "node:util";
import { faultsOf, History } from "./history.ts";
import { Simulation } from "./simulation.ts";

const KINDS: Readonly<Record<string, (seed: number) => void>> = {
  model: (seed) => new Simulation(seed).run(),
  handlers: (seed) => {
    const history = new History(seed, { hasHandlers: true });
    history.run();
    const faults = faultsOf(history);
    if (faults.length > 0) throw new Error(faults.join("; "));
  },
};

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const first = Number(values.seed);
const last = first + Number(values.seeds) - 1;
const kinds = Object.entries(KINDS).filter(([name]) => (values.only ?? name) === name);
if (kinds.length === 0) throw new Error(`--only ${values.only} is neither model nor handlers`);
let failures = 0;
for (let seed = first; seed <= last; seed += 1) {
  for (const [name, run] of kinds) {
    try {
      run(seed);
    } catch (error) {
      failures += 1;
      console.error(`seed ${seed} (${name}):`, first === last ? error : String(error));
    }
  }
}
console.log(`${last - first + 1} seeds, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;
