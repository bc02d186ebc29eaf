/** Each call of the management, awaited in a handler of each event: it ends at once, or is refused at once with a reason. */
import { afterEach, expect, it } from "vitest";
import { MqttServer, MqttServerBusyError, SERVER_EVENT_NAMES } from "../../src/index.ts";
import type { AccessRules, ServerEventName } from "../../src/index.ts";
import { connected, LASTING, publication } from "../support/memory-server.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import { turns, until } from "../support/turns.ts";

let server: MqttServer;

afterEach(() => server.stop({ deadlineMs: 0 }));

const MESSAGE = { topic: "own", payload: "x", qos: 1 } as const;

const ALL_ALLOWED: AccessRules = { rules: [{ allow: "both", topics: ["#"] }] };

/** In an order in which each still finds something to do. */
const CALLS: Readonly<Record<string, (clientId: string) => Promise<unknown>>> = {
  injectApplicationMessage: () => server.injectApplicationMessage(MESSAGE),
  publish: () => server.publish("own", "x"),
  "subscribe, and a message that comes": nextMessage,
  "retainedMessages.set": () => server.retainedMessages.set({ topic: "kept", payload: "x" }),
  "retainedMessages.delete": () => server.retainedMessages.delete("kept"),
  "retainedMessages.clear": () => server.retainedMessages.clear(),
  "sessions.create": (id) => server.sessions.create(`${id}-made`),
  "sessions.subscribe": (id) => server.sessions.subscribe(id, "managed"),
  "sessions.unsubscribe": (id) => server.sessions.unsubscribe(id, "managed"),
  "sessions.tryEnqueueApplicationMessage": (id) =>
    server.sessions.tryEnqueueApplicationMessage(id, MESSAGE),
  "sessions.deliverApplicationMessage, queued": (id) =>
    server.sessions.deliverApplicationMessage(id, MESSAGE, { until: "queued" }),
  "sessions.deliverApplicationMessage, QoS 0": (id) =>
    server.sessions.deliverApplicationMessage(id, { topic: "own" }),
  "sessions.deliverApplicationMessage, acknowledged": (id) =>
    server.sessions.deliverApplicationMessage(id, MESSAGE),
  "sessions.waitingMessages": (id) => server.sessions.waitingMessages(id),
  "sessions.clearQueue": (id) => server.sessions.clearQueue(id),
  "access.changed": () => server.access.changed(),
  "access.replaceRules": () => server.access.replaceRules(ALL_ALLOWED),
  "access.reload": () => server.access.reload(),
  "bans.add": (id) => server.bans.add({ kind: "clientId", value: `${id}-banned` }),
  "bans.lift": (id) => server.bans.lift({ kind: "clientId", value: `${id}-banned` }),
  "bans.letGo": (id) => server.bans.letGo({ clientId: id }),
  "clients.disconnect": (id) => server.clients.disconnect(id),
  "sessions.delete": (id) => server.sessions.delete(id),
};

/** A subscription of the program itself gets what the program publishes. */
async function nextMessage(): Promise<unknown> {
  const stream = server.subscribe("streamed");
  await server.publish("streamed", "x");
  const next = await stream[Symbol.asyncIterator]().next();
  await stream.return?.();
  return next;
}

it("every call that answers with a promise is among them", () => {
  server = new MqttServer({ listeners: [{ type: "memory" }] });
  const { sessions, clients, retainedMessages, access, bans } = server;
  const parts = { sessions, clients, retainedMessages, access, bans };
  const calls = Object.entries(parts).flatMap(([part, object]) =>
    asynchronousMethods(object).map((method) => `${part}.${method}`),
  );
  const named = Object.keys(CALLS).map((call) => call.split(",")[0]);
  expect(calls.length).toBeGreaterThan(10);
  expect(calls.filter((call) => !named.includes(call))).toEqual([]);
  // Of the server itself; those that start and stop it have tests of their own.
  const own = asynchronousMethods(server).filter((name) => name !== "start" && name !== "stop");
  expect(own).toContain("injectApplicationMessage");
  expect(own.filter((call) => !named.includes(call))).toEqual([]);
});

function asynchronousMethods(object: object): string[] {
  const prototype: object = Object.getPrototypeOf(object);
  return Object.getOwnPropertyNames(prototype).filter((name) => {
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    return typeof method === "function" && method.constructor.name === "AsyncFunction";
  });
}

/** Events in whose handlers nothing can be awaited that their client is to acknowledge: its acknowledgement waits for them. */
const UNANSWERABLE: ReadonlySet<ServerEventName> = new Set([
  "clientConnected",
  "clientDisconnected",
  "interceptingOutboundPacket",
]);

