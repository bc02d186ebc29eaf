import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Authenticator, Credentials, ScramVerifier } from "../ports/authenticator.ts";
import { ScramUsers } from "./scram-users.ts";

/** Users whose passwords the program itself knows. They are compared as digests, in constant time. */
export class UserList implements Authenticator {
  readonly #key = randomBytes(32);
  readonly #users: ReadonlyMap<string, Uint8Array>;
  readonly #nobody = randomBytes(32);
  readonly #scram: ScramUsers;

  constructor(passwords: Readonly<Record<string, string>>) {
    const users = Object.entries(passwords);
    this.#users = new Map(users.map(([name, password]) => [name, this.#digest(password)]));
    this.#scram = new ScramUsers(new Map(users));
  }

  authenticate({ userName, password }: Credentials): boolean {
    if (userName === undefined || password === undefined) return false;
    return timingSafeEqual(this.#users.get(userName) ?? this.#nobody, this.#digest(password));
  }

  scramVerifierOf(userName: string): Promise<ScramVerifier> {
    return this.#scram.verifierOf(userName);
  }

  #digest(password: string | Uint8Array): Uint8Array {
    return createHmac("sha256", this.#key).update(password).digest();
  }
}
