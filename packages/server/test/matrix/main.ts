/** `npm run matrix`: handlers of each event against all that can happen meanwhile. `--help` says how. */
import { parseArgs } from "node:util";
import { allCells, sliceOfCells, nameOf } from "./cell.ts";
import { runCell } from "./run-cell.ts";

const HELP = `npm run matrix -- [--slice] [--cell "WORDS"]

Each event with each behaviour of its handler, each thing that can happen meanwhile, each QoS, in memory and with a store.

--slice         only what npm test runs
--cell "WORDS"  only cells whose names contain these words
It prints each cell that is wrong, by its name.`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", short: "h", default: false },
    cell: { type: "string", default: "" },
    slice: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const all = values.slice ? sliceOfCells() : allCells();
const cells = all.filter((cell) => nameOf(cell).includes(values.cell));
let wrong = 0;
for (const cell of cells) {
  const faults = await runCell(cell);
  if (faults.length === 0) continue;
  wrong += 1;
  console.error(`${nameOf(cell)}:\n  ${faults.join("\n  ")}`);
}
console.log(`${cells.length} cells, ${wrong} of them wrong`);
// Servers that were killed are never stopped, and would keep the process alive.
process.exit(wrong > 0 || cells.length === 0 ? 1 : 0);
