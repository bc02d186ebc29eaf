import { createHash } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { MqttConfigurationError } from "@anax/protocol";
import type { AuthenticationAnswer, Authenticator, Credentials, Identity } from "@anax/server";
import { decodeJwt, errors, UnsecuredJWT } from "jose";
import type { JWTClaimVerificationOptions } from "jose";
import { AnswerCache } from "./answer-cache.ts";
import { httpUrl } from "./http-authenticator.ts";
import { requireRange } from "./option-range.ts";
import { identityIn } from "./token-claims.ts";
import type { TokenClaims } from "./token-claims.ts";
import { TOKEN_ALGORITHMS } from "./key-algorithm.ts";
import type { TokenAlgorithm } from "./key-algorithm.ts";
import { FileKeys, keySet, publicKey, secretKey, UrlKeys } from "./token-keys.ts";
import type { TokenKeys } from "./token-keys.ts";
import { checkSignature, headerOf } from "./token-signature.ts";

/** Milliseconds for which a token that was good is not verified again, so that those who come back at once cost little. */
const REMEMBER_MS = 30_000;
/** Tokens that are remembered, by their digests. */
const REMEMBERED_MAX = 10_000;

/** Bytes of a token: far more than any provider makes, and little work to look at. */
const TOKEN_BYTES_MAX = 16_384;

/** Which tokens are good, and what is in them. Exactly one of `secret`, `publicKey`, `keySet`, `keyFile` and `keyUrl` is given. */
export interface JwtAuthenticatorOptions {
  /** For HS256: at least 32 bytes that the issuer knows too. */
  readonly secret?: string | Uint8Array | undefined;
  /** A public key or certificate in PEM form: RSA for RS256, P-256 for ES256, Ed25519 for EdDSA. */
  readonly publicKey?: string | undefined;
  /** A JSON Web Key Set. */
  readonly keySet?: object | undefined;
  /** A file with either of the two, read again when it changes. */
  readonly keyFile?: string | undefined;
  /** Where an identity provider has its key set: `https://id.example.com/.well-known/jwks.json`. */
  readonly keyUrl?: string | undefined;
  /** Algorithms that are taken, of those that fit the keys. Default: all that fit. */
  readonly algorithms?: readonly TokenAlgorithm[] | undefined;
  /** `iss` must be one of these; a token of another issuer is not this authenticator's. Default: any. */
  readonly issuer?: string | readonly string[] | undefined;
  /** `aud` must have one of these. Default: any. */
  readonly audience?: string | readonly string[] | undefined;
  /** False: tokens without `exp` are taken too, and hold for ever. Default true. */
  readonly requireExpiry?: boolean | undefined;
  /** Seconds that the clocks of issuer and server may differ by. Default 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /** What the claims say. Default: the user name is `sub`, groups are in `groups`. */
  readonly claims?: TokenClaims | undefined;
  /** Authentication Methods whose data is the token; by one of them a client renews it with AUTH. Default ["JWT"]. */
  readonly authenticationMethods?: readonly string[] | undefined;
  /** Of `keyUrl`: seconds after which keys are fetched again. Default 600. */
  readonly cacheSeconds?: number | undefined;
  /** Of `keyUrl`: seconds for which keys are used when they cannot be fetched again. Default 86 400. */
  readonly staleSeconds?: number | undefined;
  /** Of `keyUrl`: least seconds between two fetches. Default 10. */
  readonly cooldownSeconds?: number | undefined;
  /** Of `keyUrl`: milliseconds for a fetch. Default 5000. */
  readonly timeoutMs?: number | undefined;
  /** Told of keys that cannot be read or fetched. Default: not told; a client that cannot be judged is logged all the same. */
  readonly warn?: ((text: string) => void) | undefined;
  /** What the log calls it. Default "jwt". */
  readonly name?: string | undefined;
}

