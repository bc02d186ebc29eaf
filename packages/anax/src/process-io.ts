import type { Io, Signal } from "./io.ts";

/** The surroundings of a real process. */
export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    onSignal: onProcessSignal,
  };
}

function onProcessSignal(
  signals: readonly Signal[],
  listener: (signal: Signal) => void,
): () => void {
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
