import type { ConnectPacket, Packet } from "@anax/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { AnonymousAuthenticator, MqttServerBusyError } from "../../src/index.ts";
import type {
  AuthenticationAnswer,
  Authenticator,
  Credentials,
  LogRecord,
  MqttServer,
  MqttServerOptions,
} from "../../src/index.ts";
import { startedServer } from "../support/memory-server.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";

let server: MqttServer;

afterEach(() => server.stop());

type Answer = AuthenticationAnswer | Promise<AuthenticationAnswer>;

/** An authenticator that answers so, and notes that it was asked. */
function answering(answer: (credentials: Credentials) => Answer, name?: string) {
  const asked: string[] = [];
  const authenticate = (credentials: Credentials): Answer => {
    asked.push(credentials.userName ?? "");
    return answer(credentials);
  };
  return { name, authenticate, asked } satisfies Authenticator & { asked: string[] };
}

async function connack(fields: Partial<ConnectPacket> = {}): Promise<Packet | undefined> {
  return new MqttPeer(server.connectInMemory(), 5).connect({ userName: "ann", ...fields });
}

async function start(
  authenticators: MqttServerOptions["authenticators"],
  options: MqttServerOptions = {},
): Promise<void> {
  server = await startedServer({ authenticators, ...options });
}

describe("authenticators in a list", () => {
  it("are asked in order until one says yes or no, at once or later", async () => {
    const first = answering(() => undefined);
    const second = answering(async () => undefined);
    const third = answering(({ userName }) => userName === "ann");
    const last = answering(() => true);
    await start([first, second, third, last]);
    expect(await connack()).toMatchObject({ reasonCode: 0 });
    expect(await connack({ userName: "bob" })).toMatchObject({ reasonCode: 0x86 });
    for (const { asked } of [first, second, third]) expect(asked).toEqual(["ann", "bob"]);
    expect(last.asked).toEqual([]);
  });

  it("refuse whom none of them knows, and everybody where there are none", async () => {
    await start([answering(() => undefined), answering(async () => undefined)]);
    expect(await connack()).toMatchObject({ reasonCode: 0x86 });
    await server.stop();
    await start([]);
    expect(await connack()).toMatchObject({ reasonCode: 0x86 });
  });

  const failures: Readonly<Record<string, () => Answer>> = {
    "a throw": () => {
      throw new Error("gone");
    },
    "a rejection": () => Promise.reject(new Error("gone")),
    "an answer that is none": () => JSON.parse('"yes"') as boolean,
    "an object that is no identity": () => JSON.parse('{"allow":true}') as object,
    "an empty object": () => ({}),
    "a group that is no text": () => ({ groups: [JSON.parse("null") as string] }),
    "a user name with a line break": () => ({ userName: "ann\nbob" }),
    "a user name that UTF-8 does not have": () => ({ userName: "a\uD800" }),
    "a user name that is too long": () => ({ userName: "a".repeat(16_385) }),
    "an identity that has expired": () => ({ userName: "ann", expiresInMs: 0 }),
  };
  for (const [what, answer] of Object.entries(failures)) {
    it(`take ${what} as a no: the next one is not asked, and the log names who failed`, async () => {
      const next = answering(() => true);
      const records: LogRecord[] = [];
      await start([answering(() => undefined), answering(answer, "the office"), next], {
        logger: { level: "warn", write: (record) => void records.push(record) },
      });
      expect(await connack()).toMatchObject({ reasonCode: 0x88 });
      expect(next.asked).toEqual([]);
      expect(server.statistics).toMatchObject({ authenticationFailures: 1, connectionsTotal: 0 });
      expect(records).toMatchObject([{ fields: { authenticator: "the office", count: 1 } }]);
      server.resetStatistics();
      expect(server.statistics.authenticationFailures).toBe(0);
    });
  }

  it("may tell a client to come later", async () => {
    await start([answering(() => Promise.reject(new MqttServerBusyError("later")))]);
    expect(await connack()).toMatchObject({ reasonCode: 0x89 });
    expect(server.statistics.authenticationFailures).toBe(0);
  });

  it("let in clients that show nothing only where that is asked for", async () => {
    await start([answering(({ userName }) => (userName === "ann" ? true : undefined))]);
    expect(await connack({ userName: "" })).toMatchObject({ reasonCode: 0x86 });
    await server.stop();
    await start([answering(() => undefined), new AnonymousAuthenticator()]);
    expect(await connack({ userName: "" })).toMatchObject({ reasonCode: 0 });
    expect(await connack({ userName: "bob" })).toMatchObject({ reasonCode: 0x86 });
    const password = new Uint8Array([1]);
    expect(await connack({ userName: "", password })).toMatchObject({ reasonCode: 0x86 });
  });

  it("give a client the name and the groups that they found out", async () => {
    const identity = { userName: "ann smith", groups: ["staff"] };
    const seen: unknown[] = [];
    await start([answering(() => identity)], {
      on: { clientConnected: (event) => void seen.push([event.userName, event.identity]) },
    });
    expect(await connack()).toMatchObject({ reasonCode: 0 });
    expect(seen).toEqual([["ann smith", identity]]);
  });
});

