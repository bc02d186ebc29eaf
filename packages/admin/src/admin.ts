/** The admin API of one server as a fetch handler: Hono, node:http and every framework that speaks `Request` can carry it. */
import type { MqttServer } from "@anax/server";
import { Value } from "@sinclair/typebox/value";
import type { TSchema } from "@sinclair/typebox";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Context } from "hono";
import { corsHeaders, refusalOfBrowser } from "./access/browser-guards.ts";
import type { BrowserRules } from "./access/browser-guards.ts";
import { includesRole } from "./access/roles.ts";
import type { Role } from "./access/roles.ts";
import type { TokenHolder } from "./access/tokens.ts";
import { API_PREFIX, openApi } from "./api/open-api.ts";
import { requestFault } from "./api/request-fault.ts";
import type { Reload, Route } from "./api/route.ts";
import { ROUTES } from "./api/routes.ts";
import { dashboardAnswer } from "./dashboard/dashboard-answer.ts";
import { dashboardFileName } from "./dashboard/dashboard-files.ts";
import { SortedLists } from "./lists/sorted-lists.ts";
import { LiveStreams } from "./live/live-streams.ts";
import { TraceStreams } from "./live/trace-streams.ts";
import { Measuring } from "./metrics/measuring.ts";
import { PROMETHEUS_TYPE, prometheusText } from "./metrics/prometheus-text.ts";

/** Largest body of a request: the largest payload that a server takes by default, as base64, and some. */
const BODY_BYTES_MAX = 4_194_304;

/** A change that was asked for, to be logged. */
export interface AdminChange {
  /** Name of the token. */
  readonly name: string;
  readonly role: Role;
  readonly method: string;
  readonly url: string;
  /** Address of the client of the API, where the carrier knows it. */
  readonly remoteAddress?: string | undefined;
  /** Status of the answer. */
  readonly status: number;
}

/** Options of the API. */
export interface AdminOptions extends BrowserRules {
  /** Whose token it is; undefined: nobody's. */
  holderOf(token: string): TokenHolder | undefined;
  /** True: `/metrics` answers without a token, as scrapers expect on a private network. Default false. */
  readonly openMetrics?: boolean | undefined;
  /** False: there is no page at `/`. Default true. */
  readonly dashboard?: boolean | undefined;
  /** Told of each change that was asked for. */
  readonly changed?: ((change: AdminChange) => void) | undefined;
  /** What `POST /server/reload` does, as SIGHUP of `anax serve`. Default: it reads the rules of access again. */
  readonly reload?: Reload | undefined;
  /** Stands in the description of the API. */
  readonly version?: string | undefined;
}

/** The API of one server. */
export interface Admin {
  /** Answers a request. `remoteAddress` is for the log. Never rejects. */
  fetch(request: Request, remoteAddress?: string): Promise<Response>;
  /** Ends its live streams and measurements. */
  close(): void;
}

interface Environment {
  Bindings: { readonly remoteAddress: string | undefined };
}

/** Makes the API of `server`. */
export function createAdmin(server: MqttServer, options: AdminOptions): Admin {
  const measuring = new Measuring(server);
  const state: State = {
    server,
    streams: new LiveStreams(server),
    traceStreams: new TraceStreams(),
    sortedLists: new SortedLists(),
    reload: options.reload,
  };
  const app = new Hono<Environment>();
  app.use(async (context, next) => {
    const refusal = refusalOfBrowser(context.req.raw, options);
    if (refusal !== undefined) return context.json({ error: refusal }, 403);
    if (context.req.method === "OPTIONS")
      return context.body(null, 204, corsHeaders(context.req.raw, options));
    await next();
    for (const [name, value] of Object.entries(corsHeaders(context.req.raw, options)))
      context.header(name, value);
    context.header("x-content-type-options", "nosniff");
    context.header("cache-control", "no-store");
    return undefined;
  });
  app.use(
    bodyLimit({
      maxSize: BODY_BYTES_MAX,
      onError: (context) =>
        context.json({ error: `the body has over ${BODY_BYTES_MAX} bytes` }, 413),
    }),
  );
  app.get("/health/live", (context) => context.json({ isAlive: true }));
  app.get("/health/ready", (context) => {
    const isReady = server.isStarted && server.health.isHealthy;
    return context.json({ isReady, store: server.health.store }, isReady ? 200 : 503);
  });
  app.get("/metrics", (context) => {
    if (options.openMetrics !== true) {
      const holder = holderFor(context, "viewer", options);
      if (holder instanceof Response) return holder;
    }
    return context.body(prometheusText(measuring.measure()), 200, {
      "content-type": PROMETHEUS_TYPE,
    });
  });
  app.get(`${API_PREFIX}/openapi.json`, (context) => context.json(openApi(options.version ?? "0")));
  for (const route of ROUTES) {
    const url = `${API_PREFIX}${route.url.replace(/\{(\w+)\}/g, ":$1")}`;
    app.on(route.method.toUpperCase(), url, (context) => answer(context, route, state, options));
  }
  app.get("/:file?", async (context, next) => {
    const name = options.dashboard === false ? undefined : dashboardFileName(context.req.path);
    if (name === undefined) return next();
    return dashboardAnswer(name, context.req.raw, server);
  });
  app.notFound((context) =>
    context.json({ error: `there is no ${context.req.method} ${context.req.path}` }, 404),
  );
  app.onError((error, context) => context.json({ error: error.message }, statusOf(error)));
  return {
    fetch: async (request, remoteAddress) => app.fetch(request, { remoteAddress }),
    close: () => {
      state.streams.close();
      state.traceStreams.close();
      measuring.close();
    },
  };
}

