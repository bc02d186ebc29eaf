import { connect } from "@anax/client";
import { MqttServer } from "@anax/server";
import { describe, expect, it } from "vitest";
import { createAdmin } from "../src/index.ts";
import { SortedLists } from "../src/lists/sorted-lists.ts";
import type { SortedList } from "../src/lists/sorted-lists.ts";

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly cursor?: string;
  readonly total?: number;
  readonly error?: string;
}

describe("sorted lists", () => {
  it("are whole and in order over many slices, whatever the direction", async () => {
    const lists = new SortedLists();
    const numbers = Array.from({ length: 9_000 }, (_one, index) => (index * 7_919) % 9_001);
    const list = {
      items: numbers,
      filter: (one: number) => one % 2 === 0,
      key: (one: number) => one,
      keep: (one: number) => one,
      show: (one: number) => (one === 4 ? undefined : one),
    };
    const expected = numbers.filter((one) => one % 2 === 0 && one !== 4).sort((a, b) => a - b);
    for (const isDescending of [false, true]) {
      let page = await lists.begin({ ...list, isDescending }, { limit: 700 });
      expect(page.total).toBe(expected.length + 1);
      const all = [...page.items];
      while (page.cursor !== undefined) {
        const again = page.cursor;
        page = lists.next(page.cursor, { limit: 700 });
        expect(lists.next(again, { limit: 700 })).toEqual(page);
        all.push(...page.items);
      }
      expect(all).toEqual(isDescending ? expected.toReversed() : expected);
    }
  });

  it("are jumped into at any place, back and forth, with equal keys and in any mixture", async () => {
    const lists = new SortedLists();
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const shapes = [
      Array.from({ length: 9_000 }, () => random(40)),
      Array.from({ length: 9_000 }, (_one, index) => index),
      Array.from({ length: 6_001 }, (_one, index) => (index % 3 === 0 ? 5 : random(9_000))),
    ];
    for (const [at, numbers] of shapes.entries()) {
      for (const isDescending of [false, true]) {
        const order = isDescending ? -1 : 1;
        const named = numbers.map((number, index) => ({ number, index }));
        const list: SortedList<(typeof named)[number], (typeof named)[number]> = {
          items: named,
          filter: () => true,
          key: ({ number }) => number,
          keep: (one) => one,
          show: (one) => one,
          isDescending,
        };
        const { cursor = "" } = await lists.begin(list, { limit: 3 });
        const expected = named.toSorted((left, right) => order * (left.number - right.number));
        const last = numbers.length - 1;
        for (const offset of [last, 0, 1, 4_500, 2_000, random(last), random(last), last - 5]) {
          const page = lists.next(cursor, { limit: 4, offset });
          expect(page.items, `${at} ${offset}`).toEqual(expected.slice(offset, offset + 4));
          expect(page.total).toBe(numbers.length);
        }
        expect(lists.next(cursor, { limit: 4, offset: last + 1 }).items).toEqual([]);
      }
    }
  });

  it("keep the place of each row, whatever is gone before it", async () => {
    const lists = new SortedLists();
    const gone = new Set<number>();
    const list: SortedList<number, number> = {
      items: Array.from({ length: 100 }, (_one, index) => index),
      filter: () => true,
      key: (one) => one,
      keep: (one) => one,
      show: (one) => (gone.has(one) ? undefined : one),
      isDescending: false,
    };
    const first = await lists.begin(list, { limit: 2, offset: 10 });
    expect(first.items).toEqual([10, 11]);
    for (const one of [11, 12, 13, 15]) gone.add(one);
    const second = lists.next(first.cursor ?? "", { limit: 2 });
    expect(second.items).toEqual([]);
    const third = lists.next(second.cursor ?? "", { limit: 2 });
    expect(third).toMatchObject({ items: [14], total: 100 });
    expect(lists.next(first.cursor ?? "", { limit: 3, offset: 90 }).items).toEqual([90, 91, 92]);
  });

  it("have their rows counted once each, to the last one", async () => {
    const lists = new SortedLists();
    const list = (count: number, wanted: number): SortedList<number, number> => ({
      items: Array.from({ length: count }, (_one, index) => index),
      filter: (one) => one < wanted,
      key: (one) => one,
      keep: (one) => one,
      show: (one) => one,
      isDescending: false,
    });
    expect(await lists.begin(list(600_000, 2_000), { limit: 1 })).toMatchObject({ total: 2_000 });
    expect(await lists.begin(list(500_000, 500_000), { limit: 1 })).toMatchObject({
      total: 500_000,
    });
    await expect(lists.begin(list(500_001, 500_001), { limit: 1 })).rejects.toThrow(
      "over 500000 rows",
    );
  });

  it("have cursors that end, with an error that says so", async () => {
    const lists = new SortedLists();
    const list = {
      items: [1, 2, 3],
      filter: () => true,
      key: (one: number) => one,
      keep: (one: number) => one,
      show: (one: number) => one,
      isDescending: false,
    };
    const first = await lists.begin(list, { limit: 1 });
    for (let other = 0; other < 16; other += 1) await lists.begin(list, { limit: 1 });
    expect(() => lists.next(first.cursor ?? "", { limit: 1 })).toThrow(/list anew/);
  });
});

