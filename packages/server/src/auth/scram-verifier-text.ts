import type { ScramVerifier } from "../ports/authenticator.ts";

/*
 * A verifier of SCRAM-SHA-256 as text, for a line of a password file.
 */

const KEY_BYTES = 32;
const SALT_BYTES_MIN = 8;
const SALT_BYTES_MAX = 1_024;
/** What RFC 7677 asks for at least, and more than a client bears. */
const ITERATIONS_MIN = 4_096;
const ITERATIONS_MAX = 10_000_000;

/** `$scram-sha-256$i=15000$<salt>$<stored key>$<server key>`. */
export function scramVerifierText({ salt, iterations, ...keys }: ScramVerifier): string {
  const parts = [salt, keys.storedKey, keys.serverKey].map(base64);
  return `$scram-sha-256$i=${iterations}$${parts.join("$")}`;
}

const FORM =
  /^\$scram-sha-256\$i=(\d{1,8})\$([A-Za-z0-9+/]+)={0,2}\$([A-Za-z0-9+/]+)={0,2}\$([A-Za-z0-9+/]+)={0,2}$/;

/** Takes such a text apart; undefined if it is none, or of a cost that nobody chooses in earnest. */
export function parseScramVerifier(text: string): ScramVerifier | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, iterations, salt = "", storedKey = "", serverKey = ""] = match;
  const verifier: ScramVerifier = {
    salt: bytesOf(salt),
    iterations: Number(iterations),
    storedKey: bytesOf(storedKey),
    serverKey: bytesOf(serverKey),
  };
  return isReasonable(verifier) ? verifier : undefined;
}

function isReasonable({ salt, iterations, storedKey, serverKey }: ScramVerifier): boolean {
  return (
    iterations >= ITERATIONS_MIN &&
    iterations <= ITERATIONS_MAX &&
    salt.length >= SALT_BYTES_MIN &&
    salt.length <= SALT_BYTES_MAX &&
    storedKey.length === KEY_BYTES &&
    serverKey.length === KEY_BYTES
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
