/** What routes have in common: how one is written, and what it answers. */
import { Type } from "@sinclair/typebox";
import type { TObject, TSchema, TUndefined } from "@sinclair/typebox";
import type { Route, RouteAnswer, RouteDescription } from "./route.ts";

export const NO_BODY: TUndefined = Type.Undefined();

/** Keeps the types of one route, and gives it as one of many. */
export function route<Path extends TObject, Query extends TObject, Body extends TSchema>(
  description: RouteDescription<Path, Query, Body>,
): Route {
  // Its input was checked by these very schemas.
  return description as unknown as Route;
}

export const DONE: RouteAnswer = { status: 204 };

/** `what` is not there, such as `session "a"`. */
export function missing(what: string): RouteAnswer {
  return { status: 404, body: { error: `there is no ${what}` } };
}

/** The body, if there is one; else `what` is missing. */
export function found(body: unknown, what: string): RouteAnswer {
  return body === undefined ? missing(what) : { status: 200, body };
}

/** Nothing, if it is done; else `what` is missing. */
export function done(isDone: boolean, what: string): RouteAnswer {
  return isDone ? DONE : missing(what);
}

/** A kind of thing and its name, for `missing`. */
export function named(kind: string, name: string): string {
  return `${kind} ${JSON.stringify(name)}`;
}

/** A status without what is not JSON. */
export function plain<Status extends object>(status: Status | undefined): unknown {
  if (status === undefined) return undefined;
  const hidden = new Set(["sessionItems", "items"]);
  return Object.fromEntries(
    Object.entries(status)
      .filter(([name]) => !hidden.has(name))
      .map(([name, value]) => [name, name === "peer" ? peerJson(value) : value]),
  );
}

/** Certificates have keys and circles. */
function peerJson({
  transport,
  secure,
  remoteAddress,
  remotePort,
}: Record<string, unknown>): object {
  return { transport, secure, remoteAddress, remotePort };
}
