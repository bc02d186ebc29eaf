/** What handlers are told of one client comes one after the other, however long they take. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MqttServer, ServerEventName } from "../../src/index.ts";
import { CoreHarness, Later, connectPacket } from "../support/core-harness.ts";
import { connected, LASTING, startedServer, subscribe } from "../support/memory-server.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import { turns, until } from "../support/turns.ts";

const NEWS = ["clientConnected", "clientDisconnected", "sessionDeleted"] as const;

let server: MqttServer;
/** Begin and end of each handler, by its number, event and client. */
let told: string[];
let release: () => void;

/** Two handlers of each event: both wait, the first until the test lets it go on. */
async function start(): Promise<void> {
  const own: string[] = [];
  told = own;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  server = await startedServer();
  for (const name of NEWS) {
    for (const handler of [1, 2]) {
      server.on(name, async ({ clientId }) => {
        own.push(`${handler} ${name} ${clientId} begins`);
        if (clientId === "c") await gate;
        await turns(1);
        own.push(`${handler} ${name} ${clientId} ends`);
      });
    }
  }
}

beforeEach(start);

afterEach(() => server.stop({ deadlineMs: 0 }));

function inOrder(...names: readonly ServerEventName[]): string[] {
  return names.flatMap((name) =>
    [1, 2].flatMap((handler) => ["begins", "ends"].map((when) => `${handler} ${name} c ${when}`)),
  );
}

/** What is told of "c", when as much has come as there is to come. */
async function toldInTheEnd(count: number): Promise<string[]> {
  await until(() => told.length >= count);
  await turns();
  return told.filter((line) => line.includes(" c "));
}

async function answers(peer: MqttPeer): Promise<boolean> {
  peer.sendPacket({ type: "pingreq" });
  return (await peer.packet())?.type === "pingresp";
}

describe("connected, disconnected and deleted are told one after the other", () => {
  it("at a takeover", async () => {
    await connected(server, "c");
    const newer = await connected(server, "c");
    await turns();
    expect(told).toEqual(["1 clientConnected c begins"]);
    release();
    const expected = inOrder(
      "clientConnected",
      "sessionDeleted",
      "clientDisconnected",
      "clientConnected",
    );
    expect(await toldInTheEnd(expected.length)).toEqual(expected);
    expect(await answers(newer)).toBe(true);
  });

  it("when the link drops and the client is back", async () => {
    const older = await connected(server, "c", LASTING);
    older.stream.destroy();
    await until(() => server.clients.count === 0);
    const newer = await connected(server, "c", LASTING);
    let isAnswered = false;
    const answer = answers(newer).then((isTrue) => {
      isAnswered = isTrue;
    });
    await turns();
    expect([told.length, isAnswered]).toEqual([1, false]);
    release();
    const expected = inOrder("clientConnected", "clientDisconnected", "clientConnected");
    expect(await toldInTheEnd(expected.length)).toEqual(expected);
    await answer;
    expect(isAnswered).toBe(true);
  });

  it("when the client goes while it is told that it came", async () => {
    const older = await connected(server, "c");
    older.stream.destroy();
    await until(() => server.clients.count === 0);
    release();
    const expected = inOrder("clientConnected", "sessionDeleted", "clientDisconnected");
    expect(await toldInTheEnd(expected.length)).toEqual(expected);
  });

  it("and other clients wait for nothing of that", async () => {
    const older = await connected(server, "c");
    older.stream.destroy();
    const other = await connected(server, "other");
    expect(await answers(other)).toBe(true);
    expect(told).toContain("2 clientConnected other ends");
    expect(told).not.toContain("1 clientConnected c ends");
  });
});

describe("a call of the program in a handler does not wait for its own news", () => {
  it("sessions.subscribe in clientSubscribedTopic, and sessions.delete in sessionDeleted", async () => {
    release();
    const outcomes: unknown[] = [];
    server.once("clientSubscribedTopic", async () => {
      outcomes.push(await server.sessions.subscribe("c", "second"));
      outcomes.push(await server.sessions.unsubscribe("c", "second"));
    });
    server.once("sessionDeleted", async () => {
      outcomes.push(await server.sessions.delete("c"));
    });
    server.on("clientUnsubscribedTopic", () => void outcomes.push("unsubscribed told"));
    const peer = await connected(server, "c", LASTING);
    await subscribe(peer, "first");
    await until(() => outcomes.length === 3);
    expect(outcomes).toEqual([[0], [0], "unsubscribed told"]);
    await server.sessions.delete("c");
    await until(() => outcomes.length === 4);
    expect(outcomes[3]).toBe(false);
  });
});

it("a client whose handlers are 1000 events behind is refused with 0x89, and in again later", () => {
  const waiting: Later[] = [];
  const harness = new CoreHarness(
    {},
    {
      clientConnected: () => {
        const later = new Later();
        waiting.push(later);
        return later;
      },
      clientDisconnected: () => undefined,
    },
  );
  let refused = 0;
  let attempts = 0;
  while (refused === 0 && attempts < 1_000) {
    attempts += 1;
    const peer = harness.open();
    peer.send(connectPacket({ clientId: "c" }));
    const [connack] = peer.receive();
    if (connack?.type === "connack" && connack.reasonCode === 0x89) refused = attempts;
    peer.wire.end();
    harness.core.closed(peer.connection);
  }
  // Two events of each connection that was let in.
  expect(refused).toBe(502);
  for (let later = waiting.shift(); later !== undefined; later = waiting.shift()) later.settle();
  harness.settle();
  expect(harness.core.news.count).toBe(0);
  expect(harness.connectWith("c").connack.reasonCode).toBe(0);
});
