import { dismiss } from "./closing.ts";
import type { Connection } from "./connection.ts";
import type { CoreContext } from "../core-context.ts";

const KEEP_ALIVE_TIMEOUT = 0x8d;

/** Closes the connection if CONNECT does not come in time. How long handlers may take then is not limited here. */
export function watchConnect(core: CoreContext, connection: Connection): void {
  connection.deadline = core.deadlines.add(core.now + core.options.connectTimeoutMs, () => {
    connection.ending.error = new Error(`no CONNECT within ${core.options.connectTimeoutMs} ms`);
    dismiss(core, connection, { reasonCode: KEEP_ALIVE_TIMEOUT });
  });
}

/**
 * Ends the connection after one and a half times its Keep Alive without a packet [MQTT-3.1.2-22]. Packets only note
 * the time at which they came; the deadline looks at that when it is due, and moves on.
 */
export function watchKeepAlive(core: CoreContext, connection: Connection): void {
  core.deadlines.cancel(connection.deadline);
  connection.deadline = undefined;
  const limitMs = connection.agreement.keepAliveSeconds * 1_500;
  if (limitMs === 0) return;
  connection.deadline = core.deadlines.add(connection.lastReceivedAtMs + limitMs, () => {
    const isOverdue = core.now >= connection.lastReceivedAtMs + limitMs;
    // A client that the server itself keeps waiting is not silent.
    if (connection.isWaiting || connection.isLate || core.heldBack.has(connection))
      connection.lastReceivedAtMs = core.now;
    else if (isOverdue) return dismiss(core, connection, { reasonCode: KEEP_ALIVE_TIMEOUT });
    watchKeepAlive(core, connection);
  });
}
