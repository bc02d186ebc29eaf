/** `anax`: the command, to be run from a program. The public names, listed by hand. */
export type { Input, Io, Output, Signal } from "./io.ts";
export { processIo } from "./process-io.ts";
export { run } from "./run.ts";
