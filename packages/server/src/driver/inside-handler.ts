import { AsyncLocalStorage } from "node:async_hooks";

/** Client Identifiers, each while a handler of that client's outbound packets runs, and what it has begun. */
const inside = new AsyncLocalStorage<string>();

/** Calls a handler of outbound packets so that what it calls can be told from what others call meanwhile. */
export function insideOutbound<Event extends object, Result>(
  handler: (event: Event) => Result,
): (event: Event) => Result {
  return (event) => inside.run("clientId" in event ? String(event.clientId) : "", handler, event);
}

/** True in a handler of this client's outbound packets: a message to it waits for that handler. */
export function isInsideOutbound(clientId: string): boolean {
  return inside.getStore() === clientId;
}
