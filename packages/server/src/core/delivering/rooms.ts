import type { Deadline } from "../deadlines.ts";
import type { Session } from "../sessions/session.ts";

/** Time in which a receiver's use of `holdBackMs` counts, in milliseconds. */
export const HOLD_BACK_WINDOW_MS = 10_000;

/** A message that waits until receivers have room. */
export interface Waiter {
  readonly sinceMs: number;
  readonly bytes: number;
  /** True if somebody is kept waiting with it, as a publisher is for its acknowledgement. */
  readonly holds: boolean;
  /** Goes on, once. */
  resume(): void;
}

/** A stretch of time in which a receiver held others back. */
interface Spell {
  readonly endMs: number;
  readonly ms: number;
}

/** How long messages wait for receivers. */
interface WaitLimits {
  readonly roomWaitMs: number;
  readonly holdBackMs: number;
}

function ownTimeMs({ roomWaitMs, holdBackMs }: WaitLimits): number {
  return Math.min(holdBackMs, roomWaitMs);
}

/** What is known of a receiver whose queue has become full: which messages wait for it, first in first out, and since when. */
export class Room {
  readonly session: Session;
  /** True from when the queue is full until it is half empty. */
  isFull = false;
  /** It has held others back for long enough: messages wait for it no more, until its queue is half empty. */
  isSlow = false;
  /** Oldest first. One that goes on elsewhere stays until it is its turn. */
  readonly waiters: Set<Waiter> = new Set();
  /** Since when somebody waits, and how far the client was with acknowledging then. */
  spell:
    | { readonly sinceMs: number; readonly progress: number; readonly length: number }
    | undefined;
  deadline: Deadline | undefined;
  #spells: Spell[] = [];
  /** Since when it is full, and how far the client was with acknowledging then. */
  #full = { sinceMs: 0, progress: 0 };
  /** Until when its time was counted. */
  #countedToMs = 0;
  /** How far the client was with acknowledging when that was seen to move, and when. */
  #moved = { atMs: 0, progress: -1 };

  constructor(session: Session) {
    this.session = session;
  }

  /** Its queue has reached its limit. */
  fill(nowMs: number): void {
    if (this.isFull) return;
    this.isFull = true;
    this.#full = { sinceMs: nowMs, progress: this.session.sender.progress };
  }

  /** The message that waits for longest. */
  get first(): Waiter | undefined {
    const [first] = this.waiters;
    return first;
  }

  /** The one of them that keeps its publisher waiting. */
  get firstThatHolds(): Waiter | undefined {
    if (this.first?.holds !== false) return this.first;
    for (const waiter of this.waiters) if (waiter.holds) return waiter;
    return undefined;
  }

  /**
   * Since when the time counts, at this receiver, of a message that came then. However long it has waited for others: one that has
   * just become full has `holdBackMs` to make room, up to twice `roomWaitMs` in all.
   */
  countsSinceMs(sinceMs: number, limits: WaitLimits): number {
    const { roomWaitMs } = limits;
    const fullMs = this.#full.sinceMs + ownTimeMs(limits) - roomWaitMs;
    return Math.min(Math.max(sinceMs, fullMs), sinceMs + roomWaitMs);
  }

  /** True if it is full, and has not yet had the time in which each receiver may make room. */
  hasJustFilled(nowMs: number, limits: WaitLimits): boolean {
    return this.isFull && nowMs < this.#full.sinceMs + ownTimeMs(limits);
  }

  /**
   * Since when the time of what waits counts; Infinity if nothing does. Whoever keeps its publisher waiting has its own; a Will
   * keeps nobody waiting, and waits on as long as the client acknowledges anything.
   */
  waitsSinceMs(nowMs: number, limits: WaitLimits): number {
    const { first } = this;
    if (first === undefined) return Infinity;
    const held = this.countsSinceMs(this.firstThatHolds?.sinceMs ?? Infinity, limits);
    const { progress } = this.session.sender;
    if (progress !== this.#moved.progress) this.#moved = { atMs: nowMs, progress };
    return first.holds ? held : Math.min(held, Math.max(first.sinceMs, this.#moved.atMs));
  }

  /** Milliseconds for which it has held others back, of the last ten seconds. */
  heldMs(nowMs: number): number {
    const fromMs = nowMs - HOLD_BACK_WINDOW_MS;
    this.#spells = this.#spells.filter(({ endMs }) => endMs > fromMs);
    return this.#spells.reduce((sum, { ms }) => sum + ms, 0);
  }

  /** Somebody waits from now on. */
  beginSpell(nowMs: number): void {
    const { sender, queue } = this.session;
    this.spell = { sinceMs: nowMs, progress: sender.progress, length: queue.length };
  }

  /**
   * A message that has waited since then for other receivers comes to this one: for as long as it was full it has held
   * the message back too, beside them.
   */
  countBeside(sinceMs: number, nowMs: number): void {
    if (this.spell !== undefined || !this.isFull) return;
    const { sinceMs: fullSinceMs, progress } = this.#full;
    const fromMs = Math.max(sinceMs, fullSinceMs, this.#countedToMs);
    this.spell = { sinceMs: fromMs, progress, length: this.session.queue.length };
    this.endSpell(nowMs);
  }

  /** Nobody does any more, or time is looked at: counts it, unless the client has turned its queue over once a second. */
  endSpell(nowMs: number): void {
    const { spell } = this;
    if (spell === undefined) return;
    this.spell = undefined;
    this.#countedToMs = nowMs;
    const ms = nowMs - spell.sinceMs;
    const taken = this.session.sender.progress - spell.progress;
    if (ms > 0 && taken * 1_000 < spell.length * ms) this.#spells.push({ endMs: nowMs, ms });
  }
}

/** Receivers whose queues are full while their clients read, and all that waits for them. Mostly there are none. */
export class Rooms {
  readonly bySession: Map<Session, Room> = new Map();
  /** Those for which messages that wait may go on. */
  readonly wakeful: Set<Room> = new Set();
  /** When all queues were looked through for the slowest last, since the total of memory was reached. */
  slowestSoughtAtMs = 0;
  /** Messages that wait with their publishers, and their bytes. */
  messages = 0;
  bytes = 0;
  /** Wills that wait, and theirs. */
  wills = 0;
  willBytes = 0;

  /** One more waits (1), or one less (-1). */
  count({ bytes, holds }: Pick<Waiter, "bytes" | "holds">, by: 1 | -1): void {
    if (holds) {
      this.messages += by;
      this.bytes += by * bytes;
    } else {
      this.wills += by;
      this.willBytes += by * bytes;
    }
  }

  /** Receivers that are full, or have been in the last seconds. */
  get size(): number {
    return this.bySession.size;
  }
}
