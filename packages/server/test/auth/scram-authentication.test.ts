/** SCRAM-SHA-256 over AUTH packets: the client of this project, and packets that it would not send. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { connect, MqttConnectError, scramSha256 } from "@anax/client";
import type { ScramAuthentication, MqttClient } from "@anax/client";
import type { Packet } from "@anax/protocol";
import { PasswordFile, passwordFileLine, scramVerifier } from "../../src/index.ts";
import type { MqttServer, MqttServerOptions } from "../../src/index.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { startedServer } from "../support/memory-server.ts";

const METHOD = "SCRAM-SHA-256";
const USERS = { ann: "secret", "us=er,": "päss" };

let server: MqttServer;

afterEach(() => server.stop({ deadlineMs: 100 }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function start(options: MqttServerOptions = { users: USERS }): Promise<void> {
  const listeners = [{ type: "tcp", port: 0 }, { type: "memory" }] as const;
  server = await startedServer({ listeners, ...options });
}

/** A client over a real socket. */
async function open(userName: string, password: string): Promise<MqttClient> {
  const authentication = scramSha256({ userName, password });
  const client = await connect(server.address().url, { authentication, reconnect: false });
  onTestFinished(() => client.disconnect());
  return client;
}

async function refusal(userName: string, password: string): Promise<number | undefined> {
  const error: unknown = await open(userName, password).catch((reason: unknown) => reason);
  if (!(error instanceof MqttConnectError)) throw new Error("was let in");
  return error.reasonCode;
}

describe("a client of this project", () => {
  it.each(Object.entries(USERS))("is let in as %s, and events say so", async (name, password) => {
    const names: (string | undefined)[] = [];
    await start({
      users: USERS,
      on: {
        validatingConnection: ({ userName }) => void names.push(userName),
        clientConnected: ({ userName }) => void names.push(userName),
        interceptingPublish: ({ userName }) => void names.push(userName),
      },
    });
    const client = await open(name, password);
    await client.publish("a", "", { qos: 1 });
    expect(names).toEqual([name, name, name]);
  });

  it("is refused 0x86 with a wrong password, and as a user that nobody is", async () => {
    await start();
    expect(await refusal("ann", "guessed")).toBe(0x86);
    expect(await refusal("bob", "secret")).toBe(0x86);
    expect(await refusal("__proto__", "secret")).toBe(0x86);
  });

  it("authenticates again and stays [MQTT-4.12.1-1]", async () => {
    await start();
    const client = await open("ann", "secret");
    await client.reauthenticate();
    await client.reauthenticate();
    await client.publish("a", "", { qos: 1 });
    expect(client.connected).toBe(true);
  });

  it("is let in by a verifier that the program keeps, also one that comes later", async () => {
    const verifier = await scramVerifier("secret");
    const scramVerifierOf = async (name: string) => (name === "ann" ? verifier : undefined);
    await start({ authenticate: { authenticate: () => false, scramVerifierOf } });
    expect((await open("ann", "secret")).connected).toBe(true);
    expect(await refusal("ann", "guessed")).toBe(0x86);
    expect(await refusal("bob", "secret")).toBe(0x86);
  });

  it("is refused 0x8C by a server that has no verifiers [MQTT-4.12.0-1]", async () => {
    await start({ authenticate: () => false });
    expect(await refusal("ann", "secret")).toBe(0x8c);
  });

  it("is let in by a password file, where the user has a verifier", async () => {
    const folder = mkdtempSync(join(tmpdir(), "anax-scram-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const passwordFile = join(folder, "users");
    const lines = [
      await passwordFileLine("ann", "secret", { scram: true }),
      await passwordFileLine("bob", "secret"),
    ];
    writeFileSync(passwordFile, lines.join("\n"));
    await start({ passwordFile });
    expect((await open("ann", "secret")).connected).toBe(true);
    expect(await refusal("ann", "guessed")).toBe(0x86);
    expect(await refusal("bob", "secret")).toBe(0x86);
    const peer = new MqttPeer(server.connectInMemory(), 5);
    const plain = { userName: "ann", password: bytes("secret") };
    expect(await peer.connect(plain)).toMatchObject({ type: "connack", reasonCode: 0 });
  });

  it("is refused 0x8C by a password file without verifiers, until it is read again with one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "anax-scram-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "users");
    writeFileSync(path, await passwordFileLine("ann", "secret"));
    const file = new PasswordFile(path);
    await start({ authenticate: file });
    expect(await refusal("ann", "secret")).toBe(0x8c);
    writeFileSync(path, await passwordFileLine("ann", "secret", { scram: true }));
    await file.load();
    expect((await open("ann", "secret")).connected).toBe(true);
  });

  it("is refused 0x85 with a Client Identifier that is not for its user", async () => {
    await start({ users: USERS, clientIdPattern: "%u" });
    expect(await refusal("ann", "secret")).toBe(0x85);
    const authentication = scramSha256({ userName: "ann", password: "secret" });
    const client = await connect(server.address().url, { authentication, clientId: "ann" });
    onTestFinished(() => client.disconnect());
    expect(client.connected).toBe(true);
  });

  it("is refused while the program cannot say who it is", async () => {
    const scramVerifierOf = (): Promise<never> => Promise.reject(new Error("no database"));
    await start({ authenticate: { authenticate: () => true, scramVerifierOf } });
    expect(await refusal("ann", "secret")).toBe(0x88);
  });
});

