import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { encodePacket } from "@anax/protocol";
import type { FollowedMessage, FollowingOptions, MqttServer } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { connected, publication, startedServer, subscribe } from "../support/memory-server.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import { turns } from "../support/turns.ts";

const clock = new ManualClock();
const logged: string[] = [];
let server: MqttServer;
let publisher: MqttPeer;
let receiver: MqttPeer;
let old: MqttPeer;
let followed: FollowedMessage[] = [];
let registration: Disposable | undefined;

beforeAll(async () => {
  server = await startedServer({
    clock,
    logger: { level: "error", write: ({ message }) => void logged.push(message) },
  });
  publisher = await connected(server, "p");
  receiver = await connected(server, "r");
  old = await connected(server, "old", { protocolVersion: 4 });
  await subscribe(receiver, "t/#", 2);
  await subscribe(old, "t/#", 1);
});

afterEach(() => {
  registration?.[Symbol.dispose]();
});

afterAll(async () => {
  for (const peer of [publisher, receiver, old]) peer.end();
  await server.stop();
});

function follow(options: Partial<FollowingOptions> = {}): void {
  followed = [];
  const tell = (message: FollowedMessage): void => void followed.push(message);
  registration = server.traces.followMessages({ followed: tell, ...options });
}

/** Publishes one by one, each in a read of its own. */
async function publish(
  ...userProperties: (readonly [string, string] | undefined)[]
): Promise<void> {
  for (const property of userProperties) {
    const packet = publication("t/a", "abc");
    publisher.sendPacket(
      property === undefined ? packet : { ...packet, properties: { userProperties: [property] } },
    );
    await receiver.packet();
    await old.packet();
  }
}

describe("messages that are followed", () => {
  it("are told with times, publisher and receivers", async () => {
    follow();
    const before = clock.now();
    await publish(["a", "b"]);
    expect(followed).toEqual([
      {
        topic: "t/a",
        qos: 0,
        retain: false,
        payloadBytes: 3,
        userProperties: [["a", "b"]],
        publisher: {
          clientId: "p",
          protocolVersion: 5,
          transport: "memory",
          remoteAddress: undefined,
        },
        receivedAtMs: before,
        routedAtMs: before,
        receivers: 2,
        deliveries: [
          { clientId: "r", protocolVersion: 5, givenAtMs: before, writtenAtMs: before },
          { clientId: "old", protocolVersion: 4, givenAtMs: before, writtenAtMs: before },
        ],
      },
    ]);
  });

  it("are evenly spaced, but those with a mark count by themselves", async () => {
    const marks: string[] = [];
    const isMarked = (value: string): boolean => (marks.push(value), value !== "no");
    follow({ messagesPerSecondMax: 2, markProperty: "mark", markedPerSecondMax: 2, isMarked });
    clock.advance(500);
    await publish(
      undefined,
      undefined,
      ["mark", "no"],
      ["mark", "1"],
      ["mark", "2"],
      ["mark", "3"],
    );
    expect(marks).toEqual(["no", "1", "2", "3"]);
    const values = (): unknown[] => followed.map(({ userProperties }) => userProperties[0]?.[1]);
    expect(values()).toEqual([undefined, "1", "2"]);
    clock.advance(499);
    await publish(undefined, ["other", "mark"]);
    clock.advance(1);
    await publish(undefined);
    expect(values()).toEqual([undefined, "1", "2", undefined]);
  });

  it("are single ones, though others came with them in one read", async () => {
    follow();
    const packets = [1, 2, 3].map((at) => encodePacket(publication("t/a", "x".repeat(at)), 5));
    publisher.send(Buffer.concat(packets));
    for (let at = 0; at < 3; at += 1) {
      await receiver.packet();
      await old.packet();
    }
    expect(followed).toMatchObject([{ payloadBytes: 1, receivers: 2 }]);
  });

  it("may be retained, have an alias, and go to none", async () => {
    follow({ messagesPerSecondMax: 1_000 });
    const packet = publication("u", "", 1);
    publisher.sendPacket({
      ...packet,
      retain: true,
      packetIdentifier: 1,
      properties: { topicAlias: 1 },
    });
    await publisher.packet();
    clock.advance(1);
    publisher.sendPacket({
      ...packet,
      topic: "",
      packetIdentifier: 2,
      properties: { topicAlias: 1 },
    });
    await publisher.packet();
    expect(followed).toMatchObject([
      { topic: "u", qos: 1, retain: true, receivers: 0, deliveries: [] },
      { topic: "u", qos: 1, retain: false, receivers: 0, deliveries: [] },
    ]);
  });

  it("are those of the program and of the server too", async () => {
    follow();
    await server.publish("t/own", "abcd", { userProperties: [["a", "b"]] });
    await receiver.packet();
    await old.packet();
    expect(followed).toMatchObject([
      { topic: "t/own", payloadBytes: 4, publisher: { clientId: "" }, receivers: 2 },
    ]);
  });

  it("are told of after ten seconds if a receiver does not read", async () => {
    const frozen = await connected(server, "frozen");
    await subscribe(frozen, "f", 0);
    frozen.stream.pause();
    follow({ messagesPerSecondMax: 0, markProperty: "mark" });
    const large = publication("f", "x".repeat(300_000));
    for (let at = 0; at < 8; at += 1) publisher.sendPacket(large);
    publisher.sendPacket({ ...large, properties: { userProperties: [["mark", ""]] } });
    await turns();
    expect(followed).toEqual([]);
    clock.advance(10_000);
    await turns();
    expect(followed).toMatchObject([{ topic: "f", receivers: 1 }]);
    expect(followed[0]?.deliveries[0]).toMatchObject({
      clientId: "frozen",
      writtenAtMs: undefined,
    });
    frozen.end();
  });

  it("cost nothing any more once that has ended, and a failure is logged", async () => {
    follow({
      followed: () => {
        throw new Error("full");
      },
    });
    await publish(undefined);
    expect(logged).toEqual(["what follows messages failed"]);
    expect(() => follow()).toThrow("messages are followed already");
    registration?.[Symbol.dispose]();
    clock.advance(1_000);
    await publish(undefined);
    expect(logged).toHaveLength(1);
  });

  it.each([
    [{}, "following.followed is missing"],
    [{ followed: (): void => undefined, messagesPerSecondMax: -1 }, "-1 is not a number from 0"],
    [{ followed: (): void => undefined, markProperty: "" }, 'following.markProperty: "" names'],
  ])("are not followed with %j", (options, message) => {
    expect(() => server.traces.followMessages(options as never)).toThrow(message);
  });
});
