import { readFileSync } from "node:fs";

/** Clock ticks of /proc in a second, on all that Node runs on. */
const TICKS = 100;

/** What a process has used of all cores since it began. */
export function processorSeconds(pid: number): number {
  const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ");
  const fields = rest.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
