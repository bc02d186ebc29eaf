/** Who counts as a receiver, what each is given, and what the publisher and the program are told. */
import type { PublishPacket } from "@anax/protocol";
import { afterEach, describe, expect, it } from "vitest";
import type {
  MqttServer,
  MqttServerOptions,
  ServerEventArguments,
  ServerEventName,
} from "../../src/index.ts";
import {
  awaySession,
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
  text,
} from "../support/memory-server.ts";
import { until } from "../support/turns.ts";

let server: MqttServer;

afterEach(() => server.stop());

async function start(options: MqttServerOptions = {}): Promise<void> {
  server = await startedServer(options);
}

/** What an event is given, from now on. */
function seen<Name extends ServerEventName>(name: Name): ServerEventArguments[Name][] {
  const events: ServerEventArguments[Name][] = [];
  server.on(name, (event) => {
    events.push(event);
  });
  return events;
}

describe("a receiver that interceptingClientEnqueue vetoes", () => {
  it("is none: no event for it, and where none is left the publisher hears 0x10", async () => {
    await start({
      on: { interceptingClientEnqueue: (event) => void (event.acceptEnqueue = false) },
    });
    const dropped = seen("applicationMessageEnqueuedOrDropped");
    const lost = seen("applicationMessageNotConsumed");
    await subscribe(await connected(server, "one"), "t");
    const publisher = await connected(server, "publisher");
    publisher.sendPacket(publication("t", "x", 1));
    expect(await publisher.packet()).toMatchObject({ type: "puback", reasonCode: 0x10 });
    expect(dropped).toEqual([]);
    expect(lost).toHaveLength(1);
    expect(await server.injectApplicationMessage({ topic: "t" })).toEqual({
      matched: 0,
      queued: 0,
      dropped: 0,
      reasonCode: 0x10,
    });
  });

  it("takes nothing from the others", async () => {
    await start({
      on: {
        interceptingClientEnqueue: (event) =>
          void (event.acceptEnqueue = event.receiverClientId !== "one"),
      },
    });
    const told = seen("applicationMessageEnqueuedOrDropped");
    await subscribe(await connected(server, "one"), "t");
    await subscribe(await connected(server, "two"), "t");
    const result = await server.injectApplicationMessage({ topic: "t", qos: 1 });
    expect(result).toEqual({ matched: 1, queued: 1, dropped: 0, reasonCode: 0 });
    expect(told.map(({ receiverClientId, isDropped }) => [receiverClientId, isDropped])).toEqual([
      ["two", false],
    ]);
  });
});

describe("applicationMessageNotConsumed and 0x10", () => {
  it.each([1, 2] as const)(
    "come together at QoS %i: a drop is no lack of subscribers",
    async (qos) => {
      await start({ queueMessagesMax: 1, queueOverflow: "dropNewest" });
      const lost = seen("applicationMessageNotConsumed");
      const told = seen("applicationMessageEnqueuedOrDropped");
      await awaySession(server);
      const publisher = await connected(server, "publisher");
      const codes: number[] = [];
      for (const packetIdentifier of [1, 2]) {
        publisher.sendPacket({ ...publication("t", "x", qos), packetIdentifier });
        const answer = await publisher.packet();
        if (answer?.type === "puback" || answer?.type === "pubrec") codes.push(answer.reasonCode);
      }
      expect(codes).toEqual([0, 0]);
      expect(told.map(({ isDropped }) => isDropped)).toEqual([false, true]);
      expect(lost).toEqual([]);
    },
  );

  it("are both there where nobody subscribes", async () => {
    await start();
    const lost = seen("applicationMessageNotConsumed");
    expect(await server.injectApplicationMessage({ topic: "t", qos: 1 })).toMatchObject({
      reasonCode: 0x10,
    });
    expect(lost).toHaveLength(1);
  });
});

describe("interceptingClientEnqueue", () => {
  const forOne = (event: ServerEventArguments["interceptingClientEnqueue"]): void => {
    const { applicationMessage, receiverClientId } = event;
    if (receiverClientId !== "one") return;
    const payload = new TextEncoder().encode(`${text(applicationMessage.payload)} for one`);
    event.applicationMessage = { ...applicationMessage, payload, contentType: "own" };
  };

  it("changes the message for one receiver only", async () => {
    await start({ on: { interceptingClientEnqueue: forOne } });
    const told = seen("applicationMessageEnqueuedOrDropped");
    const [one, two] = [await connected(server, "one"), await connected(server, "two")];
    for (const peer of [one, two]) await subscribe(peer, "t", 1);
    await server.injectApplicationMessage({ topic: "t", payload: "x", qos: 2 });
    const got = [await one.packet(), await two.packet()] as PublishPacket[];
    expect(got.map(({ payload }) => text(payload))).toEqual(["x for one", "x"]);
    expect(got.map(({ qos, properties }) => [qos, properties?.contentType])).toEqual([
      [1, "own"],
      [1, undefined],
    ]);
    expect(told.map(({ applicationMessage }) => text(applicationMessage.payload))).toEqual([
      "x for one",
      "x",
    ]);
  });

  it("changes retained messages as well, and what waits for a client that is away", async () => {
    await start({ on: { interceptingClientEnqueue: forOne } });
    await server.retainedMessages.set({ topic: "kept", payload: "k", qos: 1 });
    const one = await connected(server, "one", LASTING);
    await subscribe(one, "#");
    expect(text(((await one.packet()) as PublishPacket).payload)).toBe("k for one");
    one.stream.destroy();
    await until(() => server.clients.count === 0);
    await server.injectApplicationMessage({ topic: "t", payload: "x", qos: 1 });
    const again = await connected(server, "one", LASTING);
    const texts = [await again.packet(), await again.packet()] as PublishPacket[];
    expect(texts.map(({ payload }) => text(payload))).toEqual(["k for one", "x for one"]);
  });

  it("that answers what cannot be sent counts as a veto", async () => {
    await start({
      on: {
        interceptingClientEnqueue: (event) => {
          event.applicationMessage = { ...event.applicationMessage, topic: "a/#" };
        },
      },
    });
    await subscribe(await connected(server, "one"), "t");
    expect(await server.injectApplicationMessage({ topic: "t" })).toMatchObject({ matched: 0 });
    expect(server.statistics.handlerFailures).toBe(1);
  });

  it("asks in the order of subscribing, filter by filter", async () => {
    await start();
    const asked = seen("interceptingClientEnqueue");
    for (const name of ["c", "a", "b"]) await subscribe(await connected(server, name), "t/x");
    await server.injectApplicationMessage({ topic: "t/x" });
    expect(asked.map(({ receiverClientId }) => receiverClientId)).toEqual(["c", "a", "b"]);
  });
});
