/** Bearer tokens. What is kept is a digest: a token is long and random, so a slow hash would protect nothing. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ROLES } from "./roles.ts";
import type { Role } from "./roles.ts";

const TOKEN_BYTES = 32;
const PREFIX = "anax_";

/** Who a token was made for. */
export interface TokenHolder {
  readonly name: string;
  readonly role: Role;
}

/** A new token, and the line of the file that knows it. */
export interface NewToken {
  /** To be given to its holder; it cannot be found out again. */
  readonly token: string;
  readonly line: string;
}

/** Makes a token. Throws `RangeError` for a name that is empty, or has a colon, a space or a control character. */
export function newToken(name: string, role: Role): NewToken {
  if (!/^[^:\s\p{Cc}]+$/u.test(name)) {
    throw new RangeError(
      `${JSON.stringify(name)} is no name of a token: it may not be empty or have spaces, colons or control characters`,
    );
  }
  const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  return { token, line: `${name}:${role}:${digestOf(token).toString("hex")}` };
}

/** The tokens of a file: a line `name:role:digest` for each; lines that begin with # are passed over. */
export class TokenFile {
  readonly #path: string;
  #holders: readonly (TokenHolder & { readonly digest: Uint8Array })[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads the file, also to follow a change. Rejects with an error that names the line, and then changes nothing. */
  async load(): Promise<void> {
    const text = await readFile(this.#path, "utf8");
    this.#holders = text.split(/\r?\n/).flatMap((line, index) => {
      if (line.trim() === "" || line.startsWith("#")) return [];
      const [name = "", role, digest = "", ...more] = line.trim().split(":");
      const known = ROLES.find((one) => one === role);
      if (name === "" || known === undefined || !/^[0-9a-f]{64}$/.test(digest) || more.length > 0) {
        throw new RangeError(`line ${index + 1} of ${this.#path} is not name:role:digest`);
      }
      return [{ name, role: known, digest: Buffer.from(digest, "hex") }];
    });
  }

  /** Who holds this token; undefined if nobody does. It takes as long for a wrong one. */
  holderOf(token: string): TokenHolder | undefined {
    const digest = digestOf(token);
    let found: TokenHolder | undefined;
    for (const { name, role, digest: known } of this.#holders) {
      if (timingSafeEqual(known, digest)) found = { name, role };
    }
    return found;
  }
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
