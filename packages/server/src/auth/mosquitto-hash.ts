/** Hashes as mosquitto_passwd writes them, so that users can come from there with their passwords. */
import { createHash, pbkdf2 } from "node:crypto";

const HASH_BYTES = 64;
/** More than anybody waits for: some seconds of a core. */
const ITERATIONS_MAX = 10_000_000;
const SALT_BYTES_MAX = 1_024;

/** `$6$`: one round of SHA-512, as of mosquitto before 2.0. `$7$`: PBKDF2 with SHA-512. */
export interface MosquittoHash {
  readonly scheme: "sha512" | "pbkdf2-sha512";
  /** 1 for `$6$`. */
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

const FORM = /^\$(?:6|7\$(\d{1,8}))\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2})$/;

/** Takes such a hash apart; undefined if it is none. */
export function parseMosquittoHash(text: string): MosquittoHash | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, iterationsText, saltText = "", hashText = ""] = match;
  const iterations = Number(iterationsText ?? 1);
  const salt = new Uint8Array(Buffer.from(saltText, "base64"));
  const hash = new Uint8Array(Buffer.from(hashText, "base64"));
  const isFit = iterations >= 1 && iterations <= ITERATIONS_MAX && salt.length <= SALT_BYTES_MAX;
  if (!isFit || hash.length !== HASH_BYTES) return undefined;
  const scheme = iterationsText === undefined ? "sha512" : "pbkdf2-sha512";
  return { scheme, iterations, salt, hash };
}

/** What the hash of a password would be. */
export async function mosquittoDigest(
  password: string | Uint8Array,
  { scheme, iterations, salt }: MosquittoHash,
): Promise<Uint8Array> {
  if (scheme === "sha512") {
    return new Uint8Array(createHash("sha512").update(password).update(salt).digest());
  }
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, HASH_BYTES, "sha512", (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}
