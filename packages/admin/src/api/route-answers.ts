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

export function found(body: unknown): RouteAnswer {
  return body === undefined ? MISSING : { status: 200, body };
}

export const MISSING: RouteAnswer = { status: 404, body: { error: "there is none" } };
export const DONE: RouteAnswer = { status: 204 };

export function done(isDone: boolean): RouteAnswer {
  return isDone ? DONE : MISSING;
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
