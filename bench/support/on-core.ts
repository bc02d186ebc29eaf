/** Node has four threads for its compiler and collector. On one core the loop would wait for each of them. */
const SHORT_TURNS = "--v8-pool-size=1";

/**
 * A command on this core; empty for none of its own. `hasShortTurns`: where turns of the loop are timed Node is told that
 * it has one core. Elsewhere it is not: code that has just become hot is compiled a little later then.
 */
export function onCore(
  cpu: string,
  [program, ...args]: readonly [string, ...string[]],
  { hasShortTurns = false }: { readonly hasShortTurns?: boolean } = {},
): [string, ...string[]] {
  if (cpu === "") return [program, ...args];
  const options = hasShortTurns && program === process.execPath ? [SHORT_TURNS] : [];
  return ["taskset", "-c", cpu, program, ...options, ...args];
}
