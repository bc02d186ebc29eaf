import { MqttHandlerTimeoutError } from "../errors.ts";
import type { ServerParts } from "../options.ts";
import type { Authenticator } from "../ports/authenticator.ts";
import type { Clock } from "../ports/clock.ts";
import { within } from "../user-code.ts";
import { PasswordFile } from "./password-file.ts";
import { UserList } from "./user-list.ts";

/** The authenticator that options ask for; undefined if they let everybody in. */
export function authenticatorOf(options: ServerParts): Authenticator | undefined {
  const { users, passwordFile, authenticate } = options;
  if (users !== undefined) return new UserList(users);
  if (passwordFile !== undefined) return new PasswordFile(passwordFile);
  return typeof authenticate === "function" ? { authenticate } : authenticate;
}

/** Has an authenticator load what it needs. Rejects with what it rejects with, or if it has not done so in time. */
export async function loadInTime(
  authenticator: Authenticator | undefined,
  clock: Clock,
  limitMs: number,
): Promise<void> {
  const tooLate = (): Error =>
    new MqttHandlerTimeoutError(`the authenticator has not loaded after ${limitMs} ms`);
  await within(() => authenticator?.load?.(), { clock, limitMs, tooLate });
}
