import type { Credentials } from "../ports/authenticator.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log, LogFields } from "../ports/logger.ts";
import { CountedWarning } from "./counted-warning.ts";

/** Wrong passwords in a minute from which on it looks as if somebody guessed. */
const GUESSES = 10;
const MINUTE_MS = 60_000;

/** Warns, counted, where passwords are guessed and where there are too many to check. */
export class LoginWarnings {
  readonly #clock: Clock;
  readonly #guesses: CountedWarning;
  readonly #busy: CountedWarning;
  #minuteEndsAtMs = 0;
  #refusedInMinute = 0;

  constructor(log: Log, clock: Clock) {
    this.#clock = clock;
    this.#guesses = new CountedWarning("many wrong user names or passwords", log, clock);
    this.#busy = new CountedWarning(
      "too many passwords to check: clients are told to come later",
      log,
      clock,
    );
  }

  /** A user name or password was wrong. */
  refused(credentials: Credentials): void {
    const now = this.#clock.now();
    if (now >= this.#minuteEndsAtMs) {
      this.#minuteEndsAtMs = now + MINUTE_MS;
      this.#refusedInMinute = 0;
    }
    this.#refusedInMinute += 1;
    if (this.#refusedInMinute >= GUESSES) this.#guesses.add(lastOf(credentials));
  }

  /** A password could not be checked. */
  busy(credentials: Credentials): void {
    this.#busy.add(lastOf(credentials));
  }
}

function lastOf({ userName, peer }: Credentials): LogFields {
  return { lastUserName: userName, lastAddress: peer.remoteAddress };
}
