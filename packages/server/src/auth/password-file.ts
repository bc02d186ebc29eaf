import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { MqttConfigurationError } from "../errors.ts";
import type { Authenticator, Credentials } from "../ports/authenticator.ts";
import { hashPassword, parsePasswordHash, passwordMatches } from "./password-hash.ts";
import type { PasswordHash } from "./password-hash.ts";

/** A hash that no password has: checked for unknown users, so that they take as long as known ones. */
const NOBODY: PasswordHash = {
  log2N: 14,
  blockSize: 8,
  parallelization: 1,
  salt: randomBytes(16),
  hash: randomBytes(32),
};

/** One line of a password file. Throws `TypeError` for a user name that a line cannot hold. */
export async function passwordFileLine(userName: string, password: string): Promise<string> {
  if (userName === "" || /[:\r\n]|^#/.test(userName)) {
    throw new TypeError(
      `user name ${JSON.stringify(userName)} is empty, has ":", or begins with #`,
    );
  }
  return `${userName}:${await hashPassword(password)}`;
}

/** Users and hashes of the text of a password file. Throws `MqttConfigurationError` that names the bad line. */
export function parsePasswordFile(text: string): ReadonlyMap<string, PasswordHash> {
  const users = new Map<string, PasswordHash>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const hash = parsePasswordHash(line.slice(colon + 1));
    const userName = line.slice(0, Math.max(colon, 0));
    if (hash === undefined || userName === "" || users.has(userName)) {
      const problem = users.has(userName) ? "names a user twice" : "is not user:$scrypt$…";
      throw new MqttConfigurationError(`line ${index + 1} of the password file ${problem}`);
    }
    users.set(userName, hash);
  }
  return users;
}

/**
 * Users with hashed passwords in a file. Until it has been read nobody is let in; when it cannot be
 * read again, or has a bad line, what was read before stays in force.
 */
export class PasswordFile implements Authenticator {
  readonly #path: string;
  #users: ReadonlyMap<string, PasswordHash> = new Map();
  /**
   * Passwords that were right, as a digest under a key that only this process has: when ten thousand
   * devices come back at once, they are not made to wait for a slow hash each.
   */
  #known = new Map<string, Uint8Array>();
  readonly #key = randomBytes(32);

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads the file, also to follow a change. Throws `MqttConfigurationError` and then changes nothing. */
  async load(): Promise<void> {
    const text = await readFile(this.#path, "utf8").catch((cause: unknown) => {
      const text = `the password file ${this.#path} cannot be read`;
      throw new MqttConfigurationError(text, { cause });
    });
    this.#users = parsePasswordFile(text);
    this.#known = new Map();
  }

  async authenticate({ userName, password }: Credentials): Promise<boolean> {
    if (userName === undefined || password === undefined) return false;
    const users = this.#users;
    const expected = users.get(userName);
    const digest = createHmac("sha256", this.#key).update(password).digest();
    const known = this.#known.get(userName);
    if (known !== undefined && timingSafeEqual(known, digest)) return true;
    const matches = await passwordMatches(password, expected ?? NOBODY);
    // The file may have been read again meanwhile: then its old hash proves nothing.
    if (expected === undefined || !matches || users !== this.#users) return false;
    this.#known.set(userName, digest);
    return true;
  }
}
