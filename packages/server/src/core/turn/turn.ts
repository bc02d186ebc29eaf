import type { Connection } from "../connection/connection.ts";
import type { Pending } from "../pending.ts";

/*
 * A turn of the loop has a budget, whoever asks: thousands of clients that speak at once, a SUBSCRIBE of thousands of filters or
 * the end of a session that has as many would else hold up everybody. What costs something counts steps. Each few hundred steps
 * the clock is looked at; then, or at its next filter or packet, who has had a share makes room for who waits. What is left when
 * the turn is over goes on in the next one, with output, timers and what has come meanwhile between.
 */

/**
 * Milliseconds that each part of a turn may take: packets that come, those of quiet clients that wait, those of busy ones with other
 * work, new output, output that waits, replays. Clocks and the collector want some, and the machine may lend the core to others.
 */
const PART_MS = 2;
/**
 * So many times as long for what thousands of clients do once each: small packets, and output. It is no quicker done in pieces, and
 * what has come behind it waits for all of it either way.
 */
const LONG = 4;
/** A turn of the loop that takes longer, of whatever cause, is late: parts of the next ones have less, until turns take half of this. */
const TURN_MS_MAX = 50;
/** The least that a part may have, as a share of what is usual. */
const PART_OF_LATE_MIN = 0.25;
/** So quickly it gets more again. */
const RECOVERY = 1.25;
/** Steps after which a part is over, however little time they took; a step is about a third of a microsecond. */
const PART_STEPS = 16_384;
/** Steps between two looks at the clock. */
const LOOK_STEPS = 256;
/**
 * Steps of one busy connection or work before the next one has its share. With less, thousands of them would all be done at the
 * very end.
 */
const SHARE_STEPS = 2_048;

/** Who has had more than its share at one go makes up for so much of it. */
const DEBT_STEPS_MAX = 8 * SHARE_STEPS;

/**
 * What the commonest things cost, in steps: about a third of a microsecond each. What is counted one by one, such as nodes
 * that matching goes over, messages of a run and receivers of a message, is a step.
 */
export const STEPS = {
  packet: 16,
  filter: 16,
  write: 16,
  close: 32,
  deadline: 16,
  wake: 48,
} as const;

/** What it costs to make or to end a subscription: more with long filters, which have many levels. */
export function stepsOfFilter(filter: string): number {
  return STEPS.filter + (filter.length >>> 2);
}

/** A client that is read late and has sent no more than this is quiet: it goes before those that have much to say. */
const QUIET_BYTES = 512;

/** Bytes of all clients that wait for a turn, above which what comes is taken at once, however long that makes the turn. */
const LATE_BYTES_TOTAL_MAX = 134_217_728;

/** First bytes from PUBACK on, and of what comes behind PUBCOMP; PINGREQ as a whole. */
const PUBACK = 0x40;
const SUBSCRIBE = 0x80;
const PINGREQ = 0xc0;

/** Work that can be cut. */
export interface LongWork {
  /** Does some; true if there is more to do. Counts its steps, and returns once they are a share. */
  goOn(): boolean;
}

/** What a turn may do, in place of what is usual. */
export interface TurnBudget {
  readonly ms: number;
  readonly steps: number;
  /** Receivers that are given a message in one go. */
  readonly receivers?: number;
  /** Bytes of all clients that may wait for a turn. */
  readonly lateBytes?: number;
  /** Nodes of the tree of filters that are gone over in one go, to find them. */
  readonly nodes?: number;
}

/** True if the client has sent little. */
function isQuiet({ framer }: Connection): boolean {
  return framer.pending <= QUIET_BYTES;
}

/** True for an acknowledgement, for which messages may wait, and for PINGREQ, which asks whether the server lives. */
function isAnswer({ framer }: Connection): boolean {
  const firstByte = framer.bytes[framer.position] ?? 0;
  return (firstByte >= PUBACK && firstByte < SUBSCRIBE) || firstByte === PINGREQ;
}

/** How far a part of this turn of the loop has come, and what waits for one. */
export class Turn {
  /** True once nothing more should be begun in this part of the turn. */
  isOver = false;
  /** The same for what is little. */
  isLong = false;
  readonly #currentMs: () => number;
  readonly #begun: () => void;
  readonly #budget: TurnBudget;
  /** What parts have, as a share of what is usual: less while turns are late. */
  #scale = 1;
  #lateBytes = 0;
  readonly #quiet: Set<Connection> = new Set();
  readonly #busy: Set<Connection | LongWork> = new Set();
  /** Steps that each has had above its share. */
  readonly #debts: Map<Connection | LongWork, number> = new Map();
  /** Steps until the next look; what is below 0 was counted in one go. */
  #left = 0;
  /** Of how many. */
  #of = 0;
  /** Steps since the last look at the clock, of this share and of this part; `#of - #left` are to be added. */
  #unlooked = 0;
  #shared = 0;
  #spent = 0;
  #endsAtMs = Infinity;

  /**
   * `currentMs`: milliseconds of a clock that goes on while the core is at work. `begun` is called when something was counted: the
   * turn is to have an end.
   */
  constructor(
    currentMs: () => number,
    begun: () => void = () => undefined,
    budget: TurnBudget = { ms: PART_MS, steps: PART_STEPS },
  ) {
    this.#currentMs = currentMs;
    this.#begun = begun;
    this.#budget = budget;
  }

  /** Connections, and works, that wait for a turn. */
  get waiting(): number {
    return this.#quiet.size + this.#busy.size;
  }

  /** Bytes that were read of connections that wait for a turn. */
  get lateBytes(): number {
    return this.#lateBytes;
  }

  /** Steps of this part so far. */
  get spent(): number {
    return this.#spent + this.#of - this.#left;
  }