describe("a sorted list of another reader", () => {
  const list = {
    items: [1, 2, 3],
    filter: () => true,
    key: (one: number) => one,
    keep: (one: number) => one,
    show: (one: number) => one,
    isDescending: false,
  };

  it("stays open while lists of one page are read", async () => {
    const lists = new SortedLists();
    const first = await lists.begin(list, { limit: 1 });
    for (const limit of [3, 4]) {
      for (let other = 0; other < 20; other += 1) {
        expect(await lists.begin(list, { limit })).toEqual({ items: [1, 2, 3], total: 3 });
      }
    }
    expect(lists.next(first.cursor ?? "", { limit: 1 })).toMatchObject({ items: [2], total: 3 });
  });

  it("stays open while only the first pages of others are wanted", async () => {
    const lists = new SortedLists();
    const first = await lists.begin(list, { limit: 1 });
    for (let other = 0; other < 20; other += 1) {
      const page = await lists.begin({ ...list, isOnePage: true }, { limit: 1 });
      expect(page).toEqual({ items: [1], total: 3 });
    }
    expect(lists.next(first.cursor ?? "", { limit: 1 })).toMatchObject({ items: [2], total: 3 });
  });
});

describe("lists of the API", () => {
  it("are sorted and filtered: clients, sessions, subscriptions, retained messages", async () => {
    await using server = new MqttServer({ port: 0, systemTopics: false });
    await server.start();
    const admin = createAdmin(server, { holderOf: () => ({ name: "ann", role: "viewer" }) });
    const list = async (path: string): Promise<Page> => {
      const headers = { authorization: "Bearer x" };
      const request = new Request(`http://127.0.0.1/api/v1/${path}`, { headers });
      return (await admin.fetch(request)).json();
    };
    const names = async (path: string, key: string): Promise<unknown[]> =>
      (await list(path)).items.map((item) => item[key]);
    const clients = await Promise.all(
      ["b", "c", "a"].map((clientId) => connect(server.address().url, { clientId })),
    );
    await clients[0]?.subscribe(["z/#", "y"], () => undefined);
    await clients[1]?.subscribe("x", () => undefined);
    for (const topic of ["r/2", "r/1", "s"])
      await clients[2]?.publish(topic, topic === "s" ? "äöü" : "1", { retain: true, qos: 1 });

    const first = await list("clients?sort=clientId&limit=2");
    expect(first).toMatchObject({ items: [{ clientId: "a" }, { clientId: "b" }], total: 3 });
    const second = await list(`clients?sort=clientId&limit=2&cursor=${first.cursor}`);
    expect(second.items).toMatchObject([{ clientId: "c" }]);
    expect(await names("sessions?sort=subscriptionCount&descending=true", "clientId")).toEqual([
      "b",
      "c",
      "a",
    ]);
    expect(await names("subscriptions", "topicFilter")).toEqual(["x", "y", "z/#"]);
    expect(await names("subscriptions?clientId=b&topicFilter=z", "topicFilter")).toEqual(["z/#"]);
    expect(await names("subscriptions?receives=z%2F1", "topicFilter")).toEqual(["z/#"]);
    expect(await names("subscriptions?receives=%2B", "topicFilter")).toEqual(["x", "y", "z/#"]);
    expect(await names("subscriptions?receives=%24share%2Fg%2Fy", "topicFilter")).toEqual(["y"]);
    expect(await names("retained?sort=topic&descending=true", "topic")).toEqual([
      "s",
      "r/2",
      "r/1",
    ]);
    expect(await names("retained?topicPart=/2", "topic")).toEqual(["r/2"]);
    expect((await list("retained?topicFilter=s&payloadBytesMax=3")).items).toMatchObject([
      { payload: "ä", payloadBytes: 6 },
    ]);
    expect(await list("clients?sort=messages&descending=true&onePage=true&limit=1")).toEqual({
      items: [expect.objectContaining({ clientId: "a", messagesReceived: 3 })],
      total: 3,
    });
    expect((await list("clients?onePage=true")).error).toMatch(/onePage.*sort/);
    const jumped = await list(`clients?limit=1&cursor=${first.cursor}&offset=1`);
    expect(jumped).toMatchObject({ items: [{ clientId: "b" }], total: 3 });
    expect(await names(`clients?cursor=${jumped.cursor}`, "clientId")).toEqual(["c"]);
    expect(await names("clients?sort=clientId&offset=2", "clientId")).toEqual(["c"]);
    expect((await list("clients?offset=1")).error).toMatch(/offset.*sort/);
    expect((await list("clients?sort=clientId&offset=-1")).error).toMatch(
      /query offset -1 is below 0/,
    );
    expect((await list("clients?cursor=sorted-1.x")).error).toMatch(/"sorted-1\.x".*list anew/);
    expect((await list("clients?sort=shoeSize")).error).toMatch(
      /query sort "shoeSize" is not one of/,
    );
    for (const client of clients) await client.disconnect();
    admin.close();
  });
});
