/** Connections that live are kept, and dead ones noticed: on slow lines, in hidden pages, in programs that stood still. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { ServerKeepAlive } from "@anax/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ClientOptions, MqttClient } from "@anax/client";
import { VirtualClock } from "@anax/testing";
import { connected, disconnectAll, make, once, settled } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";
import { ThrottledClock } from "./throttled-clock.ts";

afterEach(async () => {
  await disconnectAll();
  vi.unstubAllGlobals();
});

/** A connected client whose server does not answer PINGREQ, and the errors of lost connections. */
async function withSilentServer(
  options: ClientOptions,
): Promise<{ server: ScriptedServer; client: MqttClient; errors: (string | undefined)[] }> {
  const server = new ScriptedServer();
  server.script = ({ type }) => type === "pingreq";
  const { client } = await connected({ reconnect: false, ...options }, server);
  await settled();
  const errors: (string | undefined)[] = [];
  client.on("disconnected", ({ error }) => errors.push(error?.message));
  return { server, client, errors };
}

describe("the answer to PINGREQ", () => {
  it("that has arrived is read before it is found missing", async () => {
    const clock = new VirtualClock();
    const { server, client, errors } = await withSilentServer({ clock, keepAliveSeconds: 10 });
    clock.advance(9_000);
    await server.until("pingreq");
    // It lies in the socket while the program stands still.
    server.connection.sendBytes([0xd0, 0x00]);
    clock.advance(60_000);
    await settled();
    expect(errors).toEqual([]);
    expect(client.connected).toBe(true);
  });

  it("that has not arrived is missed", async () => {
    const clock = new VirtualClock();
    const { errors } = await withSilentServer({ clock, keepAliveSeconds: 10 });
    clock.advance(9_000);
    await settled();
    clock.advance(10_000);
    await settled();
    expect(errors).toEqual(["no answer within 10 s to PINGREQ"]);
  });
});

describe("a large message to a slow peer", () => {
  const PAYLOAD = new Uint8Array(3_000_000);

  it("keeps the connection as long as it moves on", async () => {
    const clock = new VirtualClock();
    const { server, client, errors } = await withSilentServer({ clock, keepAliveSeconds: 10 });
    server.connection.isFast = false;
    const publish = client.publish("large", PAYLOAD, { qos: 1 });
    // 2 500 bytes a second, so that it takes twenty minutes.
    for (let piece = 0; piece < 12; piece += 1) {
      for (let seconds = 0; seconds < 105; seconds += 5) {
        clock.advance(5_000);
        await nextTurn();
      }
      expect(errors).toEqual([]);
      server.connection.drain();
      server.connection.isFast = false;
    }
    await publish;
    expect(server.packets("publish").map(({ payload }) => payload.length)).toEqual([3_000_000]);
    expect(server.connection.writes).toBeGreaterThan(12);
  });

  it("does not keep a connection that stands still", async () => {
    const clock = new VirtualClock();
    const { server, client, errors } = await withSilentServer({ clock, keepAliveSeconds: 10 });
    server.connection.isFast = false;
    const publish = client.publish("large", PAYLOAD, { qos: 1 });
    for (let seconds = 0; seconds < 630; seconds += 5) {
      clock.advance(5_000);
      await nextTurn();
    }
    await expect(publish).rejects.toThrow("no answer within 10 s to PINGREQ");
    expect(errors).toHaveLength(1);
  });

  it("is followed by the last packet when the client leaves", async () => {
    const { server, client } = await connected();
    server.connection.isFast = false;
    const publish = client.publish("large", PAYLOAD);
    await settled();
    await client.disconnect();
    await publish;
    expect(server.received.map(({ type }) => type)).toEqual(["connect", "publish", "disconnect"]);
  });
});

