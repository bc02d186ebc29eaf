/** What `stop` waits for, and what it does when its deadline is over. */
import { afterEach, describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import type { LogRecord, MqttServer, ServerEventName, StopResult } from "../../src/index.ts";
import { SERVER_EVENT_NAMES } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import {
  awaySession,
  connected,
  LASTING,
  publication,
  startedServer,
} from "../support/memory-server.ts";
import { turns, until } from "../support/turns.ts";

let server: MqttServer;
let clock: ManualClock;
let records: LogRecord[];
/** The events in order, and what became of promises. */
let seen: string[];

afterEach(async () => {
  const stopping = server.stop({ deadlineMs: 0 });
  clock.advance(1);
  await stopping;
});

async function start(): Promise<void> {
  clock = new ManualClock();
  records = [];
  seen = [];
  const logger = { level: "warn", write: (record: LogRecord) => records.push(record) } as const;
  const store = new MemoryStore();
  server = await startedServer({ clock, logger, store });
  for (const name of SERVER_EVENT_NAMES) server.on(name, () => void seen.push(name));
}

/** Makes the handlers of an event wait; `release` lets them go. */
function hold(name: ServerEventName): { release(): void } {
  const gate: { release(): void } = { release: () => undefined };
  const opened = new Promise<void>((resolve) => {
    gate.release = resolve;
  });
  server.on(name, async () => {
    seen.push(`${name} begins`);
    await opened;
    seen.push(`${name} ends`);
  });
  return gate;
}

function stop(deadlineMs = 5_000): { result: Promise<StopResult> } {
  const result = server.stop({ deadlineMs }).then((value) => {
    seen.push("stop resolves");
    return value;
  });
  return { result };
}

async function clientWithWill(): Promise<void> {
  const will = { topic: "t", payload: Uint8Array.of(1), qos: 1, retain: false } as const;
  await connected(server, "c", { will });
}

describe("stop resolves after the handlers of", () => {
  const causes: Partial<Record<ServerEventName, () => Promise<unknown>>> = {
    clientConnected: () => connected(server, "c"),
    clientDisconnected: () => connected(server, "c"),
    sessionDeleted: () => connected(server, "c"),
    interceptingPublish: clientWithWill,
    retainedMessageChanged: async () => {
      void server.retainedMessages.set({ topic: "t", payload: "x" });
    },
    validatingConnection: async () => {
      void connected(server, "c").catch(() => undefined);
    },
  };
  for (const [name, cause] of Object.entries(causes)) {
    it(`${name}, and nothing fires after stopped`, async () => {
      await start();
      const { release } = hold(name as ServerEventName);
      await cause();
      await turns();
      const { result } = stop();
      await until(() => seen.includes(`${name} begins`));
      await turns();
      expect(seen).not.toContain("stop resolves");
      release();
      expect(await result).toEqual({ unfinished: [] });
      expect(seen.slice(-2)).toEqual(["stopped", "stop resolves"]);
      expect(seen).toContain(`${name} ends`);
      const { length } = seen;
      await turns();
      expect(seen).toHaveLength(length);
      expect(records).toEqual([]);
    });
  }
});

describe("what is under way when the server stops", () => {
  it("an injected message is given on when its handler has answered, and is in the store", async () => {
    await start();
    await awaySession(server);
    const { release } = hold("interceptingPublish");
    const outcome = server.injectApplicationMessage({ topic: "t", payload: "x", qos: 1 });
    const { result } = stop();
    await turns();
    release();
    await result;
    expect(await outcome).toMatchObject({ matched: 1, queued: 1, reasonCode: 0 });
    await server.start();
    expect(server.sessions.get("s")).toMatchObject({ queuedMessages: 1 });
  });

  it("more than one turn of the loop has time for is published all the same", async () => {
    await start();
    await awaySession(server);
    const outcomes = Array.from({ length: 2_500 }, () =>
      server.injectApplicationMessage({ topic: "t", payload: "x", qos: 1 }),
    );
    await server.stop();
    for (const { matched } of await Promise.all(outcomes)) expect(matched).toBe(1);
  });

  it("a Will is published when its handler has answered, and is in the store", async () => {
    await start();
    await awaySession(server);
    await clientWithWill();
    const { release } = hold("interceptingPublish");
    const { result } = stop();
    await until(() => seen.includes("interceptingPublish begins"));
    release();
    await result;
    await server.start();
    expect(server.sessions.get("s")).toMatchObject({ queuedMessages: 1 });
  });
});

describe("a message for one client", () => {
  it("rejects when the server stops before its client is back; the message stays with the session", async () => {
    await start();
    await awaySession(server);
    const delivery = server.sessions.deliverApplicationMessage("s", { topic: "own", qos: 1 });
    delivery.catch(() => undefined);
    await server.stop();
    await expect(delivery).rejects.toMatchObject({
      code: "ANAX_SERVER_STATE",
      message: "the server has stopped before the client acknowledged the message",
    });
    await server.start();
    expect(server.sessions.get("s")).toMatchObject({ queuedMessages: 1 });
  });

  it("does not keep a handler from ending that awaits it while the server stops", async () => {
    await start();
    await awaySession(server);
    let outcome: unknown;
    server.once("clientDisconnected", async () => {
      const delivering = server.sessions.deliverApplicationMessage("s", { topic: "own", qos: 1 });
      outcome = await delivering.catch((error: unknown) => error);
    });
    const peer = await connected(server, "c");
    peer.stream.destroy();
    await turns();
    expect(await server.stop()).toEqual({ unfinished: [] });
    expect(outcome).toMatchObject({ code: "ANAX_SERVER_STATE" });
  });

  it("of QoS 0 that an interceptor drops later rejects, as does one whose client goes meanwhile", async () => {
    await start();
    const peer = await connected(server, "c");
    server.on("interceptingOutboundPacket", async (event) => {
      await turns(1);
      event.processPacket = event.packet.type !== "publish" || event.packet.topic !== "dropped";
    });
    await expect(
      server.sessions.deliverApplicationMessage("c", { topic: "dropped" }),
    ).rejects.toMatchObject({ code: "ANAX_MESSAGE_DROPPED" });
    expect(await server.sessions.deliverApplicationMessage("c", { topic: "sent" })).toEqual({
      reasonCode: 0,
    });
    const second = hold("interceptingOutboundPacket");
    const late = server.sessions.deliverApplicationMessage("c", { topic: "late" });
    late.catch(() => undefined);
    await turns();
    peer.stream.destroy();
    await turns();
    second.release();
    await expect(late).rejects.toMatchObject({ code: "ANAX_MESSAGE_DROPPED" });
  });
});

describe("when the deadline is over", () => {
  async function stopsAtDeadline(result: Promise<StopResult>): Promise<StopResult> {
    await turns();
    clock.advance(4_999);
    await turns();
    expect(seen).not.toContain("stop resolves");
    clock.advance(1);
    return result;
  }

  it("an injected message rejects, and is named in the log and in what stop resolves with", async () => {
    await start();
    await awaySession(server);
    const gate = hold("interceptingPublish");
    const outcome = server.injectApplicationMessage(
      { topic: "t", payload: "x", qos: 1 },
      { clientId: "program" },
    );
    outcome.catch(() => undefined);
    const { unfinished } = await stopsAtDeadline(stop().result);
    await expect(outcome).rejects.toMatchObject({
      code: "ANAX_SERVER_STATE",
      message:
        "injectApplicationMessage: the server stopped before the handlers of interceptingPublish had answered",
    });
    const named = {
      what: "injectApplicationMessage",
      event: "interceptingPublish",
      clientId: "program",
      waitedMs: 5_000,
    };
    expect(unfinished).toEqual([named]);
    expect(records.map(({ fields }) => fields)).toEqual([named]);
    expect(server.statistics.handlerTimeouts).toBe(0);
    gate.release();
    await turns();
    expect(seen.at(-1)).toBe("interceptingPublish ends");
    await server.start();
    expect(server.sessions.get("s")).toMatchObject({ queuedMessages: 0 });
  });

  it("a PUBLISH in a handler was never received", async () => {
    await start();
    await awaySession(server);
    hold("interceptingPublish");
    const peer = await connected(server, "c", LASTING);
    peer.sendPacket(publication("t", "x", 1));
    await until(() => seen.includes("interceptingPublish begins"));
    const { unfinished } = await stopsAtDeadline(stop().result);
    expect(unfinished).toMatchObject([{ what: "PUBLISH", clientId: "c" }]);
    await server.start();
    expect(server.sessions.get("s")).toMatchObject({ queuedMessages: 0 });
  });

  it("news that are told are told all, each to every handler, before stopped", async () => {
    await start();
    const endless = new Promise<void>(() => undefined);
    for (const name of ["clientDisconnected", "sessionDeleted"] as const) {
      server.on(name, () => endless);
      server.on(name, () => void seen.push(`${name}, last handler`));
    }
    await connected(server, "c");
    const { unfinished } = await stopsAtDeadline(stop().result);
    expect(unfinished.map(({ event }) => event)).toEqual(["sessionDeleted"]);
    expect(seen.slice(-2)).toEqual(["stopped", "stop resolves"]);
    for (const name of ["clientDisconnected", "sessionDeleted"])
      expect(seen).toContain(`${name}, last handler`);
  });

  it("a handler of stopped is waited for all the same, and one of the next start", async () => {
    await start();
    hold("clientDisconnected");
    const gate = hold("stopped");
    await connected(server, "c");
    const { result } = stop();
    await turns();
    clock.advance(5_000);
    await until(() => seen.includes("stopped begins"));
    await turns();
    expect(seen).not.toContain("stop resolves");
    gate.release();
    await result;
  });

  it("a handler that awaits stop is what stop has waited for", async () => {
    await start();
    server.once("clientConnected", async () => {
      await server.stop();
    });
    await connected(server, "c");
    const { unfinished } = await stopsAtDeadline(stop().result);
    expect(unfinished).toMatchObject([{ event: "clientConnected", clientId: "c" }]);
  });
});
