import { randomBytes } from "node:crypto";
import type { ScramVerifier } from "../ports/authenticator.ts";
import { passwordChecks } from "./password-checks.ts";
import { saltFor, scramVerifier } from "./scram.ts";

/** Verifiers kept: below a kilobyte each. One that was given up is made again in a few milliseconds. */
const VERIFIERS_MAX = 10_000;

/**
 * Makes the verifiers of users whose passwords are known, when they are asked for first. A name that nobody has gets a
 * verifier in the same way, of a password that nobody has, and one cache serves both: neither what is answered nor how
 * long it takes tells who exists.
 */
export class ScramUsers {
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #saltKey = randomBytes(32);
  readonly #unguessable = randomBytes(32).toString("base64");
  /** By salt, which is as long for a long name as for a short one; the oldest is given up first. */
  readonly #verifiers = new Map<string, Promise<ScramVerifier>>();

  constructor(passwords: ReadonlyMap<string, string>) {
    this.#passwords = passwords;
  }

  verifierOf(userName: string): Promise<ScramVerifier> {
    const salt = saltFor(this.#saltKey, userName);
    const key = Buffer.from(salt).toString("base64");
    const known = this.#verifiers.get(key);
    if (known !== undefined) return known;
    const made = passwordChecks.run({ address: undefined, userName }, () =>
      this.#make(this.#passwords.get(userName), salt),
    );
    this.#verifiers.set(key, made);
    made.catch(() => this.#verifiers.delete(key));
    for (const oldest of this.#verifiers.keys()) {
      if (this.#verifiers.size <= VERIFIERS_MAX) break;
      this.#verifiers.delete(oldest);
    }
    return made;
  }

  #make(password: string | undefined, salt: Uint8Array): Promise<ScramVerifier> {
    const unmatched = (): Promise<ScramVerifier> => scramVerifier(this.#unguessable, { salt });
    if (password === undefined) return unmatched();
    // A password with control characters is fit for CONNECT, but no SCRAM client may send it.
    return scramVerifier(password, { salt }).catch(unmatched);
  }
}