  /** The feedback of a turn that is over: all of it has taken so long, with what the core does not know of. */
  took(ms: number): void {
    if (ms > TURN_MS_MAX) this.#scale = Math.max(PART_OF_LATE_MIN, this.#scale / 2);
    else if (this.#scale < 1 && ms < TURN_MS_MAX / 2)
      this.#scale = Math.min(1, this.#scale * RECOVERY);
  }

  /** A part of a turn: nothing was counted yet. The time begins with the first step. */
  begin(): void {
    this.isOver = false;
    this.isLong = false;
    this.#left = 0;
    this.#of = 0;
    this.#unlooked = 0;
    this.#shared = 0;
    this.#spent = 0;
    this.#endsAtMs = Infinity;
  }

  /** Hot path: counts steps. True if who has done them should make room, if it can. */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left <= 0 && this.#look();
  }

  /** Whether there is time left. */
  hasTime(): boolean {
    this.#look();
    return !this.isOver;
  }

  #look(): boolean {
    this.#add();
    this.#unlooked = 0;
    const ms = this.#budget.ms * this.#scale;
    const steps = this.#budget.steps * this.#scale;
    const nowMs = this.#currentMs();
    if (this.#endsAtMs === Infinity) {
      this.#endsAtMs = nowMs + ms;
      this.#begun();
    }
    this.isOver = nowMs >= this.#endsAtMs || this.#spent >= steps;
    this.isLong = nowMs >= this.#endsAtMs + (LONG - 1) * ms || this.#spent >= LONG * steps;
    return this.isOver || (this.#shared >= SHARE_STEPS && this.waiting > 0);
  }

  /** Adds up what was counted since. */
  #add(): void {
    const steps = this.#of - this.#left;
    this.#spent += steps;
    this.#shared += steps;
    this.#unlooked += steps;
    this.#of = LOOK_STEPS;
    this.#left = LOOK_STEPS;
  }

  /** Gives another one its share. */
  #next(): void {
    this.#add();
    this.#shared = 0;
    if (this.#unlooked >= LOOK_STEPS) this.#look();
  }

  /** Whether what has just come of the connection may be taken at once. */
  takes(connection: Connection): boolean {
    if (!this.isOver) return true;
    const isSmall = !this.isLong || connection.intake.isRegular || isAnswer(connection);
    return isSmall && isQuiet(connection);
  }

  /**
   * Packets of the connection wait: of one that has much to say behind all others that have. They do not, if that would be too
   * much in memory.
   */
  defer(connection: Connection): void {
    const bytes = connection.framer.pending;
    // It may be put off again before its turn has come.
    const counted = connection.intake.isLate ? connection.intake.lateBytes : 0;
    const allBytes = this.#lateBytes - counted + bytes;
    if (allBytes > (this.#budget.lateBytes ?? LATE_BYTES_TOTAL_MAX)) return;
    this.#lateBytes = allBytes;
    connection.intake.lateBytes = bytes;
    if (connection.intake.isLate) return;
    connection.intake.isLate = true;
    if (this.isLong && isQuiet(connection)) this.#quiet.add(connection);
    else this.#busy.add(connection);
    this.#begun();
  }

  /** The connection waits for no turn any more. */
  leave(connection: Connection): void {
    if (!connection.intake.isLate) return;
    connection.intake.isLate = false;
    this.#lateBytes -= connection.intake.lateBytes;
    this.#quiet.delete(connection);
    this.#busy.delete(connection);
    this.#debts.delete(connection);
  }

  /** Does the work when there is time, a share of it in each round. */
  queue(work: LongWork): void {
    this.#busy.add(work);
    this.#begun();
  }

  /**
   * Where a task can be cut: `if (turn.spend(steps)) yield turn.rest(connection)`. It goes on when its next share has come.
   * `connection`: of which it is a packet.
   */
  rest(connection?: Connection): Pending {
    return {
      kind: "turn",
      whenSettled: (resume) => {
        if (connection !== undefined) connection.intake.isCut = true;
        const goOn = (): boolean => {
          if (connection !== undefined) connection.intake.isCut = false;
          resume();
          return false;
        };
        this.queue({ goOn });
      },
    };
  }

  /** Reads on, as far as the time allows, what earlier turns had no time for, and does what works wait, in rotation. */
  goOn(readOn: (connection: Connection) => void): void {
    this.begin();
    for (const connection of this.#quiet) {
      this.#next();
      if (this.isLong) break;
      this.leave(connection);
      readOn(connection);
    }
    // Those that have much to say have a time of their own: newcomers must not keep them waiting for ever.
    this.begin();
    // Who has to wait again comes last, and is seen by this loop once more.
    for (const one of this.#busy) {
      this.#next();
      if (this.isOver) return;
      this.#busy.delete(one);
      if (this.#isInDebt(one)) this.#busy.add(one);
      else this.#giveShare(one, readOn);
    }
  }

  /** Who has had more than its share lets rounds go by. */
  #isInDebt(one: Connection | LongWork): boolean {
    const debt = this.#debts.get(one);
    if (debt === undefined) return false;
    this.#debts.delete(one);
    if (debt <= SHARE_STEPS || this.#busy.size === 0) return false;
    this.#left -= 1;
    this.#debts.set(one, debt - SHARE_STEPS);
    return true;
  }

  #giveShare(one: Connection | LongWork, readOn: (connection: Connection) => void): void {
    const before = this.spent;
    if ("goOn" in one) {
      if (one.goOn()) this.#busy.add(one);
    } else {
      this.leave(one);
      readOn(one);
    }
    const debt = Math.min(this.spent - before - SHARE_STEPS, DEBT_STEPS_MAX);
    if (debt > SHARE_STEPS && this.#busy.has(one)) this.#debts.set(one, debt);
  }
}
