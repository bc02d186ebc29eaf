/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), the client's side. The password never travels, and the server proves that
 * it knows it too. Channel binding is not offered.
 *
 * It needs `crypto.subtle`, which browsers offer to secure contexts only.
 */
import type { AuthenticationOptions, AuthenticationStep } from "./authentication.ts";

/** Fewer make a stolen exchange too easy to guess from; RFC 7677 asks for at least so many. */
const ITERATIONS_MIN = 4_096;
/** More would let a hostile server keep the client busy: this is some seconds of work. */
const ITERATIONS_MAX = 10_000_000;
const NONCE_BYTES = 18;
/** The header "n,,": no channel binding, no other identity. */
const GS2_HEADER = "n,,";

/** Who authenticates. */
export interface ScramCredentials {
  readonly userName: string;
  readonly password: string;
}

/** What the steps of one exchange leave to the next. */
interface Exchange {
  readonly clientNonce: string;
  readonly clientFirstBare: string;
  /** What the server must prove itself by; undefined until the client has proved itself. */
  serverSignature?: string;
}

/** What `scramSha256` gives: each step has data, or nothing to say. */
export interface ScramAuthentication extends AuthenticationOptions {
  readonly handler: (step: AuthenticationStep) => Promise<Uint8Array | undefined>;
}

/** Authenticates by SCRAM-SHA-256: give it as the option `authentication`. */
export function scramSha256(credentials: ScramCredentials): ScramAuthentication {
  let exchange: Exchange | undefined;
  const handler = async (step: AuthenticationStep): Promise<Uint8Array | undefined> => {
    if (step.type === "start") {
      exchange = begin(credentials.userName);
      return encode(GS2_HEADER + exchange.clientFirstBare);
    }
    if (exchange === undefined) throw new Error("SCRAM goes on before it began");
    if (step.type === "continue") return respond(exchange, credentials.password, step.data);
    verify(exchange, step.data);
    exchange = undefined;
    return undefined;
  };
  return { method: "SCRAM-SHA-256", handler };
}

function begin(userName: string): Exchange {
  const clientNonce = toBase64(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
  const name = prepare(userName).replaceAll("=", "=3D").replaceAll(",", "=2C");
  return { clientNonce, clientFirstBare: `n=${name},r=${clientNonce}` };
}

async function respond(
  exchange: Exchange,
  password: string,
  data: Uint8Array | undefined,
): Promise<Uint8Array> {
  const serverFirst = decode(data);
  const { nonce, salt, iterations } = parseServerFirst(serverFirst, exchange.clientNonce);
  const withoutProof = `c=${btoa(GS2_HEADER)},r=${nonce}`;
  const authMessage = `${exchange.clientFirstBare},${serverFirst},${withoutProof}`;
  const salted = await saltedPassword(password, salt, iterations);
  const clientKey = await hmac(salted, "Client Key");
  const storedKey = new Uint8Array(await crypto.subtle.digest("SHA-256", clientKey));
  const clientSignature = await hmac(storedKey, authMessage);
  const proof = clientKey.map((byte, index) => byte ^ (clientSignature[index] ?? 0));
  exchange.serverSignature = toBase64(await hmac(await hmac(salted, "Server Key"), authMessage));
  return encode(`${withoutProof},p=${toBase64(proof)}`);
}

function verify(exchange: Exchange, data: Uint8Array | undefined): void {
  const text = decode(data);
  if (exchange.serverSignature !== undefined && text === `v=${exchange.serverSignature}`) return;
  throw new Error("the server did not prove that it knows the password");
}

interface ServerFirst {
  readonly nonce: string;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly iterations: number;
}

function parseServerFirst(text: string, clientNonce: string): ServerFirst {
  const parts = /^r=([^,]+),s=([A-Za-z0-9+/=]+),i=(\d{1,8})(?:,|$)/.exec(text);
  const [, nonce = "", salt = "", count = ""] = parts ?? [];
  const iterations = Number(count);
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length) {
    throw new Error("the server's first SCRAM message is malformed, or its nonce is not new");
  }
  if (iterations < ITERATIONS_MIN || iterations > ITERATIONS_MAX) {
    const range = `from ${ITERATIONS_MIN} to ${ITERATIONS_MAX}`;
    throw new Error(`SCRAM iteration count ${iterations} is not ${range}`);
  }
  return { nonce, salt: Uint8Array.from(atob(salt), (one) => one.charCodeAt(0)), iterations };
}

async function saltedPassword(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = encode(prepare(password));
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
}

async function hmac(
  keyBytes: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", keyBytes, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encode(text)));
}

/** The part of SASLprep (RFC 4013) that platforms offer; the rest concerns characters nobody types. */
function prepare(text: string): string {
  return text.normalize("NFKC");
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function decode(data: Uint8Array | undefined): string {
  return new TextDecoder().decode(data);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
