import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { InjectedApplicationMessage, MqttServer, StopOptions } from "../../src/index.ts";
import { MqttConfigurationError } from "../../src/index.ts";
import { detached } from "../support/detached.ts";
import {
  awaySession,
  connected,
  LASTING,
  startedServer,
  subscribe,
} from "../support/memory-server.ts";

let server: MqttServer;

beforeEach(async () => {
  server = await startedServer();
});

afterEach(() => server.stop());

/** Every way by which a program hands in a message. */
const CALLS: Readonly<Record<string, (message: InjectedApplicationMessage) => Promise<unknown>>> = {
  injectApplicationMessage: (message) => server.injectApplicationMessage(message),
  "retainedMessages.set": (message) => server.retainedMessages.set(message),
  "sessions.deliverApplicationMessage": (message) =>
    server.sessions.deliverApplicationMessage("s", message),
  "sessions.tryEnqueueApplicationMessage": (message) =>
    server.sessions.tryEnqueueApplicationMessage("s", message),
};

const LONG = "x".repeat(65_536);

/** Fields that cannot be, and what the error says of them. */
const WRONG: readonly (readonly [fields: object, said: string])[] = [
  [{ topic: "a/#" }, "topic cannot be"],
  [{ topic: "" }, "topic cannot be"],
  [{ topic: "a\0" }, "topic cannot be"],
  [{ topic: null }, "topic is missing"],
  [{ topic: 5 }, "topic must be of type string, not number"],
  [{ payload: 5 }, "payload must be text or a Uint8Array, not of type number"],
  [{ payload: detached() }, "payload has been given to another thread"],
  [{ correlationData: detached() }, "correlationData cannot be sent"],
  [{ payload: new Uint8Array(268_435_456) }, "payload of 268435456 bytes"],
  [{ qos: 3 }, "qos 3 is not one of 0 1 2"],
  [{ qos: "1" }, 'qos "1" is not one of'],
  [{ retain: "yes" }, "retain must be of type boolean, not string"],
  [{ messageExpiryIntervalSeconds: 1.5 }, "messageExpiryIntervalSeconds 1.5"],
  [{ messageExpiryIntervalSeconds: -1 }, "messageExpiryIntervalSeconds -1"],
  [{ messageExpiryIntervalSeconds: 2 ** 32 }, "messageExpiryIntervalSeconds 4294967296"],
  [{ messageExpiryIntervalSeconds: Number.NaN }, "messageExpiryIntervalSeconds NaN"],
  [{ payloadFormatIndicator: 2 }, "payloadFormatIndicator 2"],
  [{ contentType: LONG }, "contentType of 65536 bytes exceeds 65535"],
  [{ contentType: "a\0" }, "contentType cannot be sent"],
  [{ contentType: "\ud800" }, "contentType cannot be sent"],
  [{ contentType: 5 }, "contentType must be a string"],
  [{ responseTopic: "" }, "responseTopic is empty"],
  [{ responseTopic: "a/+" }, "responseTopic"],
  [{ correlationData: new Uint8Array(65_536) }, "correlationData of 65536 bytes"],
  [{ correlationData: "text" }, "correlationData must be a Uint8Array"],
  [{ userProperties: [["a", LONG]] }, "userProperties of 65536 bytes"],
  [{ userProperties: [["a", "\0"]] }, "userProperties cannot be sent"],
  [{ userProperties: { a: "b" } }, "userProperties must be an array"],
  [{ userProperties: [["a"]] }, "userProperties must be pairs"],
  [{ retian: true }, 'unknown option "retian"'],
];

describe("a message that cannot be sent is refused by its field, before anything is done:", () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(name, { timeout: 30_000 }, async () => {
      await awaySession(server);
      for (const [fields, said] of WRONG) {
        const message: InjectedApplicationMessage = { topic: "a", ...fields };
        const answer = call(message);
        await expect(answer).rejects.toThrow(MqttConfigurationError);
        await expect(answer).rejects.toThrow(said);
      }
      expect(server.retainedMessages.count).toBe(0);
      expect(server.sessions.get("s")?.queuedMessages).toBe(0);
    });
  }
});

