import { clearTimeout, setTimeout } from "./platform.ts";

/** The longest that Node's timers take. */
const LONG_MS = 0x7fffffff;

/**
 * What the promise gives. Until then the process does not end by itself, as it would where nothing else is open: the server's
 * own timers, time limits among them, do not keep it alive.
 */
export async function holdingProcess<Result>(promise: Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => undefined, LONG_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
