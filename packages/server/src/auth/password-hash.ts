import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { mosquittoDigest, parseMosquittoHash } from "./mosquitto-hash.ts";
import type { MosquittoHash } from "./mosquitto-hash.ts";

/**
 * Cost of a hash: 2^14 * 8 * 128 bytes = 16 MiB of memory and some 50 ms, which a server bears at a
 * login and a thief of the file does not bear for a dictionary.
 */
const COST = { log2N: 14, blockSize: 8, parallelization: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** A hashed password, taken apart: as `hashPassword` makes it, or as mosquitto_passwd does. */
export type PasswordHash = ScryptHash | MosquittoHash;

/** `$scrypt$…`. */
export interface ScryptHash {
  readonly scheme: "scrypt";
  readonly log2N: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** `$scrypt$ln=14,r=8,p=1$<salt>$<hash>`, with a new random salt; for a line of a password file. */
export async function hashPassword(password: string | Uint8Array): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, {
    ...COST,
    scheme: "scrypt",
    salt,
    hash: new Uint8Array(HASH_BYTES),
  });
  const { log2N, blockSize, parallelization } = COST;
  const parts = `ln=${log2N},r=${blockSize},p=${parallelization}`;
  return `$scrypt$${parts}$${base64(salt)}$${base64(hash)}`;
}

/** True if `password` is the one that was hashed. It takes as long for a wrong one as for a right one. */
export async function passwordMatches(
  password: string | Uint8Array,
  expected: PasswordHash,
): Promise<boolean> {
  return timingSafeEqual(await derive(password, expected), expected.hash);
}

const FORM =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)={0,2}\$([A-Za-z0-9+/]+)={0,2}$/;

/** Takes a hash apart; undefined if it is none, or of a cost that nobody chooses in earnest. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const match = FORM.exec(text);
  if (match === null) return parseMosquittoHash(text);
  const [, log2N, blockSize, parallelization, salt = "", hash = ""] = match;
  const parsed: ScryptHash = {
    scheme: "scrypt",
    log2N: Number(log2N),
    blockSize: Number(blockSize),
    parallelization: Number(parallelization),
    salt: new Uint8Array(Buffer.from(salt, "base64")),
    hash: new Uint8Array(Buffer.from(hash, "base64")),
  };
  return isReasonable(parsed) ? parsed : undefined;
}

function isReasonable({ log2N, blockSize, parallelization, salt, hash }: ScryptHash): boolean {
  const isCheapEnough = log2N <= 20 && blockSize <= 32 && parallelization <= 16;
  const isDearEnough = log2N >= 10 && blockSize >= 1 && parallelization >= 1;
  return isCheapEnough && isDearEnough && salt.length >= 8 && hash.length >= 16;
}

function derive(password: string | Uint8Array, form: PasswordHash): Promise<Uint8Array> {
  if (form.scheme !== "scrypt") return mosquittoDigest(password, form);
  const { log2N, blockSize, parallelization, salt, hash } = form;
  const N = 2 ** log2N;
  // Node refuses more than 32 MiB unless it is told that the caller means it.
  const maxmem = 128 * N * blockSize + 128 * blockSize * (parallelization + 2) + 1_048_576;
  const options = { N, r: blockSize, p: parallelization, maxmem };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hash.length, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
