import { createHash, timingSafeEqual } from "node:crypto";
import { AnonymousAuthenticator, PasswordFile, scramVerifier } from "@anax/server";
import type { Authenticator, Credentials, ScramVerifier } from "@anax/server";
import { UsageError } from "../errors.ts";
import type {
  AuthenticationFlags,
  UserOnCommandLine,
} from "../authenticating/authentication-flags.ts";

/** The flags that name users. */
export type UserFlags = Pick<AuthenticationFlags, "user" | "passwordFile" | "allowAnonymous">;

const ANONYMOUS = new AnonymousAuthenticator();

/** Lets in who the command line says: the users that it names, and those of a file. */
export class CommandAuthenticator implements Authenticator {
  readonly name = "users";
  /** Lets in clients that show nothing, as long as that is asked for. To be asked last. */
  readonly nameless: Authenticator = {
    name: "anonymous",
    authenticate: (credentials) =>
      this.#anonymous === "allowed" ? ANONYMOUS.authenticate(credentials) : undefined,
  };
  #digests: ReadonlyMap<string, Uint8Array> = new Map();
  readonly #file: PasswordFile | undefined;
  #anonymous: "allowed" | "refused" = "refused";
  #verifiers: ReadonlyMap<string, ScramVerifier> = new Map();

  #flags: UserFlags;

  /** Throws `UsageError` for a user without a password. */
  constructor(flags: UserFlags) {
    requirePasswords(flags);
    this.#flags = flags;
    const { passwordFile } = flags;
    this.#file = passwordFile === undefined ? undefined : new PasswordFile(passwordFile);
  }

  /**
   * Reads the file again, and puts the users of `flags` into force; if something is wrong, what was in force before stays. Resolves to
   * the users that are gone, or have another password.
   */
  async load(flags: UserFlags = this.#flags): Promise<ReadonlySet<string>> {
    requirePasswords(flags);
    const { user: users, allowAnonymous } = flags;
    const verifiers = await verifiersOf(users);
    const ofFile = (await this.#file?.load()) ?? new Set();
    const before = this.#digests;
    this.#flags = flags;
    this.#digests = new Map(users.map(digestEntry));
    this.#verifiers = verifiers;
    this.#anonymous = allowAnonymous ? "allowed" : "refused";
    // As with passwords, the command line goes before the file.
    const changed = Array.from(ofFile).filter((userName) => !this.#digests.has(userName));
    for (const [userName, old] of before) {
      const now = this.#digests.get(userName);
      if (now === undefined || !timingSafeEqual(old, now)) changed.push(userName);
    }
    return new Set(changed);
  }

  /** Absent if neither the command line nor the file has anybody who may prove a password by SCRAM-SHA-256. */
  get scramVerifierOf(): ((userName: string) => ScramVerifier | undefined) | undefined {
    const ofFile = this.#file?.scramVerifierOf;
    if (this.#verifiers.size === 0 && ofFile === undefined) return undefined;
    // As with passwords, the command line goes before the file.
    return (userName) =>
      this.#digests.has(userName) ? this.#verifiers.get(userName) : ofFile?.(userName);
  }

  /** Undefined for a user that neither has. */
  authenticate(credentials: Credentials): boolean | undefined | Promise<boolean | undefined> {
    const { userName, password } = credentials;
    // Nobody is called "": clients that have no user name configured send that.
    if (userName === undefined || userName === "" || password === undefined) return undefined;
    const expected = this.#digests.get(userName);
    if (expected !== undefined && timingSafeEqual(expected, digest(password))) return true;
    const inFile = this.#file?.authenticate(credentials);
    if (expected === undefined) return inFile;
    // A wrong password of a user of the command line takes as long as one of the file: nobody is to learn who is where.
    return inFile === undefined ? false : inFile.then(() => false);
  }
}

function requirePasswords({ user }: UserFlags): void {
  const open = user.find(({ password }) => password === "");
  if (open === undefined) return;
  throw new UsageError(`--user ${open.userName}: the password is empty`);
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
