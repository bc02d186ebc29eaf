/** Names of the events of the live stream, see `LIVE_EVENTS` in the schemas, and of those of traces. */
export type LiveEventName = "figures" | "happened" | "topics" | "missed" | "record" | "end";

const encoder = new TextEncoder();

/** One event as Server-Sent Events write it. JSON has no line breaks of its own. */
export function eventLines(name: LiveEventName, data: unknown): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}
