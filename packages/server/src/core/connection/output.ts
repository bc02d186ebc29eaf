import { Backlog } from "./backlog.ts";
import type { BacklogPart } from "./backlog.ts";
import type { BytePool } from "../byte-pool.ts";
import type { Gate } from "./gate.ts";
import { Outbox } from "./outbox.ts";

/** A turn of the loop puts no more than about this many bytes of messages into one outbox. */
const OUTBOX_HIGH_WATER = 262_144;

/** What the backlogs of all connections share. */
interface BacklogContext {
  readonly pool: BytePool;
  readonly backlogParts: Set<BacklogPart>;
}

/** What is to be sent on a connection: what the wire has not taken, and what waits before it. */
export class Output {
  /** What goes to the wire next. */
  readonly outbox: Outbox;
  /** What waits for the journal; undefined while nothing does. */
  gate: Gate | undefined;
  /** The wire has not taken all that it was given. */
  isCongested = false;
  /** In the list of connections to be written to. */
  isListed = false;
  /** Messages wait until the handlers of `clientConnected` are done. */
  isHeld = true;
  /** CONNACK that lets the client in is in the outbox: nothing else may be before it [MQTT-3.2.0-1]. */
  isWelcomed = false;
  #backlog: Backlog | undefined;
  #onWire: Outbox[] | undefined;

  constructor(pool: BytePool) {
    this.outbox = new Outbox(pool);
  }

  /** As long as there is room, a message may be put into the outbox, however large it is; not above 0 if it may not. */
  get roomBytes(): number {
    if (this.isCongested || this.isHeld) return 0;
    return OUTBOX_HIGH_WATER - this.outbox.length - (this.gate?.length ?? 0);
  }

  /** True if messages may be put into the outbox as soon as this turn's output was written. */
  get isFullForTurn(): boolean {
    return !this.isCongested && !this.isHeld && this.outbox.length >= OUTBOX_HIGH_WATER;
  }

  /** QoS 0 messages that wait because the client does not read; acknowledgements go past them. */
  backlogOf(core: BacklogContext, clientId: string): Backlog {
    const { pool, backlogParts: parts } = core;
    return (this.#backlog ??= new Backlog({ clientId, pool, parts }));
  }

  /** Bytes in the backlog, which most connections never have. */
  get backlogLength(): number {
    return this.#backlog === undefined ? 0 : this.#backlog.length;
  }

  /** The wire has not taken this as a whole: it counts as held until the wire has. */
  keepOnWire(output: Outbox): void {
    (this.#onWire ??= []).push(output);
  }

  /** The wire has taken all that it was given, or is gone. */
  letGoOfWire(): void {
    if (this.#onWire === undefined) return;
    for (const output of this.#onWire) output.letGo();
    this.#onWire = undefined;
  }

  /** Forgets what was not sent. */
  clear(): void {
    this.outbox.clear();
    this.dropBacklog();
  }

  /** Forgets the backlog. */
  dropBacklog(): void {
    this.#backlog?.clear();
  }
}
