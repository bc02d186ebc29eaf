import type { ServerParts } from "../options.ts";
import type { Authenticator } from "../ports/authenticator.ts";
import { PasswordFile } from "./password-file.ts";
import { UserList } from "./user-list.ts";

/** The authenticator that options ask for; undefined if they let everybody in. */
export function authenticatorOf(options: ServerParts): Authenticator | undefined {
  const { users, passwordFile, authenticate } = options;
  if (users !== undefined) return new UserList(users);
  if (passwordFile !== undefined) return new PasswordFile(passwordFile);
  return typeof authenticate === "function" ? { authenticate } : authenticate;
}
