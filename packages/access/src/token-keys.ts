/** Keys that tokens are verified with. Each kind of key goes with its algorithms only, so that no token chooses how it is judged. */
import { createPublicKey, createSecretKey, KeyObject, X509Certificate } from "node:crypto";
import { stat, readFile } from "node:fs/promises";
import { MqttConfigurationError } from "@anax/protocol";
import { createLocalJWKSet, errors } from "jose";
import type { JSONWebKeySet, JWSHeaderParameters } from "jose";
import { algorithmOf, RSA_BITS_MIN } from "./key-algorithm.ts";
import type { TokenAlgorithm } from "./key-algorithm.ts";
import { limitedFetch } from "./limited-fetch.ts";

/** Finds the key for the header of a token. Throws an error of `jose` for a token that has none here, any other if keys cannot be had. */
export type KeyFinder = (header: JWSHeaderParameters) => KeyObject | Promise<KeyObject>;

/** Where keys come from. */
export interface TokenKeys {
  /** Those that the keys here are for. */
  readonly algorithms: readonly TokenAlgorithm[];
  readonly get: KeyFinder;
  /** Has the keys be those of now, as far as they can be had; undefined where there is nothing to wait for. */
  refresh?(): Promise<void> | undefined;
  /** Another number after each change of the keys: what older ones have verified counts no more. Absent: they never change. */
  readonly version?: number;
  /** Reads what is to be read at the start. */
  load?(): Promise<void>;
}

/** RFC 7518 asks for as many bits as the hash has. */
const SECRET_BYTES_MIN = 32;
/** Bytes of a key set: hundreds of keys. */
const KEY_SET_BYTES_MAX = 1_048_576;

/** A secret that both sides know. Throws `MqttConfigurationError` for one that could be guessed, or is a public key. */
export function secretKey(secret: string | Uint8Array): TokenKeys {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (/^\s*-----BEGIN/.test(new TextDecoder().decode(bytes))) {
    // Everybody knows a public key: as a secret it would let in everybody.
    throw new MqttConfigurationError("secret is a key in PEM form; use publicKey");
  }
  if (bytes.length < SECRET_BYTES_MIN) {
    throw new MqttConfigurationError(
      `secret has ${bytes.length} bytes; HS256 needs at least ${SECRET_BYTES_MIN}`,
    );
  }
  const key = createSecretKey(bytes);
  return { algorithms: ["HS256"], get: () => key };
}

/** A public key or a certificate in PEM form. Throws `MqttConfigurationError` for what is none, or is too weak. */
export function publicKey(pem: string): TokenKeys {
  const key = keyOf(pem);
  const algorithm = algorithmOf(key);
  if (algorithm !== undefined) return { algorithms: [algorithm], get: () => key };
  throw new MqttConfigurationError(
    `publicKey is of type ${key.asymmetricKeyType ?? "unknown"}; RSA of ${RSA_BITS_MIN} bits, P-256 and Ed25519 are known`,
  );
}

function keyOf(pem: string): KeyObject {
  if (pem.includes("PRIVATE KEY"))
    throw new MqttConfigurationError("publicKey is a private key; it stays where tokens are made");
  try {
    if (pem.includes("BEGIN CERTIFICATE")) return new X509Certificate(pem).publicKey;
    return createPublicKey(pem);
  } catch (cause) {
    throw new MqttConfigurationError("publicKey is no key and no certificate in PEM form", {
      cause,
    });
  }
}

const SET_ALGORITHMS: readonly TokenAlgorithm[] = ["RS256", "ES256", "EdDSA"];

/** A JSON Web Key Set. Throws `MqttConfigurationError` for what is none, and for one with a secret or private key. */
export function keySet(set: unknown): TokenKeys {
  return { algorithms: SET_ALGORITHMS, get: resolverOf(set) };
}

function resolverOf(set: unknown): KeyFinder {
  if (!isKeySet(set)) throw new MqttConfigurationError("a JSON Web Key Set has a list of keys");
  const secret = set.keys.find((key) => "k" in key || "d" in key);
  if (secret !== undefined)
    throw new MqttConfigurationError("the key set has a key that is not public");
  const find = createLocalJWKSet(set);
  // A key of the set for each name and algorithm at most: what is not found is not kept.
  const found = new Map<string, KeyObject>();
  return (header) => {
    const { alg, kid } = header;
    const name = JSON.stringify([alg, kid]);
    const known = found.get(name);
    if (known !== undefined) return known;
    return find(header).then((cryptoKey) => {
      const key = KeyObject.from(cryptoKey);
      found.set(name, key);
      return key;
    });
  };
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== "object" || value === null || !("keys" in value)) return false;
  const { keys } = value;
  return Array.isArray(keys) && keys.every((key) => typeof key === "object" && key !== null);
}

/** Milliseconds between two looks at a file. */
const LOOK_INTERVAL_MS = 2_000;
/** Milliseconds that a look may keep clients waiting: a disk that stalls leaves the keys that are known. */
const LOOK_WAIT_MS = 1_000;

/** A file with a public key in PEM form or a key set, read again when it changes. */
export class FileKeys implements TokenKeys {
  readonly algorithms: readonly TokenAlgorithm[] = SET_ALGORITHMS;
  readonly #path: string;
  readonly #warn: (text: string) => void;
  #keys: TokenKeys | undefined;
  version = 0;
  #stamp = "";
  #lookedAtMs = -Infinity;
  #lookBeganAtMs = 0;
  #looking: Promise<void> | undefined;

  constructor(path: string, warn: (text: string) => void) {
    this.#path = path;
    this.#warn = warn;
  }

