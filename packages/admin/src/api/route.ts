/** A route of the API as data: one description checks its requests, runs it and documents it. */
import type { MqttServer } from "@anax/server";
import type { Static, TObject, TSchema } from "@sinclair/typebox";
import type { Role } from "../access/roles.ts";

/** What a route is given, checked. */
export interface RouteInput<Path extends TObject, Query extends TObject, Body extends TSchema> {
  readonly server: MqttServer;
  readonly path: Static<Path>;
  readonly query: Static<Query>;
  readonly body: Static<Body>;
}

/** What a route answers. */
export interface RouteAnswer {
  readonly status: 200 | 204 | 404;
  /** As JSON; absent: no body. */
  readonly body?: unknown;
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
  /** True if it changes something, which is logged with who asked for it. */
  readonly isChange: boolean;
  handle(input: RouteInput<Path, Query, Body>): RouteAnswer | Promise<RouteAnswer>;
}

/** A route of whatever parameters. */
export interface Route extends Omit<RouteDescription, "handle"> {
  handle(input: RouteInput<TObject, TObject, TSchema>): RouteAnswer | Promise<RouteAnswer>;
}
