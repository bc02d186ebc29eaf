import { createHmac, timingSafeEqual, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { decodeProtectedHeader, errors } from "jose";
import type { JWSHeaderParameters } from "jose";
import { algorithmOf } from "./key-algorithm.ts";
import type { TokenAlgorithm } from "./key-algorithm.ts";

/**
 * The header of a token that may be judged: it names one of these algorithms, and asks for nothing that is not known here. Throws an error of
 * `jose` for any other.
 */
export function headerOf(
  token: string,
  algorithms: readonly TokenAlgorithm[],
): JWSHeaderParameters & { readonly alg: TokenAlgorithm } {
  const header = parsed(token);
  const alg = algorithms.find((name) => name === header.alg);
  if (alg === undefined) throw new errors.JOSEAlgNotAllowed("alg is none of those that are taken");
  // What a header calls critical has to be understood (RFC 7515, 4.1.11), and there is nothing that is.
  if (header.crit !== undefined) throw new errors.JOSENotSupported("crit is not supported");
  return { ...header, alg };
}

function parsed(token: string): JWSHeaderParameters {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new errors.JWSInvalid("the header is none", { cause });
  }
}

/**
 * Checks the signature of a token, in this thread: `jose` has threads do it, and to give them the work takes longer than most of the work. Throws
 * an error of `jose` for a wrong one, and where the key is for another algorithm than the header says.
 */
export function checkSignature(token: string, alg: TokenAlgorithm, key: KeyObject): void {
  if (algorithmOf(key) !== alg)
    throw new errors.JOSEAlgNotAllowed("the key is for another algorithm");
  const end = token.lastIndexOf(".");
  const signed = Buffer.from(token.slice(0, end), "latin1");
  const signature = Buffer.from(token.slice(end + 1), "base64url");
  if (!isSigned(alg, key, signed, signature)) throw new errors.JWSSignatureVerificationFailed();
}

function isSigned(
  alg: TokenAlgorithm,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (alg) {
    case "HS256": {
      const expected = createHmac("sha256", key).update(signed).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    }
    case "RS256":
      return verify("sha256", signed, key, signature);
    case "ES256":
      // Two numbers of 32 bytes (RFC 7518, 3.4), not the form that OpenSSL writes.
      return verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signature);
    case "EdDSA":
      return verify(null, signed, key, signature);
  }
}
