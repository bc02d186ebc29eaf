import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topicMatchesFilter } from "@anax/protocol";
import { Router } from "../../src/core/routing/router.ts";
import { Session } from "../../src/core/sessions/session.ts";
import { Subscription } from "../../src/core/routing/subscription.ts";

const FILTERS = [
  "a",
  "a/b",
  "a/+",
  "a/#",
  "+",
  "#",
  "+/b",
  "b",
  "b/c",
  "$x",
  "$x/#",
  "+/+",
  "/",
  "a/",
];
const TOPICS = ["a", "a/b", "a/c", "b", "b/c", "$x", "$x/y", "/", "a/", "a/b/c"];

/** Subscribing and unsubscribing of a few sessions. */
const changes = fc.array(
  fc.record({
    session: fc.nat(2),
    topicFilter: fc.constantFrom(...FILTERS),
    shareName: fc.option(fc.constantFrom("g", "h"), { nil: undefined }),
    isRemoval: fc.boolean(),
    topic: fc.constantFrom(...TOPICS),
  }),
  { maxLength: 40 },
);

function makeSessions(): Session[] {
  return [0, 1, 2].map(
    (index) => new Session({ clientId: `c${index}`, createdAtMs: 0, items: new Map() }),
  );
}

function subscriptionOf(session: Session, topicFilter: string, shareName?: string): Subscription {
  return new Subscription({
    session,
    filter: shareName === undefined ? topicFilter : `$share/${shareName}/${topicFilter}`,
    topicFilter,
    shareName,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: undefined,
  });
}

interface Change {
  session: number;
  topicFilter: string;
  shareName: string | undefined;
  isRemoval: boolean;
}

/** Does one change to the tree or router and to a plain map. */
function change(
  target: { add(one: Subscription): boolean; remove(one: Subscription): boolean },
  model: Map<string, Subscription>,
  sessions: readonly Session[],
  { session, topicFilter, shareName, isRemoval }: Change,
): void {
  const owner = sessions[session];
  if (owner === undefined) return;
  const subscription = subscriptionOf(owner, topicFilter, shareName);
  const key = `${session} ${subscription.filter}`;
  if (isRemoval) strictEqual(target.remove(subscription), model.delete(key));
  else {
    strictEqual(target.add(subscription), !model.has(key));
    model.set(key, subscription);
  }
}

const SEEDS = [0, 1, 0xdead_beef];

describe("Router", () => {
  it("finds after any changes what a naive search finds, each session once", () => {
    fc.assert(
      fc.property(changes, fc.constantFrom(...SEEDS), (steps, seed) => {
        const router = new Router(seed);
        const sessions = makeSessions();
        const model = new Map<string, Subscription>();
        const target = {
          add: (one: Subscription) => router.subscribe(one),
          remove: (one: Subscription) => router.unsubscribe(one),
        };
        for (const step of steps) {
          change(target, model, sessions, step);
          for (const topic of TOPICS) {
            const route = router.route(topic);
            const matching = [...model.values()].filter((one) =>
              topicMatchesFilter(topic, one.topicFilter),
            );
            const plain = matching.filter(({ shareName }) => shareName === undefined);
            const receivers = route.recipients.map(({ session }) => session);
            expect(new Set(receivers)).toEqual(new Set(plain.map(({ session }) => session)));
            expect(receivers).toHaveLength(new Set(receivers).size);
            const members = route.groups.flatMap((group) => group.members);
            expect(new Set(members)).toEqual(
              new Set(matching.filter(({ shareName }) => shareName !== undefined)),
            );
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("a route that was asked for stays as it was while subscriptions change", () => {
    const router = new Router();
    const [first, second] = makeSessions();
    if (first === undefined || second === undefined) throw new Error("no sessions");
    router.subscribe(subscriptionOf(first, "a"));
    const route = router.route("a");
    router.subscribe(subscriptionOf(second, "a"));
    router.unsubscribe(subscriptionOf(first, "a"));
    expect(route.recipients.map(({ session }) => session)).toEqual([first]);
    expect(router.route("a").recipients.map(({ session }) => session)).toEqual([second]);
  });

  it("gives memory back: what was subscribed and ended leaves an empty tree", () => {
    const router = new Router(7);
    const [session] = makeSessions();
    if (session === undefined) throw new Error("no session");
    const filters = Array.from({ length: 5_000 }, (_, number) => `f/${number % 70}/${number}/+/x`);
    for (const filter of filters) router.subscribe(subscriptionOf(session, filter));
    for (const [number, filter] of filters.entries())
      strictEqual(router.route(`f/${number % 70}/${number}/any/x`).recipients.length, 1, filter);
    for (const filter of filters) router.unsubscribe(subscriptionOf(session, filter));
    for (let number = 0; number < filters.length; number += 1)
      strictEqual(router.route(`f/${number % 70}/${number}/any/x`).recipients.length, 0);
    // Numbers of nodes are used again.
    for (const filter of filters) router.subscribe(subscriptionOf(session, filter));
    expect(router.route("f/0/0/any/x").recipients).toHaveLength(1);
  });

  it("keeps many subscribers of one filter in the order in which they subscribed", () => {
    const router = new Router();
    const sessions = Array.from(
      { length: 40 },
      (_, index) => new Session({ clientId: `m${index}`, createdAtMs: 0, items: new Map() }),
    );
    for (const session of sessions) router.subscribe(subscriptionOf(session, "#"));
    const gone = sessions[5];
    if (gone === undefined) throw new Error("no session");
    router.unsubscribe(subscriptionOf(gone, "#"));
    expect(router.route("x").recipients.map(({ session }) => session.clientId)).toEqual(
      sessions.filter((session) => session !== gone).map(({ clientId }) => clientId),
    );
  });

  it.each([
    ["00", "U+0000"],
    ["2b", "a wildcard"],
    ["612f23", "a wildcard behind a level"],
    ["c328", "bytes that are no UTF-8"],
    ["eda080", "a surrogate"],
    ["", "no character"],
  ])("finds no route for the bytes %s: %s is in no Topic Name", (hex) => {
    const bytes = Buffer.from(hex, "hex");
    expect(new Router().find(bytes, 0, bytes.length, 128)).toBeUndefined();
  });

  it("matches topics beyond ASCII, by their bytes", () => {
    const router = new Router(3);
    const [session] = makeSessions();
    if (session === undefined) throw new Error("no session");
    router.subscribe(subscriptionOf(session, "früh/+/雪"));
    expect(router.route("früh/x/雪").recipients).toHaveLength(1);
    expect(router.route("früh/x/雨").recipients).toHaveLength(0);
  });

  it("finds no route where a topic has more levels than are allowed", () => {
    const bytes = Buffer.from("a/b/c");
    const router = new Router();
    expect(router.find(bytes, 0, bytes.length, 2)).toBeUndefined();
    expect(router.find(bytes, 0, bytes.length, 3)).toBeDefined();
  });
});
