/** Each event has a signal, which says that its handlers' answers are of no use any more. */
import { afterEach, describe, expect, it } from "vitest";
import type { MqttServer, ServerEventHandler, ServerEventName } from "../../src/index.ts";
import { MqttServer as Server, SERVER_EVENT_NAMES } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import {
  awaySession,
  connected,
  LASTING,
  publication,
  subscribe,
} from "../support/memory-server.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { turns, until } from "../support/turns.ts";

const HANDLER_TIMEOUT_MS = 1_000;
const START_TIMEOUT_MS = 3_000;

let server: MqttServer;
let clock: ManualClock;
let release: () => void;

afterEach(async () => {
  release();
  const stopping = server.stop({ deadlineMs: 1 });
  await turns();
  clock.advance(1);
  await stopping;
});

/** Registers the handlers of a test. */
type Arm = () => void;

/** What causes an event; gives the client on whose connection it happens, if it happens on one. */
type Cause = (arm: Arm) => Promise<MqttPeer | undefined> | MqttPeer | undefined;

const TAKEN = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

function connecting(): MqttPeer {
  const peer = new MqttPeer(server.connectInMemory(), 5);
  void peer.connect({ clientId: "c" }).catch(() => undefined);
  return peer;
}

function onceIn(cause: (peer: MqttPeer) => unknown): Cause {
  return async (arm) => {
    const taker = await connected(server, "taker");
    await subscribe(taker, "taken", 1);
    const peer = await connected(server, "c", LASTING);
    await subscribe(peer, "mine", 1);
    arm();
    await cause(peer);
    return peer;
  };
}

/** As `onceIn`, of what belongs to no connection. */
function ofNone(cause: (peer: MqttPeer) => unknown): Cause {
  return async (arm) => {
    await onceIn(cause)(arm);
    return undefined;
  };
}

function armed(cause: () => MqttPeer | undefined): Cause {
  return (arm) => {
    arm();
    return cause();
  };
}

async function acknowledge(peer: MqttPeer): Promise<void> {
  await server.injectApplicationMessage({ topic: "mine", qos: 1 });
  const message = await peer.packet();
  const packetIdentifier = message?.type === "publish" ? (message.packetIdentifier ?? 0) : 0;
  peer.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
}

const CAUSES: Readonly<Record<ServerEventName, Cause>> = {
  validatingConnection: armed(connecting),
  preparingSession: armed(connecting),
  clientConnected: armed(connecting),
  interceptingInboundPacket: armed(connecting),
  interceptingOutboundPacket: armed(connecting),
  interceptingPublish: onceIn((peer) => peer.sendPacket(publication("taken", "x", 1))),
  interceptingClientEnqueue: onceIn((peer) => peer.sendPacket(publication("taken", "x", 1))),
  applicationMessageEnqueuedOrDropped: onceIn((peer) =>
    peer.sendPacket(publication("taken", "x", 1)),
  ),
  applicationMessageNotConsumed: onceIn((peer) => peer.sendPacket(publication("nobody", "x", 1))),
  retainedMessageChanged: onceIn((peer) =>
    peer.sendPacket({ ...publication("kept", "x", 1), retain: true }),
  ),
  clientAcknowledgedPublishPacket: onceIn(acknowledge),
  interceptingSubscription: onceIn((peer) =>
    peer.sendPacket({
      type: "subscribe",
      packetIdentifier: 2,
      subscriptions: [{ topicFilter: "new", ...TAKEN }],
    }),
  ),
  clientSubscribedTopic: onceIn((peer) =>
    peer.sendPacket({
      type: "subscribe",
      packetIdentifier: 2,
      subscriptions: [{ topicFilter: "new", ...TAKEN }],
    }),
  ),
  interceptingUnsubscription: onceIn((peer) =>
    peer.sendPacket({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["mine"] }),
  ),
  clientUnsubscribedTopic: onceIn((peer) =>
    peer.sendPacket({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["mine"] }),
  ),
  clientDisconnected: ofNone((peer) => peer.stream.destroy()),
  sessionDeleted: ofNone(() => server.sessions.delete("c")),
  queuedApplicationMessageOverwritten: ofNone(async () => {
    await awaySession(server);
    for (let count = 0; count < 2; count += 1)
      await server.injectApplicationMessage({ topic: "t", qos: 1 });
  }),
  retainedMessagesCleared: ofNone(() => void server.retainedMessages.clear()),
  loadingRetainedMessage: armed(() => undefined),
  started: armed(() => undefined),
  stopped: async (arm) => {
    arm();
    await turns();
    void server.stop();
    return undefined;
  },
};

/** A server at work on an event, whose handlers wait; gives the signals that they have read, each once it is there. */
async function atWork(
  name: ServerEventName,
  handlers: readonly ServerEventHandler<ServerEventName>[],
): Promise<MqttPeer | undefined> {
  clock = new ManualClock();
  server = new Server({
    listeners: [{ type: "memory" }],
    systemTopics: false,
    clock,
    queueMessagesMax: 1,
    handlerTimeoutMs: HANDLER_TIMEOUT_MS,
    startTimeoutMs: START_TIMEOUT_MS,
  });
  let isArmed = false;
  for (const handler of handlers)
    server.on(name, (event) => (isArmed ? handler(event) : undefined));
  const arm = (): void => {
    isArmed = true;
  };
  const isOfStart = name === "loadingRetainedMessage" || name === "started";
  if (!isOfStart) await server.start();
  const peer = await CAUSES[name](arm);
  if (isOfStart) void server.start().catch(() => undefined);
  return peer;
}