describe("clients that choose no method", () => {
  it.each([3, 4, 5] as const)("show their password as ever, in version %i", async (version) => {
    await start();
    const peer = new MqttPeer(server.connectInMemory(), version);
    const connack = await peer.connect({ userName: "ann", password: bytes("secret") });
    expect(connack).toMatchObject({ type: "connack", reasonCode: 0 });
    const other = new MqttPeer(server.connectInMemory(), version);
    const refused = await other.connect({ userName: "ann", password: bytes("guessed") });
    expect(refused).toMatchObject({ reasonCode: 0x86 });
  });
});

/** A client that sends what a test wants. */
class ScramPeer {
  readonly peer: MqttPeer;
  readonly #handler: ScramAuthentication["handler"];

  constructor(
    userName = "ann",
    password = "secret",
    peer: MqttPeer = new MqttPeer(server.connectInMemory(), 5),
  ) {
    this.peer = peer;
    this.#handler = scramSha256({ userName, password }).handler;
  }

  async first(): Promise<Uint8Array | undefined> {
    return this.#handler({ type: "start", purpose: "connect" });
  }

  /** The answer to the server's question. */
  async final(question: Packet | undefined): Promise<Uint8Array | undefined> {
    return this.#handler({ type: "continue", data: dataOf(question) });
  }

  connect(data: Uint8Array | undefined, method = METHOD): Promise<Packet | undefined> {
    return this.peer.connect({ userName: "liar", properties: properties(data, method) });
  }

  auth(data: Uint8Array | undefined, reasonCode = 0x18): Promise<Packet | undefined> {
    this.peer.sendPacket({ type: "auth", reasonCode, properties: properties(data) });
    return this.peer.packet();
  }

  async connected(): Promise<this> {
    const connack = await this.auth(await this.final(await this.connect(await this.first())));
    expect(connack).toMatchObject({ type: "connack", reasonCode: 0 });
    return this;
  }
}

function properties(data: Uint8Array | undefined, authenticationMethod = METHOD) {
  return { authenticationMethod, ...(data && { authenticationData: data }) };
}

function dataOf(packet: Packet | undefined): Uint8Array | undefined {
  return packet?.type === "auth" || packet?.type === "connack"
    ? packet.properties?.authenticationData
    : undefined;
}

