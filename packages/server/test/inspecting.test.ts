import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import type { InterceptingPublish, MqttServer } from "../src/index.ts";
import { connected, publication, startedServer } from "./support/memory-server.ts";
import { until } from "./support/turns.ts";

let server: MqttServer;

afterEach(() => server.stop());

function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("a server", () => {
  it("shows where it listens and how things stand, in JSON and in print", async () => {
    server = await startedServer({ users: { ann: "secret" } });
    const password = new TextEncoder().encode("secret");
    await connected(server, "c", { userName: "ann", password });
    expect(json(server)).toMatchObject({
      isStarted: true,
      listeners: [{ type: "memory" }],
      health: { isHealthy: true, store: "none" },
      clients: { count: 1 },
      sessions: { count: 1 },
      retainedMessages: { count: 0 },
    });
    expect(inspect(server, { depth: 3 })).toContain("MqttServer {");
    expect(inspect(server.clients)).toBe("ServerClients { count: 1 }");
    expect(inspect(server.sessions)).toBe("ServerSessions { count: 1 }");
    expect(inspect(server.retainedMessages)).toBe("ServerRetainedMessages { count: 0, bytes: 0 }");
    expect(inspect(server, { depth: 9 }) + JSON.stringify(server)).not.toContain("secret");
    expect(inspect(server.subscribe("a/#"))).toBe("MessageStream { isEnded: false, dropped: 0 }");
  });
});

describe("a message that handlers are shown", () => {
  it("has its bytes as text in JSON, or as Base64 where they are none, and may be cloned", async () => {
    const shown: unknown[] = [];
    const clones: unknown[] = [];
    const printed: string[] = [];
    server = await startedServer({
      on: {
        interceptingPublish: (event: InterceptingPublish) => {
          shown.push(json(event));
          clones.push(structuredClone(event.applicationMessage));
          printed.push(inspect(event));
        },
      },
    });
    const peer = await connected(server, "c");
    for (const text of ["é", "again"]) {
      peer.sendPacket(publication("a", text, 1));
      await peer.packet();
    }
    peer.sendPacket({ ...publication("a", "", 1), payload: Uint8Array.of(0xff, 0xfe) });
    await peer.packet();
    const message = { topic: "a", qos: 1, retain: false };
    expect(shown).toMatchObject([
      { clientId: "c", processPublish: true, applicationMessage: { ...message, payload: "é" } },
      { clientId: "c", topic: "a", applicationMessage: { ...message, payload: "again" } },
      { applicationMessage: { ...message, payloadBase64: "//4=" } },
    ]);
    expect(clones[1]).toEqual({ ...message, payload: new TextEncoder().encode("again") });
    expect(printed[1]).toContain("clientId: 'c'");
    expect(printed[1]).toContain("InterceptingPublish {");
  });

  it("of other events too", async () => {
    server = await startedServer();
    await server.retainedMessages.set({ topic: "a", payload: "x", contentType: "text" });
    const message = { topic: "a", payload: "x", qos: 0, retain: true, contentType: "text" };
    expect(json(server.retainedMessages.get("a"))).toEqual(message);
    const stream = server.subscribe("a");
    const { value } = await stream.next();
    expect(json(value)).toEqual({ ...message, senderClientId: "" });
  });
});

describe("an event", () => {
  it("has the password for its handlers, and shows it neither in print nor in JSON", async () => {
    const shown: string[] = [];
    const read: (string | undefined)[] = [];
    const show = (event: object): void => {
      if ("packet" in event && read.length > 0) return;
      shown.push(inspect(event, { depth: 9 }), JSON.stringify(event));
      if ("password" in event) read.push(new TextDecoder().decode(event.password as Uint8Array));
    };
    server = await startedServer({
      on: {
        interceptingInboundPacket: show,
        validatingConnection: show,
        clientConnected: show,
        clientDisconnected: show,
      },
    });
    const password = new TextEncoder().encode("secret");
    const peer = await connected(server, "c", { userName: "ann", password });
    peer.sendPacket({ type: "disconnect", reasonCode: 0 });
    await until(() => read.length === 3);
    expect(read).toEqual(["secret", "secret", "secret"]);
    const hidden = "(6 bytes that are not shown)";
    expect(shown.filter((text) => text.includes(hidden))).toHaveLength(8);
    expect(shown.join()).not.toMatch(/115|secret/); // 115 is the first byte
  });
});