/** Waits as long as the test wants. */
function gate(): Promise<void> {
  return new Promise((resolve) => {
    release = resolve;
  });
}

interface Held {
  readonly peer: MqttPeer | undefined;
  readonly signal: AbortSignal;
}

/** A handler that has read its signal, and waits. */
async function held(name: ServerEventName): Promise<Held> {
  let signal: AbortSignal | undefined;
  const opened = gate();
  const peer = await atWork(name, [
    async (event: { signal: AbortSignal }) => {
      signal ??= event.signal;
      await opened;
    },
  ]);
  await until(() => signal !== undefined);
  if (signal === undefined) throw new Error("unreachable");
  expect(signal.aborted).toBe(false);
  return { peer, signal };
}

describe.each(SERVER_EVENT_NAMES)("the signal of %s", (name) => {
  it("is aborted when its client has gone, where it has one", async () => {
    const { peer, signal } = await held(name);
    peer?.stream.destroy();
    await turns();
    expect(signal.aborted).toBe(peer !== undefined);
    if (peer === undefined) return;
    expect(signal.reason).toMatchObject({
      code: "ANAX_CONNECTION_CLOSED",
      message: "the client has gone",
    });
  });

  // What is told when all is closed has nothing to be hurried for.
  it.skipIf(name === "stopped")("is aborted when the server stops", async () => {
    const { signal } = await held(name);
    const stopping = server.stop({ deadlineMs: 500 });
    await turns();
    expect(signal.reason).toMatchObject({ code: "ANAX_SERVER_STATE" });
    clock.advance(500);
    await stopping;
  });

  it("is aborted when the handler's time is over", async () => {
    const { signal } = await held(name);
    clock.advance(name === "loadingRetainedMessage" ? START_TIMEOUT_MS : HANDLER_TIMEOUT_MS);
    await turns();
    expect(signal.reason).toMatchObject({ code: "ANAX_HANDLER_TIMEOUT" });
    expect(signal.reason.message).toContain(name);
  });

  it("is aborted no more when the handler has answered, and is another for the next", async () => {
    const signals: AbortSignal[] = [];
    const read = ({ signal }: { signal: AbortSignal }): void => void signals.push(signal);
    const opened = gate();
    const peer = await atWork(name, [
      read,
      async (event: { signal: AbortSignal }) => {
        await turns(1);
        read(event);
        await opened;
      },
    ]);
    await until(() => signals.length >= 2);
    peer?.stream.destroy();
    await turns();
    expect(signals[0]?.aborted).toBe(false);
    expect(signals[1]?.aborted).toBe(peer !== undefined);
  });
});

describe("a signal", () => {
  it("is aborted from the start where it is read too late", async () => {
    let event: { signal: AbortSignal } | undefined;
    const opened = gate();
    await atWork("clientSubscribedTopic", [
      (given: { signal: AbortSignal }) => {
        event ??= given;
        return opened;
      },
    ]);
    await until(() => event !== undefined);
    clock.advance(HANDLER_TIMEOUT_MS);
    await turns();
    expect(event?.signal.reason).toMatchObject({ code: "ANAX_HANDLER_TIMEOUT" });
  });

  it("of a handler that is late stays aborted while the next handler has its own", async () => {
    const events: { signal: AbortSignal }[] = [];
    const opened = gate();
    const wait = (given: { signal: AbortSignal }): Promise<void> => {
      events.push(given);
      return opened;
    };
    await atWork("clientSubscribedTopic", [wait, wait]);
    await until(() => events.length === 1);
    clock.advance(HANDLER_TIMEOUT_MS);
    await until(() => events.length === 2);
    expect(events.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(events[1]).toMatchObject({ clientId: "c", grantedQos: 1 });
  });

  it("of a message that waits with others is aborted, read when it is its turn", async () => {
    const signals: AbortSignal[] = [];
    const opened = gate();
    let calls = 0;
    const peer = await atWork("interceptingPublish", [
      async (event: { signal: AbortSignal }) => {
        calls += 1;
        await turns(1);
        if (calls === 1) return;
        signals.push(event.signal);
        await opened;
      },
    ]);
    peer?.sendPacket(publication("taken", "y", 0));
    await until(() => signals.length === 1);
    peer?.stream.destroy();
    await turns();
    expect(signals[0]?.reason).toMatchObject({ code: "ANAX_CONNECTION_CLOSED" });
  });

  it("tells a handler that listens, which may give up its query", async () => {
    let failed: unknown;
    release = () => undefined;
    const peer = await atWork("interceptingPublish", [
      async ({ signal }: { signal: AbortSignal }) => {
        await new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            failed = signal.reason;
            reject(signal.reason as Error);
          });
        });
      },
    ]);
    await turns();
    peer?.stream.destroy();
    await until(() => server.statistics.handlerFailures === 1);
    expect(failed).toMatchObject({ code: "ANAX_CONNECTION_CLOSED" });
  });
});