  /** Looks whether the file is another. */
  refresh(): Promise<void> | undefined {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < LOOK_INTERVAL_MS) return undefined;
    if (this.#looking === undefined) this.#look(nowMs);
    return nowMs - this.#lookBeganAtMs < LOOK_WAIT_MS ? this.#looking : undefined;
  }

  readonly get: KeyFinder = (header) => {
    if (this.#keys === undefined) throw new Error(`${this.#path} was not read`);
    const { alg } = header;
    if (this.#keys.algorithms.every((algorithm) => algorithm !== alg))
      throw new errors.JOSEAlgNotAllowed("the key is for another algorithm");
    return this.#keys.get(header);
  };

  /** Throws `MqttConfigurationError` if it cannot be read, or holds no keys. */
  async load(known?: string): Promise<void> {
    try {
      const stamp = known ?? (await stampOf(this.#path));
      const text = await readFile(this.#path, "utf8");
      this.#keys = /^\s*\{/.test(text) ? keySet(JSON.parse(text)) : publicKey(text);
      this.version += 1;
      this.#stamp = stamp;
    } catch (cause) {
      const reason = cause instanceof MqttConfigurationError ? `: ${cause.message}` : "";
      throw new MqttConfigurationError(`${this.#path} cannot be used${reason}`, { cause });
    }
  }

  /** What cannot be read changes nothing. */
  #look(nowMs: number): void {
    this.#lookBeganAtMs = nowMs;
    const reading = this.#readIfChanged().finally(() => {
      this.#lookedAtMs = performance.now();
      this.#looking = undefined;
    });
    // One wait for all: clients that come by thousands cost no timer each.
    const stalling = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#warn(`keys stay as they were: ${this.#path} does not answer`);
        resolve();
      }, LOOK_WAIT_MS);
      void reading.finally(() => clearTimeout(timer));
    });
    this.#looking = Promise.race([reading, stalling]);
  }

  async #readIfChanged(): Promise<void> {
    try {
      const stamp = await stampOf(this.#path);
      if (stamp !== this.#stamp) await this.load(stamp);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#warn(`keys stay as they were: ${reason}`);
    }
  }
}

/** Another one after each change of the file. */
async function stampOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${mtimeMs} ${size} ${ino}`;
}

/** How keys are fetched. */
export interface UrlKeysOptions {
  readonly timeoutMs: number;
  /** Keys are fetched again when they are this old. */
  readonly cacheMs: number;
  /** Older ones are not used any more, when they cannot be fetched. */
  readonly staleMs: number;
  /** Between two fetches, also for a token whose key is not there: tokens with names of keys that nobody has are not to reach the service. */
  readonly cooldownMs: number;
  readonly warn: (text: string) => void;
}

/** A key set at a URL. One that cannot be fetched leaves the keys in use, for as long as `staleMs` says. */
export class UrlKeys implements TokenKeys {
  readonly algorithms: readonly TokenAlgorithm[] = SET_ALGORITHMS;
  readonly #url: URL;
  readonly #options: UrlKeysOptions;
  #keys: KeyFinder | undefined;
  version = 0;
  /** The set as it came last, to see whether it is another. */
  #text = "";
  #fetchedAtMs = -Infinity;
  #triedAtMs = -Infinity;
  #fetching: Promise<void> | undefined;
  #problem: unknown = new Error("no keys were fetched");

  constructor(url: URL, options: UrlKeysOptions) {
    this.#url = url;
    this.#options = options;
  }

  /** Fetches keys that are old; those are used while new ones come, unless they are too old for that. */
  refresh(): Promise<void> | undefined {
    const ageMs = performance.now() - this.#fetchedAtMs;
    if (this.#keys === undefined || ageMs >= this.#options.staleMs) {
      // What they have verified counts no more.
      this.version += 1;
      return this.#fetchUnlessTried();
    }
    if (ageMs >= this.#options.cacheMs) void this.#fetchUnlessTried();
    return undefined;
  }

  readonly get: KeyFinder = (header) => {
    const found = this.#find(header);
    return found instanceof KeyObject
      ? found
      : found.catch((error) => this.#findAgain(header, error));
  };

  /** Fetches the keys for the first time. What fails here is tried again when clients come. */
  async load(): Promise<void> {
    await this.#fetchUnlessTried();
  }

  #find(header: JWSHeaderParameters): KeyObject | Promise<KeyObject> {
    const isStale = performance.now() - this.#fetchedAtMs >= this.#options.staleMs;
    if (this.#keys === undefined || isStale) throw this.#problem;
    return this.#keys(header);
  }

  /** The provider may have got a new key. */
  async #findAgain(header: JWSHeaderParameters, error: unknown): Promise<KeyObject> {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    await this.#fetchUnlessTried();
    return this.#find(header);
  }

  /** One fetch at a time, and none so soon after another. Never rejects. */
  #fetchUnlessTried(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (performance.now() - this.#triedAtMs < this.#options.cooldownMs) return Promise.resolve();
    this.#fetching = this.#fetch().finally(() => {
      this.#triedAtMs = performance.now();
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    try {
      const { timeoutMs } = this.#options;
      const { status, body } = await limitedFetch(this.#url, {
        method: "GET",
        headers: { accept: "application/jwk-set+json, application/json" },
        timeoutMs,
        bytesMax: KEY_SET_BYTES_MAX,
      });
      if (status !== 200) throw new Error(`${this.#url.origin}: status ${status}`);
      this.#keys = resolverOf(JSON.parse(body));
      if (body !== this.#text) this.version += 1;
      this.#text = body;
      this.#fetchedAtMs = performance.now();
    } catch (error) {
      this.#problem = error;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.warn(`keys cannot be fetched: ${reason}`);
    }
  }
}
