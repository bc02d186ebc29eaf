/** Routes of what is kept out. */
import { Type } from "@sinclair/typebox";
import { done, named, NO_BODY, route } from "./route-answers.ts";
import type { Route } from "./route.ts";
import { BAN, BAN_PATH, HELD_OFF, HELD_OFF_SUBJECT, NEW_BAN, NOTHING } from "./schemas.ts";

/** Bans: list, make, lift; and who is held off: list, let go. */
export const BAN_ROUTES: readonly Route[] = [
  route({
    method: "get",
    url: "/bans",
    role: "viewer",
    summary: "Bans in force, oldest first",
    path: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    response: Type.Object({ items: Type.Array(BAN) }),
    isChange: false,
    handle: ({ server }) => ({ status: 200, body: { items: [...server.bans] } }),
  }),
  route({
    method: "post",
    url: "/bans",
    role: "operator",
    summary:
      "Keeps out a Client Identifier, a user or an address, and sends away whoever is connected so",
    path: NOTHING,
    query: NOTHING,
    body: NEW_BAN,
    response: BAN,
    isChange: true,
    handle: async ({ server, body }) => {
      const { durationSeconds, ...subject } = body;
      const durationMs =
        durationSeconds === undefined ? {} : { durationMs: durationSeconds * 1_000 };
      return { status: 200, body: await server.bans.add({ ...subject, ...durationMs }) };
    },
  }),
  route({
    method: "delete",
    url: "/bans/{kind}/{value}",
    role: "operator",
    summary: "Lifts a ban",
    path: BAN_PATH,
    query: NOTHING,
    body: NO_BODY,
    response: undefined,
    isChange: true,
    handle: async ({ server, path }) =>
      done(await server.bans.lift(path), named("ban of", path.value)),
  }),
  route({
    method: "get",
    url: "/held-off",
    role: "viewer",
    summary:
      "Clients that are held off for a while, since they came too often with wrong passwords, or at all",
    path: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    response: Type.Object({ items: Type.Array(HELD_OFF) }),
    isChange: false,
    handle: ({ server }) => ({ status: 200, body: { items: server.bans.heldOff() } }),
  }),
  route({
    method: "post",
    url: "/held-off/let-go",
    role: "operator",
    summary: "Lets clients that are held off come again: those that fit all that is given, or all",
    path: NOTHING,
    query: NOTHING,
    body: HELD_OFF_SUBJECT,
    response: Type.Object({ letGo: Type.Integer({ description: "how many they were" }) }),
    isChange: true,
    handle: async ({ server, body }) => ({
      status: 200,
      body: { letGo: await server.bans.letGo(body) },
    }),
  }),
];
