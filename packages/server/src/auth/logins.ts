import { MqttHandlerTimeoutError } from "../errors.ts";
import type { ServerEventHandlers } from "../events.ts";
import type { ServerParts } from "../options.ts";
import type { Authenticator } from "../ports/authenticator.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";
import { LoginWarnings } from "../system/login-warnings.ts";
import type { AuthenticationStatistics } from "../system/server-statistics.ts";
import { within } from "../user-code.ts";
import { authenticatingHandler } from "./authenticating-handler.ts";
import { AuthenticatorList } from "./authenticator-list.ts";
import { ClientIdPattern } from "./client-id-pattern.ts";
import { PasswordFile } from "./password-file.ts";
import { UserList } from "./user-list.ts";

/** Who is let in, as the options of a server say it. */
export class Logins {
  /** Ask the authenticators; empty where the options have none, and everybody is let in. */
  readonly handlers: ServerEventHandlers;
  readonly #authenticators: AuthenticatorList | undefined;
  readonly #warnings: LoginWarnings;

  constructor(options: ServerParts, log: Log, clock: Clock) {
    const { clientIdPattern: pattern } = options;
    this.#warnings = new LoginWarnings(log, clock);
    this.#authenticators = authenticatorsOf(options);
    this.handlers =
      this.#authenticators === undefined
        ? {}
        : {
            validatingConnection: authenticatingHandler({
              authenticators: this.#authenticators,
              clientIdPattern: pattern === undefined ? undefined : new ClientIdPattern(pattern),
              warnings: this.#warnings,
            }),
          };
  }

  /** How authentications ended. */
  get statistics(): AuthenticationStatistics {
    const { authenticationFailures, accepted, refusals, busies } = this.#warnings;
    return {
      authenticationsAccepted: accepted,
      authenticationsRefused: refusals,
      authenticationsBusy: busies,
      authenticationFailures,
    };
  }

  resetStatistics(): void {
    this.#warnings.reset();
  }

  /** Has authenticators load what they need. Rejects with what they reject with, or if they have not done so in time. */
  async load(clock: Clock, limitMs: number): Promise<void> {
    const tooLate = (): Error =>
      new MqttHandlerTimeoutError(`the authenticator has not loaded after ${limitMs} ms`);
    await within(() => this.#authenticators?.load(), { clock, limitMs, tooLate });
  }
}

/** The authenticators that options ask for; undefined if they let everybody in. */
function authenticatorsOf(options: ServerParts): AuthenticatorList | undefined {
  const { users, passwordFile, authenticate, authenticators } = options;
  if (authenticators !== undefined) return new AuthenticatorList(authenticators.map(asObject));
  if (users !== undefined) return new AuthenticatorList([new UserList(users)]);
  if (passwordFile !== undefined) return new AuthenticatorList([new PasswordFile(passwordFile)]);
  return authenticate === undefined ? undefined : new AuthenticatorList([asObject(authenticate)]);
}

function asObject(given: Authenticator["authenticate"] | Authenticator): Authenticator {
  return typeof given === "function" ? { authenticate: given } : given;
}
