/** Calls the admin API of a server that runs, wherever it is. */
import type { HelpNote } from "../command.ts";
import { CommandError, UsageError } from "../errors.ts";
import { optional, toggle, withDefault } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { name, seconds } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";
import { readNamedText, reasonOf } from "../read-file.ts";

const URL_DEFAULT = "http://127.0.0.1:8080";
const TOKEN_VARIABLE = "ANAX_ADMIN_TOKEN";
const URL_VARIABLE = "ANAX_ADMIN_URL";
const HTTP_NOT_FOUND = 404;

/** How a command reaches the API, and what it prints. */
export interface AdminClientFlags {
  readonly adminUrl: string | undefined;
  readonly tokenFile: string | undefined;
  readonly timeout: number;
  readonly json: boolean;
}

const REACHING = { group: "Server" };

/** Its flags. */
export const ADMIN_CLIENT_FLAGS: FlagTable<AdminClientFlags> = {
  adminUrl: optional(name("url"), {
    ...REACHING,
    help: `where the admin API is (default ${URL_DEFAULT}, or ${URL_VARIABLE})`,
  }),
  tokenFile: optional(name("file"), {
    ...REACHING,
    help: `file with a token that anax admin token printed; else ${TOKEN_VARIABLE} is the token`,
  }),
  timeout: withDefault(seconds(0.1), 10, { ...REACHING, help: "how long an answer may take" }),
  json: toggle({ group: "Output", help: "print JSON, one object in a line" }),
};

/** What the help says of them. */
export const ADMIN_CLIENT_NOTE: HelpNote = {
  title: "Reaching the server",
  lines: [
    "The server has to run with --admin-port and --admin-tokens. Make a token with: anax admin token.",
    "",
    "Exit codes: 0 done; 1 no answer, refused, or there is no such thing; 2 the command line is wrong.",
  ],
};

/** Parameters behind the `?`; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A call of the API. */
export interface AdminCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/api/v1`, its parts encoded. */
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: object;
}

/** An object of an answer. */
export type Json = Readonly<Record<string, unknown>>;

/** The admin API of one server. */
export class AdminClient {
  readonly #base: string;
  readonly #token: string;
  readonly #timeoutMs: number;

  /** Throws `UsageError` for a URL that is none, or where no token is given; `CommandError` for a file that cannot be read. */
  constructor(flags: AdminClientFlags, { environment }: Pick<Io, "environment">) {
    this.#base = baseOf(flags.adminUrl ?? environment[URL_VARIABLE] ?? URL_DEFAULT);
    this.#token = tokenOf(flags.tokenFile, environment[TOKEN_VARIABLE]);
    this.#timeoutMs = flags.timeout * 1_000;
  }

  /** Rejects with `CommandError` if there is no answer, or it refuses. `missing` says what is not there where the answer is 404. */
  async call(call: AdminCall, missing = "there is none"): Promise<Json> {
    const response = await this.#fetch(call, AbortSignal.timeout(this.#timeoutMs));
    const text = await response.text();
    const answer = text === "" ? {} : objectOf(text);
    if (response.ok && answer !== undefined) return answer;
    if (response.status === HTTP_NOT_FOUND) throw new CommandError(missing);
    throw new CommandError(refusalOf(text, response.status));
  }

  /** All items of a list, page by page. */
  async *items(path: string, query: Query = {}): AsyncGenerator<Json> {
    let cursor: unknown;
    do {
      const page = await this.call({
        method: "GET",
        path,
        query: typeof cursor === "string" ? { ...query, cursor } : query,
      });
      yield* itemsOf(page);
      ({ cursor } = page);
    } while (typeof cursor === "string");
  }

  /** The events of a stream, until the signal ends it or the server does. */
  async *events(path: string, query: Query, signal: AbortSignal): AsyncGenerator<LiveEvent> {
    const response = await this.#fetch({ method: "GET", path, query }, signal);
    if (!response.ok || response.body === null)
      throw new CommandError(refusalOf(await response.text(), response.status));
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) {
          const event = eventOf(block);
          if (event !== undefined) yield event;
        }
      }
    } catch (cause) {
      if (!signal.aborted) throw this.#unreachable(cause);
    }
  }

  async #fetch(
    { method, path, query = {}, body }: AdminCall,
    signal: AbortSignal,
  ): Promise<Response> {
    const url = new URL(`${this.#base}/api/v1${path}`);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, String(value));
    const headers = { authorization: `Bearer ${this.#token}` };
    try {
      return await fetch(url, {
        method,
        signal,
        redirect: "error",
        headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  #unreachable(cause: unknown): CommandError {
    const because = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
    return new CommandError(`${this.#base} does not answer: ${reasonOf(because)}`, { cause });
  }
}

/** An event of the live stream. */
export interface LiveEvent {
  readonly type: string;
  readonly data: Json;
}

/** The objects of a list that an answer has. */
export function itemsOf({ items }: Json): Json[] {
  return Array.isArray(items) ? items : [];
}

/** The first items of a list. */
export async function upTo(limit: number, items: AsyncGenerator<Json>): Promise<Json[]> {
  const some: Json[] = [];
  for await (const item of items) {
    some.push(item);
    if (some.length >= limit) break;
  }
  return some;
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.href.replace(/\/+$/, "");
  throw new UsageError(`${JSON.stringify(text)} is not an address such as ${URL_DEFAULT}`);
}

function tokenOf(file: string | undefined, fromEnvironment: string | undefined): string {
  const text = file === undefined ? fromEnvironment : readNamedText(file);
  const token = text?.trim() ?? "";
  if (/^\S+$/.test(token)) return token;
  if (token !== "") throw new UsageError("the token has spaces; it is one word");
  throw new UsageError(
    `a token is needed: --token-file FILE, or ${TOKEN_VARIABLE}; make one with: anax admin token`,
  );
}

function refusalOf(text: string, status: number): string {
  const error = objectOf(text)?.["error"];
  return typeof error === "string" ? error : `the answer is ${status}, and not from an admin API`;
}

/** Undefined for what is no object of JSON: it does not come from this API. */
function objectOf(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function eventOf(block: string): LiveEvent | undefined {
  const fields = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line));
  const type = fields.find((field) => field?.[1] === "event")?.[2];
  const data = fields.find((field) => field?.[1] === "data")?.[2];
  const object = data === undefined ? undefined : objectOf(data);
  return type === undefined || object === undefined ? undefined : { type, data: object };
}
