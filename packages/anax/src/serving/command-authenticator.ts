import { createHash, timingSafeEqual } from "node:crypto";
import { PasswordFile } from "@anax/server";
import type { Authenticator, Credentials } from "@anax/server";
import type { AuthenticationFlags, UserOnCommandLine } from "./serve-flags.ts";

/** Lets in who the command line says: the users that it names, those of a file, and perhaps the nameless. */
export class CommandAuthenticator implements Authenticator {
  readonly #digests: ReadonlyMap<string, Uint8Array>;
  readonly #file: PasswordFile | undefined;
  readonly #anonymous: "allowed" | "refused";

  constructor({ user, passwordFile, allowAnonymous }: AuthenticationFlags) {
    this.#digests = new Map(user.map(digestEntry));
    this.#file = passwordFile === undefined ? undefined : new PasswordFile(passwordFile);
    this.#anonymous = allowAnonymous ? "allowed" : "refused";
  }

  /** Reads the file again; if it cannot be read, what was read before stays in force. */
  async load(): Promise<void> {
    await this.#file?.load();
  }

  authenticate(credentials: Credentials): boolean | Promise<boolean> {
    const { userName, password } = credentials;
    if (userName === undefined) return this.#anonymous === "allowed";
    if (password === undefined) return false;
    const expected = this.#digests.get(userName);
    if (expected !== undefined) return timingSafeEqual(expected, digest(password));
    return this.#file?.authenticate(credentials) ?? false;
  }
}

function digestEntry({ userName, password }: UserOnCommandLine): [string, Uint8Array] {
  return [userName, digest(password)];
}

function digest(password: string | Uint8Array): Uint8Array {
  return createHash("sha256").update(password).digest();
}
