import type { CoreOptions } from "../core-options.ts";
import type { HookName, Hooks } from "./hooks.ts";

/**
 * Ways that are quicker than the general one and come to the same result, where nothing has to be done for a message or a
 * packet by itself:
 *
 * - `runs`: PUBLISH packets that follow each other are one run;
 * - `plainRetaining`: a retained message that no session gets is kept as it was read;
 * - `plainReplay`: retained messages are sent as they are kept;
 * - `storedSending`: queued messages are sent as they were written down;
 * - `acknowledgementRuns`: acknowledgements that follow each other are taken without an object of each;
 * - `writtenPackets`: packets are written without having been made;
 * - `droppedMessages`: a message that needs not be sent again is let go when it is sent, or at PUBREC.
 */
export type ShortCut =
  | "runs"
  | "plainRetaining"
  | "plainReplay"
  | "storedSending"
  | "acknowledgementRuns"
  | "writtenPackets"
  | "droppedMessages";

const NONE: readonly ShortCut[] = [];

/** Which short cuts are closed while an event has handlers. An event that is missing here does not compile. */
const CLOSED_BY_HOOK: Readonly<Record<HookName, readonly ShortCut[]>> = {
  applicationMessageEnqueuedOrDropped: ["runs"],
  applicationMessageNotConsumed: ["runs", "plainRetaining"],
  clientAcknowledgedPublishPacket: ["droppedMessages"],
  clientConnected: NONE,
  clientDisconnected: NONE,
  clientSubscribedTopic: NONE,
  clientUnsubscribedTopic: NONE,
  interceptingClientEnqueue: ["runs", "plainReplay"],
  interceptingInboundPacket: ["runs", "plainRetaining", "acknowledgementRuns"],
  interceptingOutboundPacket: ["runs", "plainReplay", "storedSending", "writtenPackets"],
  // A run may be shown to its handlers (`intercepting-run`).
  interceptingPublish: ["plainRetaining"],
  interceptingSubscription: NONE,
  interceptingUnsubscription: NONE,
  loadingRetainedMessage: NONE,
  preparingSession: NONE,
  queuedApplicationMessageOverwritten: NONE,
  retainedMessageChanged: ["plainRetaining"],
  retainedMessagesCleared: NONE,
  sessionDeleted: NONE,
  started: NONE,
  stopped: NONE,
  validatingConnection: NONE,
};

/** Options that close short cuts, by what they then are. */
const CLOSED_BY_OPTION: readonly {
  readonly isGiven: (options: CoreOptions) => boolean;
  readonly closes: readonly ShortCut[];
}[] = [
  // The general path says what is wrong with a message that may not be retained.
  { isGiven: ({ retainAvailable }) => !retainAvailable, closes: ["plainRetaining"] },
];

/** Which short cuts are open. One branch asks, whatever may close it. */
export class ShortCuts implements Readonly<Record<ShortCut, boolean>> {
  runs = true;
  plainRetaining = true;
  plainReplay = true;
  storedSending = true;
  acknowledgementRuns = true;
  writtenPackets = true;
  droppedMessages = true;
  readonly #hooks: Hooks;
  readonly #options: CoreOptions;

  constructor(hooks: Hooks, options: CoreOptions) {
    this.#hooks = hooks;
    this.#options = options;
    this.update();
  }

  /** To be called when the first handler of an event came, or the last one went. */
  update(): void {
    const closed = new Set<ShortCut>();
    for (const name of Object.keys(CLOSED_BY_HOOK) as HookName[]) {
      if (this.#hooks[name] === undefined) continue;
      for (const shortCut of CLOSED_BY_HOOK[name]) closed.add(shortCut);
    }
    for (const { isGiven, closes } of CLOSED_BY_OPTION) {
      if (isGiven(this.#options)) for (const shortCut of closes) closed.add(shortCut);
    }
    this.runs = !closed.has("runs");
    this.plainRetaining = !closed.has("plainRetaining");
    this.plainReplay = !closed.has("plainReplay");
    this.storedSending = !closed.has("storedSending");
    this.acknowledgementRuns = !closed.has("acknowledgementRuns");
    this.writtenPackets = !closed.has("writtenPackets");
    this.droppedMessages = !closed.has("droppedMessages");
  }
}