describe("null is what is not there, as in JSON that other languages write:", () => {
  const absent = {
    payload: null,
    qos: null,
    retain: null,
    payloadFormatIndicator: null,
    messageExpiryIntervalSeconds: null,
    contentType: null,
    responseTopic: null,
    correlationData: null,
    userProperties: null,
  };
  for (const [name, call] of Object.entries(CALLS)) {
    it(name, async () => {
      await awaySession(server);
      const message: object = { topic: "a", ...absent };
      await call(message as InjectedApplicationMessage).catch((error: unknown) => {
        // QoS 0 for a client that is away.
        expect(error).toMatchObject({ code: "ANAX_MESSAGE_DROPPED" });
      });
    });
  }

  it("disconnect and stop", async () => {
    await connected(server, "c");
    const told: object = { reasonString: null, reasonCode: null, deadlineMs: null };
    const { deadlineMs: _, ...forOne } = told as StopOptions;
    expect(await server.clients.disconnect("c", forOne)).toBe(true);
    await server.stop(told);
    expect(server.isStarted).toBe(false);
  });
});

describe("a message that the server gave out", () => {
  it("may be handed in again as it is", async () => {
    const peer = await connected(server, "reader", LASTING);
    await subscribe(peer, "b", 1);
    const stream = server.subscribe("a");
    const given = { topic: "a", payload: "p", contentType: "text" };
    await server.injectApplicationMessage(given, { clientId: "me" });
    const { value: message } = await stream.next();
    if (message === undefined) throw new Error("no message");
    expect(message).toMatchObject({ contentType: "text", senderClientId: "me" });
    await server.injectApplicationMessage({ ...message, topic: "b" });
    expect(await peer.packet()).toMatchObject({ topic: "b", properties: { contentType: "text" } });
  });
});

describe("what clients cannot be told is refused, and nobody is disconnected:", () => {
  const told: readonly (readonly [options: object, said: string])[] = [
    [{ serverReference: "a\0b" }, "serverReference cannot be sent"],
    [{ reasonString: LONG }, "reasonString of 65536 bytes"],
    [{ userProperties: { a: "b" } }, "userProperties must be an array"],
    [{ reasonCode: 0x04 }, "reasonCode 4 is no Reason Code that a server sends in DISCONNECT"],
    [{ reasonCode: "0x98" }, 'reasonCode "0x98" is no'],
    [{ reson: "x" }, 'unknown option "reson"'],
  ];
  for (const [options, said] of told) {
    it(said, async () => {
      const peer = await connected(server, "c");
      for (const answer of [server.clients.disconnect("c", options), server.stop(options)]) {
        await expect(answer).rejects.toThrow(MqttConfigurationError);
        await expect(answer).rejects.toThrow(said);
      }
      peer.sendPacket({ type: "pingreq" });
      expect(await peer.packet()).toEqual({ type: "pingresp" });
    });
  }

  it("a deadline that is no time", async () => {
    for (const deadlineMs of [Number.NaN, -1, 2 ** 31, "5"]) {
      const options = { deadlineMs } as StopOptions;
      await expect(server.stop(options)).rejects.toThrow("stop.deadlineMs");
    }
    expect(server.isStarted).toBe(true);
  });
});

describe("a sender that cannot be is refused:", () => {
  const senders: readonly (readonly [sender: object, said: string])[] = [
    [{ clientId: 5 }, "clientId must be a string"],
    [{ clientId: "a\0" }, "clientId cannot be sent"],
    [{ sessionItems: {} }, "sessionItems must be of type Map, not Object"],
    [{ username: "u" }, 'unknown option "username"'],
  ];
  for (const [sender, said] of senders) {
    it(said, async () => {
      const answer = server.injectApplicationMessage({ topic: "a" }, sender);
      await expect(answer).rejects.toThrow(said);
    });
  }
});
