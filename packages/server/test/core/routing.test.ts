import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topicMatchesFilter } from "@anax/protocol";
import { Router } from "../../src/core/routing/router.ts";
import { Session } from "../../src/core/sessions/session.ts";
import { SubscriptionTree } from "../../src/core/routing/subscription-tree.ts";
import type { Subscription } from "../../src/core/routing/subscription.ts";
import { CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";

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
  return {
    session,
    filter: shareName === undefined ? topicFilter : `$share/${shareName}/${topicFilter}`,
    topicFilter,
    shareName,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: undefined,
  };
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
  if (isRemoval) expect(target.remove(subscription)).toBe(model.delete(key));
  else {
    expect(target.add(subscription)).toBe(!model.has(key));
    model.set(key, subscription);
  }
}

describe("SubscriptionTree", () => {
  it("matches what a naive search matches", () => {
    fc.assert(
      fc.property(changes, fc.constantFrom(...TOPICS), (steps, topic) => {
        const tree = new SubscriptionTree();
        const model = new Map<string, Subscription>();
        const sessions = makeSessions();
        const target = {
          add: (one: Subscription) => tree.set(one),
          remove: (one: Subscription) => tree.delete(one),
        };
        for (const step of steps) change(target, model, sessions, step);
        const expected = [...model.values()].filter((one) =>
          topicMatchesFilter(topic, one.topicFilter),
        );
        const { subscriptions, groups } = tree.match(topic);
        const found = [...subscriptions, ...groups.flatMap(({ members }) => members)];
        expect(new Set(found)).toEqual(new Set(expected));
        expect(found).toHaveLength(expected.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe("Router", () => {
  it("a route that is remembered is the route that would be found anew, after any changes", () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const router = new Router();
        const sessions = makeSessions();
        const model = new Map<string, Subscription>();
        const target = {
          add: (one: Subscription) => router.subscribe(one),
          remove: (one: Subscription) => router.unsubscribe(one),
        };
        const remembered = TOPICS.map((topic) => router.route(topic));
        for (const step of steps) {
          change(target, model, sessions, step);
          for (const [index, topic] of TOPICS.entries()) {
            const last = remembered[index];
            const route = last?.isCurrent === true ? last : router.route(topic);
            const isMatching = (one: Subscription): boolean =>
              topicMatchesFilter(topic, one.topicFilter);
            const matching = [...model.values()].filter(isMatching);
            const plain = matching.filter(({ shareName }) => shareName === undefined);
            expect(new Set(route.recipients.map(({ session }) => session))).toEqual(
              new Set(plain.map(({ session }) => session)),
            );
            expect(new Set(route.groups.flatMap(({ members }) => members))).toEqual(
              new Set(matching.filter(({ shareName }) => shareName !== undefined)),
            );
            remembered[index] = route;
          }
        }
      }),
    );
  });

  it("a route that had to leave the table is not taken for current by who remembers it", () => {
    const harness = new CoreHarness();
    const publisher = harness.connect("p");
    const send = (topic: string): void => publisher.send(publishPacket(topic, topic));
    send("0");
    send("0");
    // So many topics that each slot of the table was taken over.
    for (let number = 1; number < 200_000; number += 1) harness.core.router.route(String(number));
    const subscriber = harness.connect("s");
    subscribe(subscriber, "0");
    send("0");
    expect(subscriber.receiveTexts()).toEqual(["0"]);
  });

  it("forgets first levels without forgetting changes", () => {
    const router = new Router();
    const [session] = makeSessions();
    if (session === undefined) throw new Error("no session");
    const before = router.route("first/x");
    for (let number = 0; number < 20_000; number += 1) router.route(`${number}/x`);
    router.subscribe(subscriptionOf(session, "first/+"));
    expect(before.isCurrent).toBe(false);
    expect(router.route("first/x").recipients).toHaveLength(1);
  });
});
