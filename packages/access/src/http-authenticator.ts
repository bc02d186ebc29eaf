import { createHmac, randomBytes } from "node:crypto";
import { MqttConfigurationError } from "@anax/protocol";
import { FairSlots, identityFault } from "@anax/server";
import type { AuthenticationAnswer, Authenticator, Credentials, Identity } from "@anax/server";
import { AnswerCache } from "./answer-cache.ts";
import { CredentialTemplate } from "./credential-template.ts";
import type { CredentialFields } from "./credential-template.ts";
import { limitedFetch } from "./limited-fetch.ts";
import type { LimitedAnswer } from "./limited-fetch.ts";
import { requireRange } from "./option-range.ts";

/** Bytes of an answer of an HTTP service: a thousand Topic Filters. */
const ANSWER_BYTES_MAX = 65_536;
/** Seconds for which a no of the service is remembered: guesses are not to reach the service, and a password that was set anew soon works. */
const NO_CACHE_SECONDS_MAX = 5;

const FIELDS: CredentialFields = { userName: "%u", password: "%p", clientId: "%c", address: "%a" };

/** How the operator's service is asked. */
export interface HttpAuthenticatorOptions {
  /** Of `http:` or `https:`. What clients show is never part of it, but for the query of a GET. */
  readonly url: string;
  /** Default "POST". "GET" has the fields in the query, where logs of the service show them. */
  readonly method?: "GET" | "POST" | undefined;
  /** Sent as they are, such as an `authorization` that the service knows the server by. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * The fields of the body. In their values `%u` is the user name, `%p` the password, `%c` the Client Identifier, `%a` the address, `%t` the
   * transport, `%s` the host that TLS was asked for, `%%` a `%`. Default: `userName`, `password`, `clientId`, `address`.
   */
  readonly fields?: CredentialFields | undefined;
  /** How the body of a POST is written. Default "json". */
  readonly format?: "json" | "form" | undefined;
  /** Milliseconds for a request, and to wait for its turn. Default 3000. */
  readonly timeoutMs?: number | undefined;
  /** Requests at a time. Default 50. */
  readonly requestsMax?: number | undefined;
  /** Clients that wait for a request; others are told to come later. Default 1000. */
  readonly waitingMax?: number | undefined;
  /**
   * Seconds for which a yes is remembered for the same fields; a no for 5 at most. While the service is gone, those whose yes is remembered get
   * in. Default 60; 0: never.
   */
  readonly cacheSeconds?: number | undefined;
  /** Answers that are remembered, of those that are yes; as many that are no. Default 10 000. */
  readonly cacheEntriesMax?: number | undefined;
  /** What the log calls it. Default: "http" and the host. */
  readonly name?: string | undefined;
}

/** An answer, and until when an identity in it holds. */
interface Remembered {
  readonly answer: boolean | Identity | undefined;
  readonly expiresAtMs: number | undefined;
}

/**
 * Asks a service of the operator's who a client is. It answers 204 (yes), 401 or 403 (no), or 200 with a JSON object: `result` is "allow", "deny"
 * or "ignore" (not mine); `userName`, `groups`, `publish`, `subscribe`, `clientId` and `expiresInSeconds` may be there. Everything else is a failure,
 * which lets nobody in.
 */
export class HttpAuthenticator implements Authenticator {
  readonly name: string;
  readonly #url: URL;
  readonly #options: HttpAuthenticatorOptions;
  readonly #template: CredentialTemplate;
  readonly #timeoutMs: number;
  readonly #cacheMs: number;
  readonly #slots: FairSlots;
  readonly #good: AnswerCache<Remembered>;
  /** Apart, so that however many guess, what is known of others stays. */
  readonly #bad: AnswerCache<Remembered>;
  /** Requests that are on their way, by what they ask: many connections of one client are one question. */
  readonly #asking = new Map<string, Promise<Remembered>>();
  readonly #key = randomBytes(32);

