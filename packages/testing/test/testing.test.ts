import { expect, test } from "vitest";
import { MemoryServer, SeededRandom, VirtualClock } from "../src/index.ts";

test("a client and a raw peer talk to a server in memory", async () => {
  await using memory = await MemoryServer.start();
  const client = memory.client({ clientId: "client" });
  await client.connect();
  const peer = memory.peer(4);
  peer.send("10 0d 0004 4d515454 04 02 0000 0001 70");
  expect(await peer.receive()).toMatchObject({ type: "connack", reasonCode: 0 });
  peer.send({
    type: "subscribe",
    packetIdentifier: 1,
    subscriptions: [
      { topicFilter: "a", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    ],
  });
  expect(await peer.receive()).toMatchObject({ type: "suback", reasonCodes: [1] });
  await client.publish("a", "hello", { qos: 1 });
  const publish = await peer.receive();
  expect(publish?.type === "publish" && new TextDecoder().decode(publish.payload)).toBe("hello");
});

test("the time of a server in memory is the test's", async () => {
  await using memory = await MemoryServer.start();
  const peer = memory.peer();
  const before = memory.clock.now();
  peer.send({
    type: "connect",
    protocolVersion: 5,
    clientId: "c",
    cleanStart: true,
    keepAliveSeconds: 10,
  });
  expect(await peer.receive()).toMatchObject({ type: "connack" });
  memory.clock.advance(20_000);
  expect(memory.clock.now()).toBe(before + 20_000);
  expect(await peer.receive()).toMatchObject({ type: "disconnect", reasonCode: 0x8d });
  expect(await peer.receive()).toBeUndefined();
  await peer.closed;
});

test("a virtual clock makes its calls in order, at their times, and none that was cancelled", () => {
  const clock = new VirtualClock(0);
  const seen: [string, number][] = [];
  const note = (name: string) => (): void => {
    seen.push([name, clock.now()]);
  };
  clock.callAfter(20, note("late"));
  clock.callAfter(10, note("first"));
  clock.callAfter(10, note("second"));
  const cancel = clock.callAfter(15, note("never"));
  clock.callAfter(5, () => clock.callAfter(1, note("added")));
  cancel();
  clock.advance(15);
  expect(seen).toEqual([
    ["added", 6],
    ["first", 10],
    ["second", 10],
  ]);
  expect([clock.now(), clock.pending]).toEqual([15, 1]);
});

test("the same seed gives the same numbers, within their limits, and other seeds give others", () => {
  const draw = (seed: number): number[] => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 200 }, () => random.between(3, 9));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(new Set(draw(1))).toEqual(new Set([3, 4, 5, 6, 7, 8, 9]));
});

test("a weight says how often a name comes", () => {
  const random = new SeededRandom(1);
  const counts = { often: 0, never: 0, seldom: 0 };
  for (let draw = 0; draw < 1_000; draw += 1) {
    counts[random.weighted({ often: 9, never: 0, seldom: 1 })] += 1;
  }
  expect(counts.never).toBe(0);
  expect(counts.often).toBeGreaterThan(counts.seldom * 4);
  expect(counts.seldom).toBeGreaterThan(0);
  expect(() => random.pick([])).toThrow(RangeError);
});
