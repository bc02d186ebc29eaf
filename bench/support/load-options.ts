/** Options of the programs that load servers, so that each has the same words and limits everywhere. */
import { core, toggle, wholeNumber } from "./program-arguments.ts";
import type { ProgramOption } from "./program-arguments.ts";

/** Where servers and the load generator run. */
export const CORE_OPTIONS = {
  "server-cpu": core("core of the servers", 0),
  "load-cpu": core("core of the load generator", 1),
};

/** Of programs that load servers in turn and keep the results. */
export const LOAD_OPTIONS = {
  runs: wholeNumber("runs of each server", { from: 1, to: 1_000, byDefault: 3 }),
  seconds: wholeNumber("time of a run", { from: 1, to: 3_600, byDefault: 5 }),
  ...CORE_OPTIONS,
  save: toggle("writes to bench/results also what is not complete"),
};

/** How often a run is repeated that other programs disturbed. */
export function triesOption(byDefault: number): ProgramOption<number> {
  const help = "times a run is made at most, if it was disturbed";
  return wholeNumber(help, { from: 1, to: 100, byDefault });
}
