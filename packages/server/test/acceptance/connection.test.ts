/** What MQTTnet's own tests ask of a server: connections. The identifiers are those of the acceptance list. */
import { connect as connectTcp } from "node:net";
import { connect, MqttClient, MqttConnectError, MqttDisconnectedError } from "@anax/client";
import { describe, expect, it } from "vitest";
import type { MqttServer } from "../../src/index.ts";
import { BytePeer } from "../support/byte-peer.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { connected, startedServer } from "../support/memory-server.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { turns, until } from "../support/turns.ts";
import { AcceptanceServer, Inbox } from "./acceptance-server.ts";

async function inMemory(options: Parameters<typeof startedServer>[0]): Promise<MqttServer> {
  return startedServer(options);
}

it("A01 a socket on which no CONNECT comes is closed after the timeout", async () => {
  const clock = new ManualClock();
  const { port } = await AcceptanceServer.start({ clock, connectTimeoutMs: 5_000 });
  const peer = new BytePeer(connectTcp(port, "127.0.0.1"));
  await until(() => clock.pending > 0);
  clock.advance(5_001);
  await peer.closed;
  expect(await peer.receive(1)).toBe("");
});

it("A02 garbage closes the socket", async () => {
  const { port } = await AcceptanceServer.start();
  const peer = new BytePeer(connectTcp(port, "127.0.0.1"));
  peer.send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
  await peer.closed;
  expect(await peer.receive(1)).toBe("");
});

describe("A03", () => {
  it("a client without Client Identifier is given one, and one that has one keeps it", async () => {
    const acceptance = await AcceptanceServer.start();
    const nameless = await acceptance.client("");
    expect(nameless.connectResult?.assignedClientId).toMatch(/./);
    const named = await acceptance.client("named");
    expect(named.clientId).toBe("named");
    expect(named.connectResult?.assignedClientId).toBeUndefined();
  });

  it("an empty one with Clean Session works in 3.1.1, and without it is refused", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("", { protocolVersion: 4 });
    expect(client.connected).toBe(true);
    const bytes = new BytePeer(connectTcp(acceptance.port, "127.0.0.1"));
    bytes.send("100c00044d51545404000000" + "0000");
    expect(await bytes.receive(4)).toBe("20020002");
  });
});

describe("A04", () => {
  it("a client that is not authorized is refused, and others are not affected", async () => {
    const acceptance = await AcceptanceServer.start({
      on: {
        validatingConnection: (event) => {
          if (event.clientId === "bad") event.reasonCode = 0x87;
        },
      },
    });
    const good = await acceptance.client("good");
    await expect(acceptance.client("bad")).rejects.toMatchObject({ reasonCode: 0x87 });
    expect(await good.ping()).toBeGreaterThanOrEqual(0);
  });

  it("a wrong user, a wrong password and both are bad credentials", async () => {
    const acceptance = await AcceptanceServer.start({ users: { ann: "secret" } });
    for (const [userName, password] of [
      ["bob", "secret"],
      ["ann", "wrong"],
      ["bob", "wrong"],
    ]) {
      const refused = acceptance.client("one", { userName, password });
      await expect(refused).rejects.toMatchObject({ reasonCode: 0x86 });
    }
    await acceptance.client("one", { userName: "ann", password: "secret" });
  });
});

describe("A05", () => {
  it("a password without a user name is refused by the 3.1.1 client itself", async () => {
    const acceptance = await AcceptanceServer.start();
    const nobody = acceptance.client("one", { password: "secret", protocolVersion: 4 });
    await expect(nobody).rejects.toThrow(/userName|user name/i);
    expect(acceptance.server.statistics.connectionsTotal).toBe(0);
  });

  it("users with odd characters are admitted", async () => {
    const userName = "ünï:cødé/ 用户 😀";
    const acceptance = await AcceptanceServer.start({ users: { [userName]: "pä$$" } });
    await acceptance.client("one", { userName, password: "pä$$" });
    expect(acceptance.server.clients.get("one")?.userName).toBe(userName);
  });
});

describe("A06", () => {
  it("a connection that does not come about says why", async () => {
    const { port } = await AcceptanceServer.start();
    const silent = await AcceptanceServer.start({
      on: { validatingConnection: () => new Promise(() => {}) },
    });
    const options = { reconnect: false, connectTimeoutMs: 100 };
    await expect(connect(silent.url, options)).rejects.toThrow(/no answer within 0.1 s/);
    const closed = new MqttClient("mqtt://127.0.0.1:1", options);
    await expect(closed.connect()).rejects.toBeInstanceOf(MqttConnectError);
    const wrong = new MqttClient(`ws://127.0.0.1:${port}`, options);
    await expect(wrong.connect()).rejects.toBeInstanceOf(Error);
  });

  it("a refusal carries the result", async () => {
    const acceptance = await AcceptanceServer.start({
      on: {
        validatingConnection: (event) => {
          event.reasonCode = 0x97;
          event.reasonString = "enough";
        },
      },
    });
    const refused = acceptance.client("one");
    await expect(refused).rejects.toMatchObject({ reasonCode: 0x97, reasonString: "enough" });
  });
});

