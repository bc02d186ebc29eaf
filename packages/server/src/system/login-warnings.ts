import { ReasonCode } from "@anax/protocol";
import type { Credentials } from "../ports/authenticator.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log, LogFields } from "../ports/logger.ts";
import { CountedWarning } from "./counted-warning.ts";

/** Wrong passwords in a minute from which on it looks as if somebody guessed. */
const GUESSES = 10;
const MINUTE_MS = 60_000;

/** Warns, counted, where passwords are guessed, where there are too many to check, and where nobody can say who a client is. */
export class LoginWarnings {
  readonly #log: Log;
  readonly #clock: Clock;
  /** By the name of the authenticator that failed. */
  readonly #failures = new Map<string, CountedWarning>();
  /** Clients that were refused since an authenticator failed. */
  authenticationFailures = 0;
  /** Clients that authenticators let in, those that they refused, and those that were to come later. */
  accepted = 0;
  refusals = 0;
  busies = 0;
  readonly #guesses: CountedWarning;
  readonly #busy: CountedWarning;
  #minuteEndsAtMs = 0;
  #refusedInMinute = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#guesses = new CountedWarning("many wrong user names or passwords", log, clock);
    this.#busy = new CountedWarning(
      "too many passwords to check: clients are told to come later",
      log,
      clock,
    );
  }

  /** Counts how an authentication ended; those that failed are counted as such. */
  concluded({ reasonCode }: { readonly reasonCode: number }): void {
    if (reasonCode === ReasonCode.success) this.accepted += 1;
    else if (reasonCode === ReasonCode.serverBusy) this.busies += 1;
    else if (reasonCode !== ReasonCode.serverUnavailable) this.refusals += 1;
  }

  reset(): void {
    this.authenticationFailures = 0;
    this.accepted = 0;
    this.refusals = 0;
    this.busies = 0;
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

  /** An authenticator failed, so the client was refused. */
  failed(authenticator: string, credentials: Credentials, error: Error): void {
    this.authenticationFailures += 1;
    let warning = this.#failures.get(authenticator);
    if (warning === undefined) {
      const text = "an authenticator failed: clients are refused";
      warning = new CountedWarning(text, this.#log, this.#clock);
      this.#failures.set(authenticator, warning);
    }
    warning.add({ authenticator, problem: error.message, ...lastOf(credentials) });
  }
}

function lastOf({ userName, peer }: Credentials): LogFields {
  return { lastUserName: userName, lastAddress: peer.remoteAddress };
}
