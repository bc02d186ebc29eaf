/** How a client is left and how that is told: `destroy`, `closed`, the event `connecting`, and the logger. */
import { afterEach, describe, expect, it } from "vitest";
import { MqttClient } from "@anax/client";
import type { LogRecord } from "@anax/client";
import { MqttServer } from "@anax/server";
import { AT_ONCE, connected, disconnectAll, make, once, settled } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

describe("destroy", () => {
  it.each([4, 5] as const)(
    "[MQTT-3.1.2-8] leaves without DISCONNECT, so that the Will goes out, in version %i",
    async (protocolVersion) => {
      await using server = new MqttServer({ host: "127.0.0.1", port: 0, systemTopics: false });
      await server.start();
      const wills = server.subscribe("will/#");
      const will = { topic: "will/a", payload: "gone" };
      const { url } = server.address();
      const client = new MqttClient(url, { protocolVersion, will, reconnect: AT_ONCE });
      await client.connect();
      client.destroy();
      for await (const { topic, payload } of wills) {
        expect([topic, new TextDecoder().decode(payload)]).toEqual(["will/a", "gone"]);
        break;
      }
      expect(client.connected).toBe(false);
    },
  );

  it("sends nothing more, gives up what waits, and does not reconnect", async () => {
    const { server, client } = await connected();
    const events: unknown[] = [];
    client.on("disconnected", (event) => events.push(event));
    const publishing = client.publish("a", "b", { qos: 1 });
    client.destroy();
    client.destroy();
    await expect(publishing).rejects.toThrow("the client was destroyed");
    await settled();
    expect(server.packets("publish")).toEqual([]);
    expect(server.packets("disconnect")).toEqual([]);
    expect(events).toEqual([{ wasConnected: true, willReconnect: false }]);
    expect(server.connections).toHaveLength(1);
    await client.connect();
    expect(client.connected).toBe(true);
  });

  it("ends an attempt", async () => {
    const server = new ScriptedServer();
    server.script = (packet) => packet.type === "connect";
    const client = make(server);
    const connecting = client.connect();
    await server.until("connect");
    client.destroy();
    await expect(connecting).rejects.toThrow("destroyed");
  });
});

describe("closed", () => {
  it("resolves when no connection is to come, not when one is lost", async () => {
    const { server, client } = await connected();
    let ends = 0;
    const { closed } = client;
    void closed.then(() => (ends += 1));
    const again = once(client, "connected");
    server.connection.close(new Error("cable"));
    await again;
    expect(ends).toBe(0);
    await client.disconnect();
    expect(await closed).toEqual({ reasonCode: 0, wasConnected: true, willReconnect: false });
    expect(client.closed).toBe(closed);
    await client.connect();
    expect(client.closed).not.toBe(closed);
  });

  it("tells what ended a client that gave up", async () => {
    const server = new ScriptedServer();
    server.failure = new Error("no route");
    const client = make(server);
    await expect(client.connect()).rejects.toThrow("no route");
    expect(await client.closed).toMatchObject({ wasConnected: false, error: { name: /Connect/ } });
  });
});

describe("connecting", () => {
  it("is told before each attempt, which a handler may end", async () => {
    const server = new ScriptedServer();
    server.failure = new Error("no route");
    const attempts: number[] = [];
    const client = make(server, { reconnect: { ...AT_ONCE, retryFirstConnect: true } });
    client.on("connecting", ({ attempt }) => {
      attempts.push(attempt);
      if (attempt === 3) void client.disconnect();
    });
    await expect(client.connect()).rejects.toThrow("disconnected");
    expect(attempts).toEqual([1, 2, 3]);
    expect(server.requests).toHaveLength(2);
  });
});

describe("the logger", () => {
  function logger(level: LogRecord["level"]): {
    lines: string[];
    write(record: LogRecord): void;
  } & {
    level: LogRecord["level"];
  } {
    const lines: string[] = [];
    const write = ({ timeMs, level: at, source, message, fields, error }: LogRecord): void => {
      expect(Number.isInteger(timeMs)).toBe(true);
      const known = JSON.stringify(fields);
      lines.push(`${source} ${at} ${message} ${known}${error ? ` ${error.message}` : ""}`);
    };
    return { level, lines, write };
  }

  it("is told of connections, their ends and errors, and of no secret", async () => {
    const log = logger("debug");
    const server = new ScriptedServer();
    const client = make(server, { logger: log, clientId: "c", userName: "u", password: "secret" });
    await client.connect();
    await client.publish("a", "payload");
    const again = once(client, "connected");
    server.connection.close(new Error("cable"));
    await again;
    await client.disconnect();
    expect(log.lines).toEqual([
      'client debug connecting {"attempt":1}',
      'client info connected {"clientId":"c","sessionPresent":false}',
      'client warn disconnected {"willReconnect":true} the connection was lost: cable',
      'client debug connecting {"attempt":2}',
      'client info connected {"clientId":"c","sessionPresent":false}',
      'client info disconnected {"willReconnect":false,"reasonCode":0}',
    ]);
  });

  it("is told of packets at level trace, and above its level of nothing", async () => {
    const [all, few] = [logger("trace"), logger("error")];
    for (const log of [all, few]) {
      const client = make(new ScriptedServer(), { logger: log });
      await client.connect();
      await client.disconnect();
    }
    expect(all.lines).toContain('client trace packet {"direction":"out","type":"connect"}');
    expect(few.lines).toEqual([]);
  });

  it("is refused where it cannot write", () => {
    const make1 = (): unknown => new MqttClient("mqtt://a", { logger: { level: "info" } as never });
    expect(make1).toThrow("logger.write must be of type function");
    const write = (): void => {};
    const make2 = (): unknown => new MqttClient("mqtt://a", { logger: { write } as never });
    expect(make2).toThrow('logger.level undefined is not one of "trace"');
  });

  it("may give promises that fail: that is an error event, and the client goes on", async () => {
    const write: () => unknown = () => Promise.reject(new Error("no disk"));
    const given = { level: "info", write: write as () => void } as const;
    const client = make(new ScriptedServer(), { logger: given });
    const errors: string[] = [];
    client.on("error", ({ message }) => errors.push(message));
    await client.connect();
    await client.publish("a", "", { qos: 1 });
    expect(errors).toContain("no disk");
    await client.disconnect();
  });
});