describe("packets at connect", () => {
  it("are AUTH with the method, then CONNACK with method and proof [MQTT-4.12.0-2] [MQTT-4.12.0-5]", async () => {
    await start();
    const client = new ScramPeer();
    const question = await client.connect(await client.first());
    expect(question).toMatchObject({
      type: "auth",
      reasonCode: 0x18,
      properties: { authenticationMethod: METHOD },
    });
    const connack = await client.auth(await client.final(question));
    expect(connack).toMatchObject({
      type: "connack",
      reasonCode: 0,
      properties: { authenticationMethod: METHOD },
    });
    expect(Buffer.from(dataOf(connack) ?? []).toString()).toMatch(/^v=[A-Za-z0-9+/]{43}=$/);
  });

  it("of whoever names another user in CONNECT count for the one that was proved", async () => {
    const names: (string | undefined)[] = [];
    const on = {
      clientConnected: ({ userName }: { userName?: string }) => void names.push(userName),
    };
    await start({ users: USERS, on });
    await new ScramPeer().connected();
    expect(names).toEqual(["ann"]);
  });

  it.each([
    ["nothing", undefined],
    ["no SCRAM", bytes("hello")],
    ["a wish for channel binding", bytes("p=tls-exporter,,n=ann,r=abc")],
    ["bytes that are no text", Uint8Array.of(0xff, 0x00)],
  ])("with %s in CONNECT are refused 0x87", async (_, data) => {
    await start();
    const client = new ScramPeer();
    expect(await client.connect(data)).toMatchObject({ type: "connack", reasonCode: 0x87 });
    await client.peer.closed;
  });

  it.each([
    ["nothing", () => undefined, 0x87],
    ["no SCRAM", () => bytes("hello"), 0x87],
    ["another nonce", (final: string) => bytes(final.replace(",r=", ",r=x")), 0x87],
    ["another header", (final: string) => bytes(final.replace("c=biws", "c=eSws")), 0x87],
    ["more than the proof covers", (final: string) => bytes(final.replace(",p=", ",x=1,p=")), 0x86],
  ])("with %s in AUTH are refused [MQTT-4.12.0-4]", async (_, tamper, reasonCode) => {
    await start();
    const client = new ScramPeer();
    const final = await client.final(await client.connect(await client.first()));
    const connack = await client.auth(tamper(Buffer.from(final ?? []).toString()));
    expect(connack).toMatchObject({ type: "connack", reasonCode });
    expect(dataOf(connack)).toBeUndefined();
    await client.peer.closed;
  });

  it("of one exchange do not serve for another", async () => {
    await start();
    const [client, thief] = [new ScramPeer(), new ScramPeer()];
    const first = await client.first();
    const final = await client.final(await client.connect(first));
    await thief.connect(first);
    expect(await thief.auth(final)).toMatchObject({ type: "connack", reasonCode: 0x87 });
  });

  it("ask a user that nobody is the same as any, and the same again", async () => {
    await start();
    const salts: (string | undefined)[] = [];
    for (const name of ["bob", "bob", "ann", "ann"]) {
      const client = new ScramPeer(name);
      const question = Buffer.from(dataOf(await client.connect(await client.first())) ?? []);
      expect(question.toString()).toMatch(/^r=[^,]+,s=[A-Za-z0-9+/]{22}==,i=15000$/);
      salts.push(/,s=(.*),/.exec(question.toString())?.[1]);
    }
    expect(salts[1]).toBe(salts[0]);
    expect(salts[3]).toBe(salts[2]);
    expect(salts[2]).not.toBe(salts[0]);
  });

  it.each(["SCRAM-SHA-1", "scram-sha-256", "token"])(
    "with the method %s are refused 0x8C [MQTT-4.12.0-1]",
    async (method) => {
      await start();
      const client = new ScramPeer();
      const connack = await client.connect(await client.first(), method);
      expect(connack).toMatchObject({ type: "connack", reasonCode: 0x8c });
    },
  );

  it("stop when the client goes, and that is no failure of a handler", async () => {
    await start();
    const client = new ScramPeer();
    await client.connect(await client.first());
    client.peer.stream.destroy();
    await client.peer.closed;
    await new ScramPeer().connected();
    expect(server.statistics).toMatchObject({ handlerFailures: 0, handlerTimeouts: 0 });
  });
});

describe("packets of a re-authentication", () => {
  /** Goes through it as another, or the same, user on a connection of ann's. */
  async function again(userName: string, password: string): Promise<Packet | undefined> {
    const { peer } = await new ScramPeer().connected();
    const client = new ScramPeer(userName, password, peer);
    return client.auth(await client.final(await client.auth(await client.first(), 0x19)));
  }

  it("end in AUTH 0x00 with the proof of the server", async () => {
    await start();
    const success = await again("ann", "secret");
    expect(success).toMatchObject({ type: "auth", reasonCode: 0 });
    expect(Buffer.from(dataOf(success) ?? []).toString()).toMatch(/^v=/);
  });

  it.each([
    ["a wrong password", "ann", "guessed"],
    ["a user that nobody is", "bob", "secret"],
    ["another user's right password", "us=er,", "päss"],
  ])("with %s end in DISCONNECT 0x87 [MQTT-4.12.1-2]", async (_, userName, password) => {
    await start();
    const answer = await again(userName, password);
    expect(answer).toMatchObject({ type: "disconnect", reasonCode: 0x87 });
  });

  it("that are malformed end in DISCONNECT 0x87", async () => {
    await start();
    const client = await new ScramPeer().connected();
    const answer = await client.auth(bytes("hello"), 0x19);
    expect(answer).toMatchObject({ type: "disconnect", reasonCode: 0x87 });
  });
});
