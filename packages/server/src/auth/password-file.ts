import { MqttConfigurationError } from "@anax/protocol";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { Authenticator, Credentials, ScramVerifier } from "../ports/authenticator.ts";
import { hashPassword, parsePasswordHash, passwordMatches } from "./password-hash.ts";
import type { PasswordHash } from "./password-hash.ts";
import { passwordChecks } from "./password-checks.ts";
import { scramVerifier } from "./scram.ts";
import { parseScramVerifier, scramVerifierText } from "./scram-verifier-text.ts";

/** A hash that no password has: checked for unknown users where a file has no users. */
const NOBODY: PasswordHash = {
  scheme: "scrypt",
  log2N: 14,
  blockSize: 8,
  parallelization: 1,
  salt: randomBytes(16),
  hash: randomBytes(32),
};

/** What a line of a password file holds. */
export interface PasswordFileLineOptions {
  /**
   * True: the line has a SCRAM verifier too, so that clients may prove the password without sending it. Whoever steals the
   * file tries passwords with less effort then. Default false.
   */
  readonly scram?: boolean | undefined;
}

/** What a password file has of a user. */
export interface PasswordFileEntry {
  readonly hash: PasswordHash;
  /** Absent if the user cannot log in by SCRAM-SHA-256. */
  readonly scram?: ScramVerifier;
}

/**
 * One line of a password file. Throws `TypeError` for a user name that a line cannot hold, and for a password that SCRAM
 * cannot use where a verifier is asked for.
 */
export async function passwordFileLine(
  userName: string,
  password: string,
  { scram = false }: PasswordFileLineOptions = {},
): Promise<string> {
  if (userName === "" || /[:\r\n]|^#/.test(userName)) {
    throw new TypeError(
      `user name ${JSON.stringify(userName)} is empty, has ":", or begins with #`,
    );
  }
  const verifier = scram ? `:${scramVerifierText(await scramVerifier(password))}` : "";
  return `${userName}:${await hashPassword(password)}${verifier}`;
}

/** Users of the text of a password file, which `path` names in messages. Throws `MqttConfigurationError` that names the bad line. */
export function parsePasswordFile(
  text: string,
  path?: string,
): ReadonlyMap<string, PasswordFileEntry> {
  const name = path === undefined ? "" : `${path} `;
  const users = new Map<string, PasswordFileEntry>();
  // Editors on Windows put a byte order mark before the first user's name.
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const [userName = "", ...texts] = line.split(":");
    const entry = parseEntry(texts);
    if (entry === undefined || userName === "" || users.has(userName)) {
      const problem = users.has(userName) ? "names a user twice" : faultOf(texts);
      throw new MqttConfigurationError(`line ${index + 1} of the password file ${name}${problem}`);
    }
    users.set(userName, entry);
  }
  return users;
}

/** Kinds of hashes that other programs write. */
const FOREIGN_HASH = /^\$(argon2(?:id|i|d)|2[abxy]|pbkdf2[a-z0-9-]*|y|5|1)\$/;

function faultOf([hashText = ""]: readonly string[]): string {
  const kind = FOREIGN_HASH.exec(hashText)?.[1];
  if (kind === undefined) return "is not user:$scrypt$…, or a line of mosquitto_passwd";
  return `has a hash of kind ${kind}, which cannot be checked: set the password again with anax passwd`;
}

/** A hash, and perhaps a verifier behind it. */
function parseEntry([hashText = "", scramText, ...rest]: string[]): PasswordFileEntry | undefined {
  const hash = parsePasswordHash(hashText);
  if (hash === undefined || rest.length > 0) return undefined;
  if (scramText === undefined) return { hash };
  const scram = parseScramVerifier(scramText);
  return scram && { hash, scram };
}

/**
 * Users with hashed passwords in a file. Until it has been read nobody is let in; when it cannot be
 * read again, or has a bad line, what was read before stays in force.
 */
export class PasswordFile implements Authenticator {
  readonly #path: string;
  readonly name: string;
  #users: ReadonlyMap<string, PasswordFileEntry> = new Map();
  /** The same hashes, by number. */
  #hashes: readonly PasswordHash[] = [];
  #hasVerifiers = false;
  /**
   * Passwords that were right, as a digest under a key that only this process has: when ten thousand
   * devices come back at once, they are not made to wait for a slow hash each.
   */
  #known = new Map<string, Uint8Array>();
  readonly #key = randomBytes(32);

  constructor(path: string) {
    this.#path = path;
    this.name = `password file ${path}`;
  }

  /**
   * Reads the file, also to follow a change. Throws `MqttConfigurationError` and then changes nothing. Resolves to the
   * users whose line is gone or another: a program that wants their connections to end calls `clients.disconnect`.
   */
  async load(): Promise<ReadonlySet<string>> {
    const text = await readFile(this.#path, "utf8").catch((cause: unknown) => {
      const text = `the password file ${this.#path} cannot be read`;
      throw new MqttConfigurationError(text, { cause });
    });
    const before = this.#users;
    const users = parsePasswordFile(text, this.#path);
    this.#users = users;
    this.#hashes = Array.from(users.values(), ({ hash }) => hash);
    this.#hasVerifiers = Array.from(this.#users.values()).some(({ scram }) => scram !== undefined);
    this.#known = new Map();
    const changed = Array.from(before).filter(
      ([userName, entry]) => !isDeepStrictEqual(users.get(userName), entry),
    );
    return new Set(changed.map(([userName]) => userName));
  }

  /** Absent while no user has a verifier: then SCRAM-SHA-256 is not offered. */
  get scramVerifierOf(): ((userName: string) => ScramVerifier | undefined) | undefined {
    return this.#hasVerifiers ? (userName) => this.#users.get(userName)?.scram : undefined;
  }

  /**
   * Undefined for a user that the file does not have. Rejects with `MqttServerBusyError` if too many passwords are to be checked
   * at a time.
   */
  async authenticate(credentials: Credentials): Promise<boolean | undefined> {
    const { userName, password } = credentials;
    if (userName === undefined || password === undefined) return undefined;
    const users = this.#users;
    const expected = users.get(userName)?.hash;
    const digest = createHmac("sha256", this.#key).update(password).digest();
    const known = this.#known.get(userName);
    if (known !== undefined && timingSafeEqual(known, digest)) return true;
    const { peer, isAwaited } = credentials;
    const claimant = { address: peer.remoteAddress, userName, isAwaited };
    const matches = await passwordChecks.run(claimant, () =>
      passwordMatches(password, expected ?? this.#unmatched(userName)),
    );
    if (expected === undefined) return undefined;
    // The file may have been read again meanwhile: then its old hash proves nothing.
    if (!matches || users !== this.#users) return false;
    this.#known.set(userName, digest);
    return true;
  }

  /**
   * A hash that no password has, as dear as that of some user of the file, always the same one for one name: so the time that a
   * check takes does not tell which users there are.
   */
  #unmatched(userName: string): PasswordHash {
    const number = createHmac("sha256", this.#key).update(userName).digest().readUInt32BE();
    const { length } = this.#hashes;
    const model = length === 0 ? NOBODY : (this.#hashes[number % length] ?? NOBODY);
    return { ...model, hash: randomBytes(model.hash.length) };
  }
}
