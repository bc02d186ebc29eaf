import type { KeyObject } from "node:crypto";

/** The algorithms that are known. */
export const TOKEN_ALGORITHMS = ["HS256", "RS256", "ES256", "EdDSA"] as const;

/** One of them. */
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

export const RSA_BITS_MIN = 2_048;

/** The only algorithm that a key is good for, so that no token chooses how it is judged; undefined for a weak key, and of a kind that is not known. */
export function algorithmOf({
  type,
  asymmetricKeyType: kind,
  asymmetricKeyDetails: details,
}: KeyObject): TokenAlgorithm | undefined {
  if (type === "secret") return "HS256";
  if (kind === "ed25519") return "EdDSA";
  if (kind === "ec" && details?.namedCurve === "prime256v1") return "ES256";
  if (kind === "rsa" && (details?.modulusLength ?? 0) >= RSA_BITS_MIN) return "RS256";
  return undefined;
}