/** A token that was verified, by the keys of that version. */
interface GoodToken {
  readonly identity: Identity;
  readonly expiresAtSeconds: number | undefined;
  readonly version: number | undefined;
}

/**
 * Lets in clients whose password, or Authentication Data, is a JSON Web Token that is signed and in force. The connection ends when the token does,
 * unless the client authenticates itself again. What is no token is not its.
 */
export class JwtAuthenticator implements Authenticator {
  readonly name: string;
  readonly authenticationMethods: readonly string[];
  readonly #keys: TokenKeys;
  readonly #algorithms: readonly TokenAlgorithm[];
  readonly #rules: JWTClaimVerificationOptions;
  readonly #issuers: readonly string[] | undefined;
  readonly #claims: TokenClaims;
  readonly #toleranceSeconds: number;
  readonly #good = new AnswerCache<GoodToken>(REMEMBERED_MAX);

  /** Throws `MqttConfigurationError` for options that cannot work. */
  constructor(options: JwtAuthenticatorOptions) {
    const { name = "jwt", authenticationMethods = ["JWT"], claims = {} } = options;
    this.name = name;
    this.authenticationMethods = authenticationMethods;
    this.#claims = claims;
    this.#keys = keysOf(options);
    this.#issuers = listOf(options.issuer);
    const audience = listOf(options.audience);
    this.#toleranceSeconds = requireRange(
      "clockToleranceSeconds",
      options.clockToleranceSeconds ?? 5,
      0,
      3_600,
    );
    this.#algorithms = algorithmsOf(options, this.#keys);
    this.#rules = {
      clockTolerance: this.#toleranceSeconds,
      requiredClaims: options.requireExpiry === false ? [] : ["exp"],
      ...(this.#issuers !== undefined && { issuer: [...this.#issuers] }),
      ...(audience !== undefined && { audience: [...audience] }),
    };
  }

  /** Reads or fetches the keys. Throws `MqttConfigurationError` for a file that has none. */
  async load(): Promise<void> {
    await this.#keys.load?.();
  }

  authenticate(credentials: Credentials): AuthenticationAnswer | Promise<AuthenticationAnswer> {
    const token = this.#tokenOf(credentials);
    if (token === undefined) return undefined;
    if (token.length > TOKEN_BYTES_MAX) return false;
    const refreshed = this.#keys.refresh?.();
    return refreshed === undefined ? this.#judge(token) : refreshed.then(() => this.#judge(token));
  }

  #judge(token: string): AuthenticationAnswer | Promise<AuthenticationAnswer> {
    const digest = createHash("sha256").update(token).digest("base64");
    const { version } = this.#keys;
    const known = this.#good.get(digest, performance.now());
    if (known !== undefined && known.version === version) return this.#timed(known);
    if (!this.#isIssued(token)) return undefined;
    try {
      const header = headerOf(token, this.#algorithms);
      const take = (found: KeyObject): Identity | false =>
        this.#verify({ token, digest, version, alg: header.alg, key: found });
      const key = this.#keys.get(header);
      return key instanceof Promise ? key.then(take).catch(refused) : take(key);
    } catch (error) {
      return refused(error);
    }
  }

  /** Throws an error of `jose` for whatever is wrong with the token. */
  #verify({ token, digest, version, alg, key }: Verifying): Identity | false {
    checkSignature(token, alg, key);
    // What is signed is judged as if it stood alone.
    const [, claims] = token.split(".");
    const { payload } = UnsecuredJWT.decode(`${NO_SIGNATURE}.${claims}.`, this.#rules);
    const identity = identityIn(payload, this.#claims);
    if (identity === undefined) return false;
    // Keys that came meanwhile have not verified it: the version is that of before.
    const good: GoodToken = { identity, expiresAtSeconds: payload.exp, version };
    this.#good.set(digest, good, performance.now() + REMEMBER_MS);
    return this.#timed(good);
  }

  /** Undefined for what is no token: another authenticator may know it. */
  #tokenOf(credentials: Credentials): string | undefined {
    const { authenticationMethod: method, authenticationData, password } = credentials;
    const isOwn = method !== undefined && this.authenticationMethods.includes(method);
    if (method !== undefined && !isOwn) return undefined;
    const bytes = isOwn ? authenticationData : password;
    if (bytes === undefined) return undefined;
    const text = new TextDecoder().decode(bytes);
    return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text) ? text : undefined;
  }

  /** By what it says itself, which decides only who judges it. */
  #isIssued(token: string): boolean {
    if (this.#issuers === undefined) return true;
    try {
      return this.#issuers.includes(decodeJwt(token).iss ?? "");
    } catch {
      return false;
    }
  }

  /** The identity with the time that is left of it; false if none is. */
  #timed({ identity, expiresAtSeconds }: GoodToken): Identity | false {
    if (expiresAtSeconds === undefined) return identity;
    const leftMs = expiresAtSeconds * 1_000 - Date.now();
    // One that is taken although it has just expired is so until the tolerance is over.
    const graceMs = leftMs > 0 ? 0 : this.#toleranceSeconds * 1_000;
    const expiresInMs = leftMs + graceMs;
    return expiresInMs > 0 && { ...identity, expiresInMs };
  }
}

