/** A route of the API as data: one description checks its requests, runs it and documents it. */
import type { MqttServer } from "@anax/server";
import type { Static, TObject, TSchema } from "@sinclair/typebox";
import type { Role } from "../access/roles.ts";
import type { TokenHolder } from "../access/tokens.ts";
import type { SortedLists } from "../lists/sorted-lists.ts";
import type { LiveStreams } from "../live/live-streams.ts";
import type { TraceStreams } from "../live/trace-streams.ts";

/** Who asks. */
export interface Caller extends TokenHolder {
  /** False once the token is known no more, which a long answer asks again and again. */
  readonly isStillKnown: () => boolean;
}

/** What a route is given, checked. */
export interface RouteInput<Path extends TObject, Query extends TObject, Body extends TSchema> {
  readonly server: MqttServer;
  readonly path: Static<Path>;
  readonly query: Static<Query>;
  readonly body: Static<Body>;
  readonly caller: Caller;
  readonly streams: LiveStreams;
  readonly traceStreams: TraceStreams;
  readonly sortedLists: SortedLists;
  readonly reload: Reload | undefined;
}

/** Reads again what is written down outside, and gives the names of the settings that have changed and need a new start. */
export type Reload = () => Promise<readonly string[]>;

/** What a route answers. */
export interface RouteAnswer {
  readonly status: 200 | 204 | 404 | 409;
  /** As JSON; absent: no body. */
  readonly body?: unknown;
  /** In place of JSON: Server-Sent Events. */
  readonly events?: ReadableStream<Uint8Array>;
}

/** One route, described by its author. */
export interface RouteDescription<
  Path extends TObject = TObject,
  Query extends TObject = TObject,
  Body extends TSchema = TSchema,
> {
  readonly method: "get" | "post" | "put" | "delete";
  /** Below `/api/v1`, with parameters in braces: `/clients/{clientId}`. */
  readonly url: string;
  /** Who may call it, and everyone with a higher role. */
  readonly role: Role;
  /** What it does, in a phrase. */
  readonly summary: string;
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
  /** What it answers if all is well; undefined: nothing. */
  readonly response: TSchema | undefined;
  /** Media type of the answer. Default JSON; of events, `response` has a property for each. */
  readonly responseType?: "text/event-stream";
  /** True if it changes something, which is logged with who asked for it. */
  readonly isChange: boolean;
  handle(input: RouteInput<Path, Query, Body>): RouteAnswer | Promise<RouteAnswer>;
}

/** A route of whatever parameters. */
export interface Route extends Omit<RouteDescription, "handle"> {
  handle(input: RouteInput<TObject, TObject, TSchema>): RouteAnswer | Promise<RouteAnswer>;
}