describe("A07", () => {
  it("connecting while connected gives the connection that is there", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    expect(await client.connect()).toBe(client.connectResult);
    expect(acceptance.server.statistics.connectionsTotal).toBe(1);
  });

  it("fifty connections after each other work", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    for (let count = 0; count < 50; count += 1) {
      await client.disconnect();
      await client.connect();
    }
    expect(acceptance.server.statistics.connectionsTotal).toBe(51);
  });

  it("of fifty connections at once with one Client Identifier one is left, and it receives", async () => {
    const acceptance = await AcceptanceServer.start();
    const received: string[] = [];
    const clients = await Promise.all(
      Array.from({ length: 50 }, async (_none, number) => {
        const client = await acceptance.client("one").catch(() => undefined);
        client?.on("message", ({ text }) => void received.push(`${number} ${text}`));
        return client;
      }),
    );
    await until(() => clients.filter((client) => client?.connected).length === 1);
    expect(acceptance.server.clients.count).toBe(1);
    const alive = clients.findIndex((client) => client?.connected);
    await acceptance.server.sessions.subscribe("one", "a");
    await acceptance.server.injectApplicationMessage({ topic: "a", payload: "x" });
    await until(() => received.length > 0);
    expect(received).toEqual([`${alive} x`]);
  });
});

describe("A08", () => {
  it("the end of a connection has a reason; the end of the server tells each client once", async () => {
    const acceptance = await AcceptanceServer.start();
    const ends: unknown[] = [];
    for (const clientId of ["one", "two"]) {
      const client = await acceptance.client(clientId);
      client.on("disconnected", ({ reasonCode, wasConnected, error }) => {
        ends.push([clientId, reasonCode, wasConnected, error instanceof MqttDisconnectedError]);
      });
    }
    await acceptance.server.stop();
    await until(() => ends.length === 2);
    expect(new Set(ends.map(String))).toEqual(new Set(["one,139,true,true", "two,139,true,true"]));
  });

  it("a failed attempt was not connected", async () => {
    const client = new MqttClient("mqtt://127.0.0.1:1", { reconnect: false });
    const ends: boolean[] = [];
    client.on("disconnected", ({ wasConnected }) => void ends.push(wasConnected));
    await client.connect().catch(() => undefined);
    expect(ends).toEqual([false]);
  });
});

it("A09 both sides tell the other why they end the connection", async () => {
  const told: unknown[] = [];
  const acceptance = await AcceptanceServer.start({
    on: {
      clientDisconnected: ({ clientId, reasonCode, reasonString, userProperties }) => {
        told.push([clientId, reasonCode, reasonString, userProperties]);
      },
    },
  });
  const one = await acceptance.client("one");
  await one.disconnect({ reasonCode: 4, reasonString: "bye", userProperties: [["a", "b"]] });
  await until(() => told.length === 1);
  expect(told[0]).toEqual(["one", 4, "bye", [["a", "b"]]]);
  const two = await acceptance.client("two");
  const ended = new Promise((resolve) => two.on("disconnected", resolve));
  await acceptance.server.clients.disconnect("two", { reasonString: "out" });
  expect(await ended).toMatchObject({ reasonCode: 0x98, reasonString: "out" });
});

it("A10 a take-over is connect, disconnect, connect, and the older client is told", async () => {
  const events: string[] = [];
  const acceptance = await AcceptanceServer.start({
    on: {
      clientConnected: () => void events.push("c"),
      clientDisconnected: ({ disconnectType }) => void events.push(`d ${disconnectType}`),
    },
  });
  const older = await acceptance.client("one");
  const ended = new Promise((resolve) => older.on("disconnected", resolve));
  await acceptance.client("one");
  expect(await ended).toMatchObject({ reasonCode: 0x8e });
  expect(events).toEqual(["c", "d takeover", "c"]);
});

it("A11 a take-over that is refused leaves the first connection alive", async () => {
  let count = 0;
  const acceptance = await AcceptanceServer.start({
    on: {
      validatingConnection: (event) => {
        count += 1;
        if (count > 1) event.reasonCode = 0x87;
      },
    },
  });
  const first = await acceptance.client("one");
  await expect(acceptance.client("one")).rejects.toMatchObject({ reasonCode: 0x87 });
  expect(await first.ping()).toBeGreaterThanOrEqual(0);
});

