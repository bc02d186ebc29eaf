/** Node has four threads for its compiler and collector. On one core the loop would wait for each of them. */
const NODE_ON_ONE_CORE = "--v8-pool-size=1";

/** A command on this core; empty for none of its own. */
export function onCore(
  cpu: string,
  [program, ...args]: readonly [string, ...string[]],
): [string, ...string[]] {
  if (cpu === "") return [program, ...args];
  const options = program === process.execPath ? [NODE_ON_ONE_CORE] : [];
  return ["taskset", "-c", cpu, program, ...options, ...args];
}
