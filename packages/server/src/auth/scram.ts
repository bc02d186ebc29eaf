/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side, as functions over values: what a client sent in, what to
 * answer out. It knows nothing of MQTT, and offers no channel binding. What a client gets wrong is a value, no throw.
 *
 * Of SASLprep (RFC 4013) it does what platforms offer: names and passwords are normalized by NFKC, and those with
 * control characters are refused.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import type { ScramVerifier } from "../ports/authenticator.ts";

/** Name of the mechanism, as Authentication Method names it. */
export const SCRAM_METHOD = "SCRAM-SHA-256";
/** RFC 7677 asks for at least so many. */
const ITERATIONS_MIN = 4_096;
/** Above the least, and still a short time for a small device: each login costs the client as many. */
const ITERATIONS_DEFAULT = 15_000;
/** What Node takes, and far more than a client bears. */
const ITERATIONS_MAX = 0x7fffffff;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 18;

/** How a verifier is made. */
export interface ScramVerifierOptions {
  /** Rounds of hashing. Default 15 000, at least 4096. */
  readonly iterations?: number | undefined;
  /** Default: 16 random bytes. */
  readonly salt?: Uint8Array | undefined;
}

/**
 * Makes the verifier of a password, to be kept in its place. Throws `RangeError` for too few or too many iterations,
 * `TypeError` for a password that is empty or has control characters.
 */
export async function scramVerifier(
  password: string,
  options: ScramVerifierOptions = {},
): Promise<ScramVerifier> {
  const { iterations = ITERATIONS_DEFAULT, salt = randomBytes(SALT_BYTES) } = options;
  const prepared = prepare(password);
  if (prepared === undefined) {
    throw new TypeError("the password is empty or has control characters");
  }
  if (!(iterations >= ITERATIONS_MIN && iterations <= ITERATIONS_MAX)) {
    const range = `from ${ITERATIONS_MIN} to ${ITERATIONS_MAX}`;
    throw new RangeError(`SCRAM iteration count ${iterations} is not ${range}`);
  }
  const salted = await saltedPassword(prepared, salt, iterations);
  return {
    salt: new Uint8Array(salt),
    iterations,
    storedKey: sha256(hmac(salted, "Client Key")),
    serverKey: hmac(salted, "Server Key"),
  };
}

/** A verifier that no password has, for the names of users that do not exist. */
export function unmatchedVerifier(salt: Uint8Array): ScramVerifier {
  const [storedKey, serverKey] = [randomBytes(KEY_BYTES), randomBytes(KEY_BYTES)];
  return { salt, iterations: ITERATIONS_DEFAULT, storedKey, serverKey };
}

/** The same salt for the same name as long as the key stays, so that asking twice tells nothing. */
export function saltFor(key: Uint8Array, userName: string): Uint8Array {
  return hmac(key, userName).subarray(0, SALT_BYTES);
}

/** The first message of a client, taken apart. */
export interface ClientFirst {
  readonly userName: string;
  readonly nonce: string;
  /** The header about channel binding, which the last message repeats. */
  readonly header: string;
  /** The rest, which the proof covers. */
  readonly bare: string;
}

/**
 * The header "n" or "y" (no channel binding), perhaps the identity to act for, the user's name, the nonce, extensions.
 * "p=" asks for channel binding and "m=" for an extension that must be understood: neither fits.
 */
const CLIENT_FIRST = /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([!-+\--~]+)(?:,[a-lnoq-zA-Z]=[^,]+)*)$/;

/** Reads the first message; undefined if it is malformed or asks for what is not offered. */
export function readClientFirst(data: Uint8Array | undefined): ClientFirst | undefined {
  const [, header = "", identity, bare = "", name = "", nonce = ""] =
    CLIENT_FIRST.exec(textOf(data)) ?? [];
  const userName = readName(name);
  if (userName === undefined) return undefined;
  // Nobody may act for somebody else.
  if (identity !== undefined && readName(identity) !== userName) return undefined;
  return { userName, nonce, header, bare };
}

/** What the server asked, which the client is to answer. */
export interface Challenge {
  readonly first: ClientFirst;
  readonly verifier: ScramVerifier;
  readonly nonce: string;
  /** The message to send. */
  readonly serverFirst: string;
}

/** The question for a client. `serverNonce` is printable ASCII without commas; default: 18 random bytes. */
export function challenge(
  first: ClientFirst,
  verifier: ScramVerifier,
  serverNonce: string = base64(randomBytes(NONCE_BYTES)),
): Challenge {
  const nonce = first.nonce + serverNonce;
  const serverFirst = `r=${nonce},s=${base64(verifier.salt)},i=${verifier.iterations}`;
  return { first, verifier, nonce, serverFirst };
}

/** What the last message of a client is worth. */
export type ScramVerdict =
  | { readonly type: "proved"; readonly serverFinal: string }
  | { readonly type: "wrongProof" | "malformed" };

const CLIENT_FINAL =
  /^(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)(?:,[a-lnoq-zA-Z]=[^,]+)*),p=([A-Za-z0-9+/]{43}=)$/;

/** Checks the answer to a challenge. A wrong proof takes as long as a right one. */
export function judge(asked: Challenge, data: Uint8Array | undefined): ScramVerdict {
  const { first, verifier, nonce, serverFirst } = asked;
  const [, withoutProof = "", header, answeredNonce, proofText = ""] =
    CLIENT_FINAL.exec(textOf(data)) ?? [];
  if (header !== base64(Buffer.from(first.header)) || answeredNonce !== nonce) {
    return { type: "malformed" };
  }
  const message = `${first.bare},${serverFirst},${withoutProof}`;
  const signature = hmac(verifier.storedKey, message);
  const proof = Buffer.from(proofText, "base64");
  const clientKey = signature.map((byte, index) => byte ^ (proof[index] ?? 0));
  const serverFinal = `v=${base64(hmac(verifier.serverKey, message))}`;
  const isProved = timingSafeEqual(sha256(clientKey), verifier.storedKey);
  return isProved ? { type: "proved", serverFinal } : { type: "wrongProof" };
}

/** A name as messages write it: "=2C" is a comma, "=3D" an equals sign, and no other "=" may be. */
function readName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined;
  return prepare(text.replaceAll("=2C", ",").replaceAll("=3D", "="));
}

function prepare(text: string): string | undefined {
  const prepared = text.normalize("NFKC");
  return prepared === "" || /\p{Cc}/u.test(prepared) ? undefined : prepared;
}

/** Empty, which no message is, if the bytes are no UTF-8. */
function textOf(data: Uint8Array | undefined): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return "";
  }
}

function saltedPassword(
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, KEY_BYTES, "sha256", (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(text).digest());
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