describe("A12", () => {
  it("enhanced authentication exchanges as many AUTH packets as it wants", async () => {
    const acceptance = await AcceptanceServer.start({
      on: {
        validatingConnection: async (event) => {
          const answers: number[] = [];
          for (let step = 1; step <= 3; step += 1) {
            const authenticationData = Uint8Array.of(step);
            const answer = await event.exchangeEnhancedAuthentication({ authenticationData });
            answers.push(answer.properties?.authenticationData?.[0] ?? 0);
          }
          if (answers.join() !== "2,4,6") event.reasonCode = 0x87;
          event.responseAuthenticationData = Uint8Array.of(99);
        },
      },
    });
    const steps: unknown[] = [];
    await acceptance.client("one", {
      authentication: {
        method: "double",
        handler: (step) => {
          steps.push(step.type === "start" ? "start" : step.data?.[0]);
          return step.type === "continue" ? Uint8Array.of((step.data?.[0] ?? 0) * 2) : undefined;
        },
      },
    });
    expect(steps).toEqual(["start", 1, 2, 3, 99]);
  });

  it("a client may be sent to another server", async () => {
    const acceptance = await AcceptanceServer.start({
      on: {
        validatingConnection: (event) => {
          event.reasonCode = 0x9d;
          event.serverReference = "other:1883";
        },
      },
    });
    const peer = new MqttPeer(connectTcp(acceptance.port, "127.0.0.1"), 5);
    const connack = await peer.connect();
    expect(connack).toMatchObject({ properties: { serverReference: "other:1883" } });
  });
});

it("A13 validation sees both ends of the connection", async () => {
  const peers: unknown[] = [];
  const acceptance = await AcceptanceServer.start({
    on: { validatingConnection: ({ peer }) => void peers.push(peer) },
  });
  await acceptance.client("one");
  expect(peers).toEqual([
    {
      transport: "tcp",
      secure: false,
      remoteAddress: "127.0.0.1",
      remotePort: expect.any(Number) as number,
      localAddress: "127.0.0.1",
      localPort: acceptance.port,
    },
  ]);
});

describe("A14", () => {
  const KEEP_ALIVE = { keepAliveSeconds: 1 } as const;

  it("pings keep a connection, silence of one and a half times the Keep Alive ends it with 0x8D", async () => {
    const clock = new ManualClock();
    const server = await inMemory({ clock });
    const client = await connected(server, "one", KEEP_ALIVE);
    for (let second = 0; second < 3; second += 1) {
      clock.advance(1_000);
      client.sendPacket({ type: "pingreq" });
      expect(await client.packet()).toEqual({ type: "pingresp" });
    }
    clock.advance(1_501);
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x8d });
    await server.stop();
  });

  it("who publishes at QoS 0 for long is not silent", async () => {
    const clock = new ManualClock();
    const server = await inMemory({ clock });
    const client = await connected(server, "one", KEEP_ALIVE);
    const payload = new Uint8Array(0);
    const message = { type: "publish", topic: "a", payload, qos: 0 } as const;
    for (let second = 1; second <= 5; second += 1) {
      clock.advance(1_000);
      client.sendPacket({ ...message, retain: false, duplicate: false });
      await until(() => server.statistics.publishesReceived === second);
    }
    expect(server.clients.count).toBe(1);
    await server.stop();
  });
});

describe("A15 and A16", () => {
  it("a client pings, and comes back to a server that was away", async () => {
    const first = await AcceptanceServer.start();
    const { port } = first;
    const client = await first.client("one", { reconnect: { initialDelayMs: 10 } });
    expect(await client.ping()).toBeGreaterThanOrEqual(0);
    await first.server.stop();
    const listeners = [{ type: "tcp", host: "127.0.0.1", port }] as const;
    const second = await AcceptanceServer.start({ listeners });
    await until(() => second.server.clients.get("one") !== undefined && client.connected);
    expect(await client.ping()).toBeGreaterThanOrEqual(0);
    await client.disconnect();
  });

  it("a stopped server takes nobody; started again it takes the same client", async () => {
    const acceptance = await AcceptanceServer.start();
    const { port } = acceptance;
    const client = await acceptance.client("one");
    await client.disconnect();
    await acceptance.server.stop();
    await expect(client.connect()).rejects.toBeInstanceOf(MqttConnectError);
    const listeners = [{ type: "tcp", host: "127.0.0.1", port }] as const;
    await AcceptanceServer.start({ listeners });
    await client.connect();
    const inbox = await Inbox.open(client, "a");
    await client.publish("a", "x");
    await until(() => inbox.texts.length === 1);
    await client.disconnect();
    expect(inbox.texts).toEqual(["x"]);
  });

  it("a handler of the end may connect again", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    let rounds = 0;
    client.on("disconnected", async ({ wasConnected }) => {
      rounds += 1;
      if (wasConnected && rounds === 1) await client.connect();
    });
    await acceptance.server.clients.disconnect("one");
    await until(() => rounds === 1 && client.connected);
    await turns(2);
    expect(acceptance.server.clients.get("one")).toBeDefined();
  });
});
