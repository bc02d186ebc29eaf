/** `npm run simulate`: runs the simulations for as long as one wants, each seed with each of them. `--help` says how. */
import { parseArgs } from "node:util";
import { FullReceivers } from "./full-receivers.ts";
import { ClusterHistory } from "../cluster-simulation/cluster-history.ts";
import { LogHistory } from "../cluster-simulation/log-history.ts";
import { seeded } from "../support/seeded.ts";
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
  full: (seed) => new FullReceivers(seed).run(),
  cluster: (seed) => {
    const history = new ClusterHistory(seed);
    history.run();
    if (history.faults.length > 0) throw new Error(history.faults.join("; "));
  },
  log: (seed) => {
    const history = new LogHistory(seeded(seed));
    history.run();
    if (history.faults.length > 0) throw new Error(history.faults.join("; "));
  },
};

const HELP = `npm run simulate -- [--seeds N] [--seed N] [--only model|handlers|full|cluster|log]

Random histories of a server and its clients on virtual time; each follows from its seed.
  model     against a model of the specification
  handlers  with slow handlers, stops, crashes and a store that fails
  full      clients that are full all the time: what waits, and what is dropped
  cluster   several servers with links that break, crashes and slow stores
  log       nodes that claim one shard, stop and wake, on a log that answers late, twice or never

--seeds N  histories (default 100000)    --seed N  the first (default 1)    --only KIND  (default: all)
It prints each seed that fails; --seeds 1 --seed N is that run again, with its stack.`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", short: "h", default: false },
    seeds: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const first = Number(values.seed);
const last = first + Number(values.seeds) - 1;
const kinds = Object.entries(KINDS).filter(([name]) => (values.only ?? name) === name);
if (kinds.length === 0)
  throw new Error(`--only ${values.only} is none of ${Object.keys(KINDS).join(", ")}`);
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
