/** A trace of one client: all that happens to it, as the server tells it. */
import { serverEvents } from "./server-events.ts";
import { request } from "./session.ts";

export interface TraceRecord {
  readonly atMs: number;
  readonly type: string;
  readonly packet?: Readonly<Record<string, unknown>>;
  readonly topic?: string;
  readonly action?: string;
  readonly reasonCode?: number;
  readonly reason?: string;
  readonly rule?: { readonly source?: string };
  readonly count?: number;
  readonly payloadBytes?: number;
}

/** Seconds of a trace. */
export const TRACE_SECONDS = 60;
/** Records after which a trace ends. */
export const TRACE_RECORDS = 1_000;
/** Bytes of a payload that are shown, where payloads are asked for. */
const PAYLOAD_BYTES = 200;

export interface Tracing {
  readonly clientId: string;
  readonly withPayloads: boolean;
  readonly take: (record: TraceRecord) => void;
  /** Stops it. */
  readonly signal: AbortSignal;
}

/** Follows a client until its time is over or it is stopped. The server keeps nothing of it then. */
export async function traceClient(tracing: Tracing): Promise<void> {
  const { clientId, withPayloads, take, signal } = tracing;
  const body = {
    clientId,
    durationSeconds: TRACE_SECONDS,
    recordsMax: TRACE_RECORDS,
    ...(withPayloads && { payloadBytesMax: PAYLOAD_BYTES }),
  };
  const { id } = (await (await request("POST", "traces", { body })).json()) as {
    readonly id: string;
  };
  try {
    const stream = await request("GET", `traces/${id}/stream`, { signal });
    if (stream.body === null) return;
    for await (const { name, data } of serverEvents(stream.body)) {
      if (name === "record") take(data as TraceRecord);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await request("DELETE", `traces/${id}`);
  }
}