/** A client that acknowledges what it gets. */
async function client(clientId: string): Promise<MqttPeer> {
  const will = { topic: "will", payload: new Uint8Array(1), qos: 0, retain: false } as const;
  const peer = await connected(server, clientId, { ...LASTING, will });
  void (async () => {
    for (let packet = await peer.packet(); packet !== undefined; packet = await peer.packet()) {
      if (packet.type !== "publish" || packet.packetIdentifier === undefined) continue;
      const { packetIdentifier } = packet;
      if (!peer.stream.destroyed)
        peer.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
    }
  })().catch(() => undefined);
  return peer;
}

/** Causes every event that a client causes; packets wait behind a handler, and nothing here waits for them. */
async function causeAll(): Promise<void> {
  await client("other");
  const peer = await client("c");
  const plain = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriptions = [{ topicFilter: "a", ...plain }];
  peer.sendPacket({ type: "subscribe", packetIdentifier: 1, subscriptions });
  peer.sendPacket({ ...publication("a", "x", 1), retain: true });
  peer.sendPacket(publication("nobody", "x", 1));
  peer.sendPacket({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["a"] });
  await turns(5);
  await server.sessions.create("away").catch(() => undefined);
  for (let count = 0; count < 2; count += 1)
    await server.sessions.tryEnqueueApplicationMessage("away", MESSAGE).catch(() => undefined);
  await server.retainedMessages.clear();
  await turns(5);
}

it.each(SERVER_EVENT_NAMES)("in %s", async (name: ServerEventName) => {
  const outcomes = new Map<string, unknown>();
  let isBegun = false;
  server = new MqttServer({
    listeners: [{ type: "memory" }],
    systemTopics: false,
    queueMessagesMax: 1,
    accessRules: () => ALL_ALLOWED,
    handlerTimeoutMs: 100_000,
  });
  server.on(name, async (event: object) => {
    const about = "clientId" in event ? event.clientId : "c";
    if (isBegun || (about !== "c" && about !== "")) return;
    isBegun = true;
    for (const [call, make] of Object.entries(CALLS)) {
      for (const clientId of ["other", "c"]) {
        const outcome = await make(clientId).catch((error: unknown) => error);
        outcomes.set(`${call} of ${clientId}`, outcome);
      }
    }
  });
  await server.start();
  if (name !== "started" && name !== "loadingRetainedMessage") {
    void causeAll().catch(() => undefined);
    if (name === "clientDisconnected" || name === "sessionDeleted" || name === "stopped")
      await turns(30);
    if (name === "clientDisconnected") await server.clients.disconnect("c");
    if (name === "sessionDeleted") await server.sessions.delete("c");
    if (name === "stopped") await server.stop();
  }
  await until(() => outcomes.size === 2 * Object.keys(CALLS).length);
  const acknowledged = outcomes.get("sessions.deliverApplicationMessage, acknowledged of c");
  expect(acknowledged instanceof MqttServerBusyError).toBe(UNANSWERABLE.has(name));
  const refusals = [...outcomes.values()].filter((outcome) => outcome instanceof Error);
  for (const { message } of refusals)
    expect(message).toMatch(
      /not started|no session of|does not get the message|deliver with until: "queued"|stopped before/u,
    );
});

it.each(SERVER_EVENT_NAMES.filter((name) => name !== "loadingRetainedMessage"))(
  "stop in %s ends at its deadline at the latest",
  async (name) => {
    let isStopped = false;
    let isBegun = false;
    server = new MqttServer({
      listeners: [{ type: "memory" }],
      systemTopics: false,
      queueMessagesMax: 1,
    });
    server.on(name, async () => {
      if (isBegun) return;
      isBegun = true;
      await server.stop({ deadlineMs: 1 });
      isStopped = true;
    });
    await server.start();
    void causeAll().catch(() => undefined);
    await turns(30);
    if (name === "clientDisconnected") await server.clients.disconnect("c");
    if (name === "sessionDeleted") await server.sessions.delete("c");
    if (name === "stopped") await server.stop();
    await until(() => isStopped);
    expect(server.isStarted).toBe(false);
  },
);

it("a server that is stopped in loadingRetainedMessage does not start, and has stopped", async () => {
  server = new MqttServer({ listeners: [{ type: "memory" }], systemTopics: false });
  let isStopped = false;
  server.on("loadingRetainedMessage", async () => {
    await server.stop();
    isStopped = true;
  });
  await expect(server.start()).rejects.toMatchObject({ code: "ANAX_SERVER_STATE" });
  await until(() => isStopped);
  expect(server.isStarted).toBe(false);
});
