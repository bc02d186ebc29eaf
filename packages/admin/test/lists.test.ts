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
      let page = await lists.begin({ ...list, isDescending }, 700);
      expect(page.total).toBe(expected.length + 1);
      const all = [...page.items];
      while (page.cursor !== undefined) {
        const again = page.cursor;
        page = lists.next(page.cursor, 700);
        expect(lists.next(again, 700)).toBe(page);
        all.push(...page.items);
      }
      expect(all).toEqual(isDescending ? expected.toReversed() : expected);
    }
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
    expect(await lists.begin(list(600_000, 2_000), 1)).toMatchObject({ total: 2_000 });
    expect(await lists.begin(list(500_000, 500_000), 1)).toMatchObject({ total: 500_000 });
    await expect(lists.begin(list(500_001, 500_001), 1)).rejects.toThrow("over 500000 rows");
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
    const first = await lists.begin(list, 1);
    for (let other = 0; other < 16; other += 1) await lists.begin(list, 1);
    expect(() => lists.next(first.cursor ?? "", 1)).toThrow(/list anew/);
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
    const first = await lists.begin(list, 1);
    for (const limit of [3, 4]) {
      for (let other = 0; other < 20; other += 1) {
        expect(await lists.begin(list, limit)).toEqual({ items: [1, 2, 3], total: 3 });
      }
    }
    expect(lists.next(first.cursor ?? "", 1)).toMatchObject({ items: [2], total: 3 });
  });

  it("stays open while only the first pages of others are wanted", async () => {
    const lists = new SortedLists();
    const first = await lists.begin(list, 1);
    for (let other = 0; other < 20; other += 1) {
      const page = await lists.begin({ ...list, isOnePage: true }, 1);
      expect(page).toEqual({ items: [1], total: 3 });
    }
    expect(lists.next(first.cursor ?? "", 1)).toMatchObject({ items: [2], total: 3 });
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
    expect((await list("clients?sort=shoeSize")).error).toMatch(/query sort: .*"shoeSize"/);
    for (const client of clients) await client.disconnect();
    admin.close();
  });
});
