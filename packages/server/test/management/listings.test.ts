import { expect, it } from "vitest";
import { connected, startedServer } from "../support/memory-server.ts";
import { Listings } from "../../src/management/listings.ts";

function numbers(): Listings<number> {
  return new Listings();
}

it("gives a list page by page", () => {
  const listings = numbers();
  const first = listings.page({ limit: 2 }, () => [1, 2, 3].values());
  expect(first).toEqual({ items: [1, 2], cursor: expect.any(String) as string });
  const last = listings.page({ limit: 2, ...cursorOf(first) }, () => [].values());
  expect(last).toEqual({ items: [3] });
});

it("gives the same page again to who asks again", () => {
  const listings = numbers();
  const first = listings.page({ limit: 1 }, () => [1, 2, 3].values());
  const second = listings.page({ limit: 1, ...cursorOf(first) }, () => [].values());
  expect(listings.page({ limit: 1, ...cursorOf(first) }, () => [].values())).toEqual(second);
  expect(second.items).toEqual([2]);
});

it("keeps the filter of the first page", () => {
  const listings = numbers();
  const isEven = (number: number): boolean => number % 2 === 0;
  const first = listings.page({ limit: 1, filter: isEven }, () => [1, 2, 3, 4].values());
  expect(first.items).toEqual([2]);
  expect(listings.page({ limit: 9, ...cursorOf(first) }, () => [].values())).toEqual({
    items: [4],
  });
});

it("does no more than its share in one call, also where nothing fits", () => {
  const listings = numbers();
  let steps = 0;
  const endless = function* count(): Generator<number> {
    for (;;) {
      steps += 1;
      yield steps;
    }
  };
  const page = listings.page({ filter: () => false }, endless);
  expect(page.items).toEqual([]);
  expect(page.cursor).toBeDefined();
  expect(steps).toBeLessThan(100_000);
});

it("closes the list that nobody has asked for longest", () => {
  const listings = numbers();
  const first = listings.page({ limit: 1 }, () => [1, 2].values());
  for (let other = 0; other < 100; other += 1) listings.page({ limit: 1 }, () => [1, 2].values());
  expect(() => listings.page(cursorOf(first), () => [].values())).toThrow(RangeError);
});

it("refuses limits and cursors that are none", () => {
  const listings = numbers();
  for (const limit of [0, -1, 1.5, Number.NaN, 10_001]) {
    expect(() => listings.page({ limit }, () => [].values())).toThrow(RangeError);
  }
  expect(() => listings.page({ cursor: "1.7" }, () => [].values())).toThrow("list anew");
});

function cursorOf({ cursor }: { cursor?: string }): { cursor: string } {
  return { cursor: cursor ?? "none" };
}

it("gives all clients, sessions and retained messages, however many", async () => {
  const server = await startedServer();
  for (let number = 0; number < 150; number += 1) {
    await server.retainedMessages.set({ topic: `a/${number}`, payload: "x" });
    await server.sessions.create(`s${number}`, { expiryIntervalSeconds: 60 });
  }
  await connected(server, "one");
  expect(server.retainedMessages.list().items).toHaveLength(100);
  expect([...server.retainedMessages].map(({ topic }) => topic)).toHaveLength(150);
  expect([...server.sessions]).toHaveLength(151);
  expect([...server.clients].map(({ clientId }) => clientId)).toEqual(["one"]);
  await server.stop();
});