type Given = Context<Environment>;

/** What the routes of one server work with. */
interface State {
  readonly server: MqttServer;
  readonly streams: LiveStreams;
  readonly traceStreams: TraceStreams;
  readonly sortedLists: SortedLists;
  readonly reload: Reload | undefined;
}

/** Whose token the request has, if the holder may do what `role` may; else the answer that says why not. */
function holderFor(context: Given, role: Role, options: AdminOptions): TokenHolder | Response {
  const holder = holderOf(context, options);
  if (holder === undefined) {
    const error = "a known bearer token is needed";
    return context.json({ error }, 401, { "www-authenticate": "Bearer" });
  }
  if (includesRole(holder.role, role)) return holder;
  return context.json(
    { error: `this needs the role ${role}; ${holder.name} is ${holder.role}` },
    403,
  );
}

function holderOf(context: Given, options: AdminOptions): TokenHolder | undefined {
  const [, token] = /^Bearer (\S+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
  return token === undefined ? undefined : options.holderOf(token);
}

async function answer(
  context: Given,
  route: Route,
  state: State,
  options: AdminOptions,
): Promise<Response> {
  const holder = holderFor(context, route.role, options);
  if (holder instanceof Response) return holder;
  let response: Response;
  try {
    const { status, body, events } = await route.handle({
      ...state,
      caller: { ...holder, isStillKnown: () => holderOf(context, options) !== undefined },
      path: checked("path", route.path, context.req.param()),
      query: checked("query", route.query, context.req.query()),
      body: await bodyOf(context, route.body),
    });
    if (events !== undefined)
      response = context.body(events, 200, { "content-type": "text/event-stream" });
    else response = status === 204 ? context.body(null, 204) : context.json(body ?? {}, status);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    response = context.json({ error: error.message }, statusOf(error));
  }
  if (route.isChange) tell(context, holder, response.status, options);
  return response;
}

function tell(context: Given, holder: TokenHolder, status: number, options: AdminOptions): void {
  const { name, role } = holder;
  const { method } = context.req;
  const { remoteAddress } = context.env;
  const { pathname, search } = new URL(context.req.url);
  const url = `${pathname}${search}`;
  options.changed?.({ name, role, method, url, remoteAddress, status });
}

async function bodyOf(context: Given, schema: TSchema): Promise<unknown> {
  if (!("properties" in schema)) return undefined;
  const text = await context.req.text();
  if (text === "") return checked("body", schema, {});
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new RequestError("the body is not JSON");
  }
  return checked("body", schema, body);
}

/** What is wrong in a request. */
class RequestError extends Error {
  override readonly name = "RequestError";
}

/** Numbers and truth values of a query come as text. */
function checked(place: "path" | "query" | "body", schema: TSchema, given: unknown): never {
  const value = place === "body" ? given : Value.Convert(schema, structuredClone(given));
  const fault = requestFault(place, schema, value);
  if (fault === undefined) return value as never;
  throw new RequestError(fault);
}

/** What the server refuses is the caller's fault; what it cannot do now may be tried again. */
function statusOf(error: Error): 400 | 404 | 409 | 500 | 503 {
  const code = "code" in error ? error.code : undefined;
  if (error instanceof RequestError || error instanceof RangeError || error instanceof TypeError)
    return 400;
  switch (code) {
    case "ANAX_CONFIGURATION":
      return 400;
    case "ANAX_SESSION_NOT_FOUND":
      return 404;
    case "ANAX_SERVER_STATE":
    case "ANAX_NOT_STORED":
    case "ANAX_SERVER_BUSY":
      return 503;
    default:
      return 500;
  }
}
