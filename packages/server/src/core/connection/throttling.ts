import type { Connection } from "./connection.ts";

/** Reads no further from a client whose answers pile up, because it does not take them or a handler is slow. */
export function throttle(connection: Connection): void {
  if (connection.isThrottled) return;
  connection.isThrottled = true;
  connection.wire.pause();
}

/** Reads on, unless a packet waits for a handler. */
export function unthrottle(connection: Connection): void {
  if (!connection.isThrottled) return;
  connection.isThrottled = false;
  if (!connection.isPaused) connection.wire.resume();
}
