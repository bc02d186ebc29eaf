import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Authenticator, Credentials } from "../ports/authenticator.ts";

/** Users whose passwords the program itself knows. They are kept as digests and compared in constant time. */
export class UserList implements Authenticator {
  readonly #key = randomBytes(32);
  readonly #users: ReadonlyMap<string, Uint8Array>;
  readonly #nobody = randomBytes(32);

  constructor(passwords: Readonly<Record<string, string>>) {
    const users = Object.entries(passwords);
    this.#users = new Map(users.map(([name, password]) => [name, this.#digest(password)]));
  }

  authenticate({ userName, password }: Credentials): boolean {
    if (userName === undefined || password === undefined) return false;
    return timingSafeEqual(this.#users.get(userName) ?? this.#nobody, this.#digest(password));
  }

  #digest(password: string | Uint8Array): Uint8Array {
    return createHmac("sha256", this.#key).update(password).digest();
  }
}