/** The header of a token without signature, for `jose`. */
const NO_SIGNATURE = Buffer.from('{"alg":"none"}').toString("base64url");

/** A token, and what it is verified with. */
interface Verifying {
  readonly token: string;
  readonly digest: string;
  /** Of the keys. */
  readonly version: number | undefined;
  readonly alg: TokenAlgorithm;
  readonly key: KeyObject;
}

/** Whatever is wrong with the token is a no. All else is wrong here, and a failure. */
function refused(error: unknown): false {
  if (error instanceof errors.JOSEError) return false;
  throw error;
}

function keysOf(options: JwtAuthenticatorOptions): TokenKeys {
  const { secret, publicKey: pem, keySet: set, keyFile, keyUrl } = options;
  const given = [secret, pem, set, keyFile, keyUrl].filter((source) => source !== undefined);
  if (given.length !== 1) {
    const what = "secret, publicKey, keySet, keyFile and keyUrl";
    throw new MqttConfigurationError(`${given.length} of ${what} are given; one is needed`);
  }
  const warn = options.warn ?? ((): void => undefined);
  if (secret !== undefined) return secretKey(secret);
  if (pem !== undefined) return publicKey(pem);
  if (keyFile !== undefined) return new FileKeys(keyFile, warn);
  if (keyUrl === undefined) return keySet(set);
  const seconds = (name: string, value: number): number => requireRange(name, value, 0, 31_536_000);
  return new UrlKeys(httpUrl("keyUrl", keyUrl), {
    warn,
    timeoutMs: requireRange("timeoutMs", options.timeoutMs ?? 5_000, 1, 600_000),
    cacheMs: seconds("cacheSeconds", options.cacheSeconds ?? 600) * 1_000,
    staleMs: seconds("staleSeconds", options.staleSeconds ?? 86_400) * 1_000,
    cooldownMs: seconds("cooldownSeconds", options.cooldownSeconds ?? 10) * 1_000,
  });
}

function algorithmsOf({ algorithms }: JwtAuthenticatorOptions, keys: TokenKeys): TokenAlgorithm[] {
  const unknown = algorithms?.find((name) => !TOKEN_ALGORITHMS.includes(name));
  if (unknown !== undefined) {
    throw new MqttConfigurationError(
      `algorithms has ${JSON.stringify(unknown)}, only ${TOKEN_ALGORITHMS.join(", ")} are known`,
    );
  }
  const fit = keys.algorithms.filter((name) => algorithms?.includes(name) !== false);
  if (fit.length > 0) return fit;
  throw new MqttConfigurationError(`algorithms fits no key: ${keys.algorithms.join(", ")} would`);
}

function listOf(value: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof value === "string" ? [value] : value;
}