describe("a hidden page", () => {
  /** When the server would have closed the connection, by the rule of 1.5 times the Keep Alive [MQTT-3.1.2-22]. */
  async function overdueMs(
    keepAliveSeconds: number,
    each10s: (client: MqttClient) => void,
  ): Promise<number | undefined> {
    const clock = new ThrottledClock();
    const server = new ScriptedServer();
    const keepAlive = new ServerKeepAlive(keepAliveSeconds, 0);
    server.script = () => void keepAlive.packetReceived(clock.now());
    const { client } = await connected({ clock, keepAliveSeconds }, server);
    await settled();
    for (let ms = 0; ms < 600_000; ms += 250) {
      if (keepAlive.isOverdue(clock.now())) return clock.now();
      if (ms % 10_000 === 5_000 && ms < 300_000) each10s(client);
      clock.advance(250);
      await nextTurn();
      await nextTurn();
      await nextTurn();
    }
    expect(server.connections).toHaveLength(1);
    return undefined;
  }

  it.each([1, 2, 5, 10, 30, 60])(
    "[MQTT-3.1.2-20] pings in time at a Keep Alive of %i s",
    async (keepAliveSeconds) => {
      expect(await overdueMs(keepAliveSeconds, () => {})).toBeUndefined();
    },
  );

  it("[MQTT-3.1.2-20] pings in time after it has published for long", async () => {
    const publish = (client: MqttClient): void => void client.publish("t", "", { qos: 1 });
    expect(await overdueMs(15, publish)).toBeUndefined();
  });
});

describe("a page that is back", () => {
  function stubPage(): EventTarget {
    const page = new EventTarget();
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
    return page;
  }

  it.each(["online", "pageshow", "resume", "visibilitychange"])(
    "connects at once at %s, without the rest of the wait",
    async (name) => {
      const page = stubPage();
      const clock = new VirtualClock();
      const { server, client } = await connected({ reconnect: true, clock });
      server.failure = new Error("away");
      server.connection.close(new Error("cut"));
      await once(client, "disconnected");
      for (let second = 0; second < 60; second += 1) {
        clock.advance(1_000);
        await settled();
      }
      server.failure = undefined;
      page.dispatchEvent(new Event(name));
      await client.connect();
      expect(client.connected).toBe(true);
    },
  );

  it("leaves a server that is silent after pingrespTimeoutMs, not after the Keep Alive", async () => {
    const page = stubPage();
    const clock = new VirtualClock();
    const { server, errors } = await withSilentServer({ clock, pingrespTimeoutMs: 3_000 });
    for (let time = 0; time < 3; time += 1) page.dispatchEvent(new Event("online"));
    await settled();
    expect(server.packets("pingreq")).toHaveLength(1);
    clock.advance(3_000);
    await settled();
    expect(errors).toEqual(["no answer within 3 s to PINGREQ"]);
  });

  it("is not one that has just been hidden", async () => {
    const page = stubPage();
    const { server } = await withSilentServer({});
    Object.assign(page, { visibilityState: "hidden" });
    page.dispatchEvent(new Event("visibilitychange"));
    await settled();
    expect(server.packets("pingreq")).toEqual([]);
  });

  it("means nothing to a client that is idle", async () => {
    const page = new EventTarget();
    let listeners = 0;
    vi.stubGlobal("addEventListener", (...args: Parameters<EventTarget["addEventListener"]>) => {
      listeners += 1;
      page.addEventListener(...args);
    });
    vi.stubGlobal(
      "removeEventListener",
      (...args: Parameters<EventTarget["removeEventListener"]>) => {
        listeners -= 1;
        page.removeEventListener(...args);
      },
    );
    const server = new ScriptedServer();
    const client = make(server);
    expect(listeners).toBe(0);
    await client.connect();
    expect(listeners).toBe(4);
    await client.disconnect();
    expect(listeners).toBe(0);
    page.dispatchEvent(new Event("online"));
    client.reconnectNow();
    await settled();
    expect(server.connections).toHaveLength(1);
  });

  it("is what reconnectNow says where there is no page", async () => {
    const clock = new VirtualClock();
    const { server, client } = await connected({ reconnect: true, clock });
    server.connection.close(new Error("cut"));
    await once(client, "disconnected");
    client.reconnectNow();
    await client.connect();
    expect(client.connected).toBe(true);
    expect(server.connections).toHaveLength(2);
  });
});
