import type { Connection } from "./connection.ts";
import type { ConnectionContext } from "./connection-context.ts";

/*
 * What is to be stored waits in memory while a commit is under way. Where the disk is slow, or stands still, clients that ignore
 * that nothing is acknowledged, or that are many, would fill the memory: they are read no further until the next
 * commit takes what waits. Those that have nothing stored go on.
 */

/** Notes that a packet of the client had something written down since `appendedBefore`. */
export function noteStored(
  core: ConnectionContext,
  connection: Connection,
  appendedBefore: number | undefined,
): void {
  const { journal } = core;
  if (journal !== undefined && journal.appended !== appendedBefore)
    connection.storedAt = journal.position;
}

/** True while more waits for the store than may, and some of that, or of the commit under way, is of this client. */
export function isHeldBack(core: ConnectionContext, connection: Connection): boolean {
  const { journal } = core;
  if (journal === undefined || journal.openBytes <= core.options.unstoredBytesMax) return false;
  // A store that takes nothing has clients refused, and told so.
  if (journal.health !== "good" || connection.storedAt < journal.position - 1) return false;
  core.heldBack.add(connection);
  return true;
}

/** Reads on what was held back, in the order in which it began to wait, until too much waits again. */
export function letOn(core: ConnectionContext): void {
  for (const connection of Array.from(core.heldBack)) {
    if (isHeldBack(core, connection)) return;
    core.heldBack.delete(connection);
    core.readOn(connection);
  }
}