  /** Throws `MqttConfigurationError` for options that cannot work. */
  constructor(options: HttpAuthenticatorOptions) {
    this.#options = options;
    this.#url = httpUrl("url", options.url);
    this.name = options.name ?? `http ${this.#url.host}`;
    this.#template = new CredentialTemplate(options.fields ?? FIELDS);
    checkChoices(options);
    this.#timeoutMs = requireRange("timeoutMs", options.timeoutMs ?? 3_000, 1, 600_000);
    const cacheSeconds = requireRange("cacheSeconds", options.cacheSeconds ?? 60, 0, 86_400);
    this.#cacheMs = cacheSeconds * 1_000;
    this.#slots = new FairSlots({
      atOnce: requireRange("requestsMax", options.requestsMax ?? 50, 1, 10_000),
      waitingMax: requireRange("waitingMax", options.waitingMax ?? 1_000, 0, 100_000),
      waitMs: this.#timeoutMs,
      what: "an answer of the service",
      now: () => performance.now(),
    });
    const entriesMax = requireRange(
      "cacheEntriesMax",
      options.cacheEntriesMax ?? 10_000,
      1,
      10_000_000,
    );
    this.#good = new AnswerCache(entriesMax);
    this.#bad = new AnswerCache(entriesMax);
  }

  /** Rejects with `MqttServerBusyError` if too many clients are to be asked about. */
  async authenticate(credentials: Credentials): Promise<AuthenticationAnswer> {
    // What a method carries was not checked by the service.
    if (credentials.authenticationMethod !== undefined) return undefined;
    const fields = this.#filled(credentials);
    if (fields === undefined) return false;
    const key = createHmac("sha256", this.#key).update(JSON.stringify(fields)).digest("base64");
    const nowMs = performance.now();
    const known = this.#good.get(key, nowMs) ?? this.#bad.get(key, nowMs);
    return answerOf(known ?? (await this.#ask(key, fields, credentials)));
  }

  /** Forgets all answers, so that the service is asked again. */
  forget(): void {
    this.#good.clear();
    this.#bad.clear();
  }

  /** Undefined for a password that is no text: then it is no password of the service's. */
  #filled(credentials: Credentials): readonly (readonly [string, string])[] | undefined {
    try {
      return this.#template.filled(credentials);
    } catch {
      return undefined;
    }
  }

  #ask(
    key: string,
    fields: readonly (readonly [string, string])[],
    { peer, userName = "", isAwaited }: Credentials,
  ): Promise<Remembered> {
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    const asking = this.#slots
      .run({ address: peer.remoteAddress, userName, isAwaited }, () => this.#request(fields))
      .then((remembered) => {
        this.#remember(key, remembered);
        return remembered;
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #request(fields: readonly (readonly [string, string])[]): Promise<Remembered> {
    const { method = "POST", format = "json", headers } = this.#options;
    const url = new URL(this.#url);
    const query = new URLSearchParams(fields.map(([name, value]) => [name, value]));
    if (method === "GET") for (const [name, value] of query) url.searchParams.append(name, value);
    const type = format === "json" ? "application/json" : "application/x-www-form-urlencoded";
    const body = format === "json" ? JSON.stringify(Object.fromEntries(fields)) : query.toString();
    const answer = await limitedFetch(url, {
      method,
      timeoutMs: this.#timeoutMs,
      bytesMax: ANSWER_BYTES_MAX,
      headers: { ...(method === "POST" && { "content-type": type }), ...headers },
      ...(method === "POST" && { body }),
    });
    return read(answer);
  }

  #remember(key: string, remembered: Remembered): void {
    const { answer, expiresAtMs = Infinity } = remembered;
    const isYes = answer === true || typeof answer === "object";
    const forMs = isYes ? this.#cacheMs : Math.min(this.#cacheMs, NO_CACHE_SECONDS_MAX * 1_000);
    const endsAtMs = Math.min(performance.now() + forMs, expiresAtMs);
    if (forMs > 0) (isYes ? this.#good : this.#bad).set(key, remembered, endsAtMs);
  }
}

/** With the time that is left of it. */
function answerOf({ answer, expiresAtMs }: Remembered): AuthenticationAnswer {
  if (expiresAtMs === undefined || typeof answer !== "object") return answer;
  return { ...answer, expiresInMs: Math.max(1, expiresAtMs - performance.now()) };
}

function checkChoices({ method, format, headers }: HttpAuthenticatorOptions): void {
  if (method !== undefined && method !== "GET" && method !== "POST")
    throw new MqttConfigurationError(`method ${JSON.stringify(method)} is not GET or POST`);
  if (format !== undefined && format !== "json" && format !== "form")
    throw new MqttConfigurationError(`format ${JSON.stringify(format)} is not json or form`);
  try {
    new Headers(headers);
  } catch (cause) {
    throw new MqttConfigurationError("headers has one that HTTP cannot carry", { cause });
  }
}

/** Throws `MqttConfigurationError` for what is no URL of HTTP. */
export function httpUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new MqttConfigurationError(`${name} is no URL that begins with http:// or https://`);
  if (url.username !== "" || url.password !== "")
    throw new MqttConfigurationError(`${name} has a password; put it into a header`);
  return url;
}

function read({ status, body }: LimitedAnswer): Remembered {
  if (status === 204) return { answer: true, expiresAtMs: undefined };
  if (status === 401 || status === 403) return { answer: false, expiresAtMs: undefined };
  if (status !== 200) throw new Error(`the service answered with status ${status}`);
  const given = parsed(body);
  if (typeof given !== "object" || given === null)
    throw new Error("the service answered with no object");
  const { result, ...rest }: Readonly<Record<string, unknown>> = { ...given };
  if (result === "ignore") return { answer: undefined, expiresAtMs: undefined };
  if (result === "deny") return { answer: false, expiresAtMs: undefined };
  if (result !== "allow") throw new Error("the service answered without a result that is known");
  return identityOf(rest);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Its message would show the answer in the log.
    throw new Error("the service answered with no JSON");
  }
}

const ANSWER_FIELDS: ReadonlySet<string> = new Set([
  "userName",
  "groups",
  "publish",
  "subscribe",
  "clientId",
  "expiresInSeconds",
]);

/** What is misspelt might be a limit that is not there. */
function identityOf(given: Readonly<Record<string, unknown>>): Remembered {
  const stray = Object.keys(given).find((name) => !ANSWER_FIELDS.has(name));
  if (stray !== undefined) throw new Error(`the service answered with an unknown field ${stray}`);
  const expiresInSeconds = given["expiresInSeconds"] ?? undefined;
  if (expiresInSeconds !== undefined && !(Number(expiresInSeconds) > 0))
    throw new Error("expiresInSeconds of the service is no number above 0");
  const { publish, subscribe, expiresInSeconds: _seconds, ...named } = present(given);
  const permissions = { publish, subscribe };
  const isLimited = (publish ?? subscribe) !== undefined;
  const identity: object = { ...named, ...(isLimited && { permissions }) };
  const isEmpty = Object.keys(identity).length === 0;
  const fault = isEmpty ? undefined : identityFault(identity);
  if (fault !== undefined) throw new Error(`the identity that the service gave ${fault}`);
  return {
    answer: isEmpty && expiresInSeconds === undefined ? true : identity,
    expiresAtMs:
      expiresInSeconds === undefined
        ? undefined
        : performance.now() + Number(expiresInSeconds) * 1_000,
  };
}

/** Null stands for what is not there. */
function present(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}
