/** When something that was done too often is held off, and for how long. */
export interface HoldOffSettings {
  /** How often it may be done within `withinSeconds`. */
  readonly allowed: number;
  /** Seconds after which a time counts no more. Default 60. */
  readonly withinSeconds?: number;
  /** The first time too many is held off for a second, each further one for twice as long, up to so many seconds. Default 300. */
  readonly longestSeconds?: number;
}

/** What clients may do again and again. */
export interface HoldOffLimits {
  /**
   * Logins with a user name and password that are wrong (0x86), of one user name from one address. Further ones are refused with 0x89 before
   * anyone is asked. A login that is right forgives all. false: no limit. Default 10 a minute, held off for 5 minutes at most.
   */
  readonly failedLogins?: HoldOffSettings | false;
  /** Connections of one Client Identifier from one address. Default false: no limit, since a bad line makes clients flap too. */
  readonly flapping?: HoldOffSettings | false;
}

/** The same at work. */
export interface HoldOffs {
  readonly logins: HoldOff | undefined;
  readonly flapping: HoldOff | undefined;
}

const FAILED_LOGINS: HoldOffSettings = { allowed: 10 };

/** With defaults for what is left out. */
export function holdOffsOf({
  failedLogins = FAILED_LOGINS,
  flapping = false,
}: HoldOffLimits): HoldOffs {
  return {
    logins: failedLogins === false ? undefined : new HoldOff(failedLogins),
    flapping: flapping === false ? undefined : new HoldOff(flapping),
  };
}

/** Who is held off, or whom to let go. */
export interface HeldOff {
  /** The address that it comes from; of IPv6 the first 64 bits. */
  readonly network: string;
  /** What it comes with: a user name, or a Client Identifier. */
  readonly name: string;
  /** Until when, in the server's own time. */
  readonly untilMs: number;
}

/** Who is remembered; beyond, those who have been quiet for longest are forgotten. */
const KNOWN_MAX = 10_000;
const FORGOTTEN_AT_ONCE = 1_000;

interface Known {
  readonly network: string;
  readonly name: string;
  times: number;
  lastAtMs: number;
  heldUntilMs: number;
}

/** Holds off what is done again and again, for longer each time, by whoever does it. */
export class HoldOff {
  readonly #allowed: number;
  readonly #withinMs: number;
  readonly #longestMs: number;
  /** In the order of the last time. */
  readonly #known = new Map<string, Known>();

  constructor({ allowed, withinSeconds = 60, longestSeconds = 300 }: HoldOffSettings) {
    this.#allowed = allowed;
    this.#withinMs = withinSeconds * 1_000;
    this.#longestMs = longestSeconds * 1_000;
  }

  /** Who is remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** Milliseconds for which it is held off still; 0 if it is not. */
  heldMs(network: string, name: string, nowMs: number): number {
    return Math.max(0, (this.#known.get(keyOf(network, name))?.heldUntilMs ?? 0) - nowMs);
  }

  /** Those that are held off now, the one that came last at the end. */
  *held(nowMs: number): Generator<HeldOff, void, undefined> {
    for (const { network, name, heldUntilMs: untilMs } of this.#known.values())
      if (untilMs > nowMs) yield { network, name, untilMs };
  }

  /** It was done once more. */
  note(network: string, name: string, nowMs: number): void {
    const key = keyOf(network, name);
    const known = this.#known.get(key) ?? {
      network,
      name,
      times: 0,
      lastAtMs: nowMs,
      heldUntilMs: 0,
    };
    this.#known.delete(key);
    // Each part of the window that was quiet takes one time off, at the pace that is allowed.
    const forgiven = ((nowMs - known.lastAtMs) / this.#withinMs) * this.#allowed;
    known.times = Math.max(0, known.times - forgiven) + 1;
    known.lastAtMs = nowMs;
    const excess = Math.ceil(known.times - this.#allowed);
    if (excess > 0) {
      const holdMs = Math.min(this.#longestMs, 1_000 * 2 ** Math.min(30, excess - 1));
      known.heldUntilMs = nowMs + holdMs;
      // What is held off is not forgiven meanwhile.
      known.lastAtMs = known.heldUntilMs;
    }
    this.#known.set(key, known);
    if (this.#known.size > KNOWN_MAX) this.#forget();
  }

  /** Nothing of it counts any more. */
  forgive(network: string, name: string): void {
    this.#known.delete(keyOf(network, name));
  }

  #forget(): void {
    let left = FORGOTTEN_AT_ONCE;
    for (const key of this.#known.keys()) {
      if (left === 0) return;
      this.#known.delete(key);
      left -= 1;
    }
  }
}

/** No network has a blank in it. */
function keyOf(network: string, name: string): string {
  return `${network} ${name}`;
}
