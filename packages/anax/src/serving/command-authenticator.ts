import { createHash, timingSafeEqual } from "node:crypto";
import { PasswordFile, scramVerifier } from "@anax/server";
import type { Authenticator, Credentials, ScramVerifier } from "@anax/server";
import type { AuthenticationFlags, UserOnCommandLine } from "./serve-flags.ts";

/** Lets in who the command line says: the users that it names, those of a file, and perhaps the nameless. */
export class CommandAuthenticator implements Authenticator {
  readonly #digests: ReadonlyMap<string, Uint8Array>;
  readonly #file: PasswordFile | undefined;
  readonly #anonymous: "allowed" | "refused";
  readonly #users: readonly UserOnCommandLine[];
  #verifiers: ReadonlyMap<string, ScramVerifier> = new Map();

  constructor({ user, passwordFile, allowAnonymous }: AuthenticationFlags) {
    this.#users = user;
    this.#digests = new Map(user.map(digestEntry));
    this.#file = passwordFile === undefined ? undefined : new PasswordFile(passwordFile);
    this.#anonymous = allowAnonymous ? "allowed" : "refused";
  }

  /**
   * Reads the file again; if it cannot be read, what was read before stays in force. Resolves to the users of it whose
   * line is gone or another, without those of the command line.
   */
  async load(): Promise<ReadonlySet<string>> {
    const changed = (await this.#file?.load()) ?? new Set();
    if (this.#verifiers.size === 0) this.#verifiers = await verifiersOf(this.#users);
    // As with passwords, the command line goes before the file.
    return new Set(Array.from(changed).filter((userName) => !this.#digests.has(userName)));
  }

  /** Absent if neither the command line nor the file has anybody who may prove a password by SCRAM-SHA-256. */
  get scramVerifierOf(): ((userName: string) => ScramVerifier | undefined) | undefined {
    const ofFile = this.#file?.scramVerifierOf;
    if (this.#verifiers.size === 0 && ofFile === undefined) return undefined;
    // As with passwords, the command line goes before the file.
    return (userName) =>
      this.#digests.has(userName) ? this.#verifiers.get(userName) : ofFile?.(userName);
  }

  authenticate(credentials: Credentials): boolean | Promise<boolean> {
    const { userName, password } = credentials;
    // Nobody is called "": clients that have no user name configured send that.
    if (userName === undefined || userName === "") return this.#anonymous === "allowed";
    if (password === undefined) return false;
    const expected = this.#digests.get(userName);
    if (expected !== undefined && timingSafeEqual(expected, digest(password))) return true;
    const inFile = this.#file?.authenticate(credentials) ?? false;
    // A wrong password of a user of the command line takes as long as one of the file: nobody is to learn who is where.
    return expected === undefined || inFile === false ? inFile : inFile.then(() => false);
  }
}

/** Made at the start, so that nobody has to wait for them. No SCRAM client may send a password with control characters. */
async function verifiersOf(
  users: readonly UserOnCommandLine[],
): Promise<ReadonlyMap<string, ScramVerifier>> {
  const fit = users.filter(({ password }) => !/\p{Cc}/u.test(password));
  return new Map(
    await Promise.all(
      fit.map(async ({ userName, password }): Promise<[string, ScramVerifier]> => {
        return [userName, await scramVerifier(password)];
      }),
    ),
  );
}

function digestEntry({ userName, password }: UserOnCommandLine): [string, Uint8Array] {
  return [userName, digest(password)];
}

function digest(password: string | Uint8Array): Uint8Array {
  return createHash("sha256").update(password).digest();
}
