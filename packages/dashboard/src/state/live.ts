/** The live stream of the server, one for the whole page, opened again when it ends. */
import { errorText } from "./error-text.ts";
import { queryOf } from "./query.ts";
import { serverEvents } from "./server-events.ts";
import { request } from "./session.ts";
import { Store } from "./store.ts";

export interface Figures {
  readonly atMs: number;
  readonly isHealthy: boolean;
  readonly store: string;
  readonly acceptNewConnections: boolean;
  readonly statistics: Readonly<Record<string, number>>;
  /** Since the server started: counts up to each bound, and of longer ones. */
  readonly deliveryTimes: {
    readonly boundsMs: readonly number[];
    readonly counts: readonly number[];
  };
  readonly loopDelay: { readonly meanMs: number; readonly p99Ms: number; readonly maxMs: number };
  readonly memory: { readonly residentBytes: number; readonly heapBytes: number };
  readonly cpuSeconds: number;
}

export interface Happening {
  readonly type: string;
  readonly atMs: number;
  readonly clientId?: string;
  readonly userName?: string;
  readonly topicFilter?: string;
  readonly reason?: string;
  readonly count?: number;
}

export interface ObservedTopic {
  readonly topic: string;
  readonly count: number;
  readonly senderClientId: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly contentType?: string;
  readonly payloadBytes: number;
  readonly payloadBase64?: string;
}

export interface Observed {
  readonly topics: readonly ObservedTopic[];
  readonly observed: number;
  readonly isComplete: boolean;
}

const FIGURES_MAX = 300;
const HAPPENINGS_MAX = 200;
const RETRY_MS = 2_000;

/** Figures of the last five minutes, oldest first. */
export const figures: Store<readonly Figures[]> = new Store<readonly Figures[]>([]);
/** What happened lately, newest first. */
export const happenings: Store<readonly Happening[]> = new Store<readonly Happening[]>([]);
/** Why there is no stream; undefined while there is one. */
export const lostBecause: Store<string | undefined> = new Store<string | undefined>(undefined);

let observer: ((observed: Observed) => void) | undefined;
/** Of one client only; undefined: of all. */
let observedClient: string | undefined;
let running: AbortController | undefined;

/** Opens the stream. */
export function startLive(): void {
  running?.abort();
  running = new AbortController();
  void keepReading(running.signal);
}

export function stopLive(): void {
  running?.abort();
  running = undefined;
  figures.set([]);
  happenings.set([]);
}

/** Has topics observed until the result is called, of one client or of all. */
export function observeTopics(call: (observed: Observed) => void, clientId?: string): () => void {
  observer = call;
  observedClient = clientId;
  if (running !== undefined) startLive();
  return () => {
    if (observer !== call) return;
    observer = undefined;
    if (running !== undefined) startLive();
  };
}

async function keepReading(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await readOnce(signal);
    } catch (error) {
      if (!signal.aborted) lostBecause.set(errorText(error));
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function readOnce(signal: AbortSignal): Promise<void> {
  const query = observer === undefined ? "" : queryOf({ topics: true, clientId: observedClient });
  const { body } = await request("GET", `stream${query}`, { signal });
  lostBecause.set(undefined);
  if (body === null) return;
  for await (const { name, data } of serverEvents(body)) take(name, data);
}

/** A stream that is opened anew begins with figures; what a counter grows in so short a time says nothing of a second. */
const APART_MS = 500;

function withFigures(before: readonly Figures[], fresh: Figures): readonly Figures[] {
  const isEarly = fresh.atMs - (before.at(-1)?.atMs ?? 0) < APART_MS;
  return isEarly ? before : [...before, fresh].slice(-FIGURES_MAX);
}

function take(name: string, data: unknown): void {
  switch (name) {
    case "figures":
      figures.set(withFigures(figures.value, data as Figures));
      break;
    case "happened": {
      const { items } = data as { readonly items: readonly Happening[] };
      happenings.set([...items.toReversed(), ...happenings.value].slice(0, HAPPENINGS_MAX));
      break;
    }
    case "topics":
      observer?.(data as Observed);
      break;
    case "end":
      lostBecause.set((data as { readonly reason: string }).reason);
      break;
    default:
      break;
  }
}