describe("a method that an authenticator checks by itself", () => {
  const properties = { authenticationMethod: "token", authenticationData: new Uint8Array([1]) };
  const tokens = (renewed: string): Authenticator => ({
    authenticationMethods: ["token"],
    authenticate: ({ authenticationData, reauthentication }) => {
      if (authenticationData?.[0] !== 1) return false;
      return { userName: reauthentication === true ? renewed : "ann", expiresInMs: 60_000 };
    },
  });
  const passwords = answering(() => undefined);

  it("lets a client in, and authenticate itself again as the same user", async () => {
    await start([passwords, tokens("ann")]);
    const client = new MqttPeer(server.connectInMemory(), 5);
    expect(await client.connect({ properties })).toMatchObject({ reasonCode: 0 });
    client.sendPacket({ type: "auth", reasonCode: 0x19, properties });
    expect(await client.packet()).toMatchObject({ type: "auth", reasonCode: 0 });
    const authenticationData = new Uint8Array([2]);
    const wrong = { ...properties, authenticationData };
    client.sendPacket({ type: "auth", reasonCode: 0x19, properties: wrong });
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x87 });
    // A password is shown once: who checks those is not asked again.
    expect(passwords.asked).toEqual([""]);
  });

  it("does not make another user of it", async () => {
    await start([tokens("bob")]);
    const client = new MqttPeer(server.connectInMemory(), 5);
    expect(await client.connect({ properties })).toMatchObject({ reasonCode: 0 });
    client.sendPacket({ type: "auth", reasonCode: 0x19, properties });
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x87 });
  });
});

describe("a Client Identifier", () => {
  const yes = [answering(() => true)];
  const cases: readonly [pattern: string, userName: string, clientId: string, isFit: boolean][] = [
    ["%u", "ann", "ann", true],
    ["%u", "ann", "ann2", false],
    ["%u", "a*", "abc", false],
    ["%u", "a*", "a*", true],
    ["%u", "", "", false],
    ["%u/*", "ann", "ann/1", true],
    ["%u/*", "ann", "ann/", true],
    ["%u/*", "ann", "bob/1", false],
    ["%u/*", "ann.", "annx/1", false],
    ["%u/*", ".*", "ann/1", false],
    ["dev-*-%u", "ann", "dev-7-ann", true],
    ["dev-*-%u", "ann", "dev-ann", false],
    ["a*b*c", "ann", "abbc", true],
    ["a*b*c", "ann", "acb", false],
    ["ab*ba", "ann", "aba", false],
    ["100%%%*", "ann", "100%*", true],
    ["100%%%*", "ann", "100%x", false],
    ["**", "ann", "anything", true],
  ];
  it.each(cases)("%s of user %j: %j fits: %j", async (clientIdPattern, userName, id, isFit) => {
    await start(yes, { clientIdPattern });
    const expected = isFit ? 0 : 0x85;
    expect(await connack({ userName, clientId: id })).toMatchObject({ reasonCode: expected });
  });

  it("is made for a client that has none", async () => {
    await start(yes, { clientIdPattern: "%u/*" });
    const given = await connack({ clientId: "" });
    expect(given).toMatchObject({
      properties: { assignedClientId: expect.stringMatching(/^ann\/[-0-9a-f]{36}$/) },
    });
  });

  it("may be that of the identity only", async () => {
    await start([answering(() => ({ clientId: "lamp" }))]);
    expect(await connack({ clientId: "lamp" })).toMatchObject({ reasonCode: 0 });
    expect(await connack({ clientId: "door" })).toMatchObject({ reasonCode: 0x85 });
    const properties = { assignedClientId: "lamp" };
    expect(await connack({ clientId: "" })).toMatchObject({ reasonCode: 0, properties });
  });

  it.each(["", "%x", "a%", "%u".repeat(501)])("is not bound by %j", async (clientIdPattern) => {
    await start(yes);
    await expect(start(yes, { clientIdPattern })).rejects.toThrow("clientIdPattern");
  });
});
