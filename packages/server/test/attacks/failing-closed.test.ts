import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Packet } from "@anax/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { passwordFileLine, PasswordFile } from "../../src/auth/password-file.ts";
import { MqttServer } from "../../src/index.ts";
import type { ListenerOptions, MqttServerOptions } from "../../src/index.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";

const encoder = new TextEncoder();

let folder: string;
let file: string;
let server: MqttServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "anax-closed-"));
  file = join(folder, "passwords");
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(folder, { recursive: true });
});

async function start(options: MqttServerOptions): Promise<MqttServer> {
  server = new MqttServer({ listeners: [{ type: "memory" }], systemTopics: false, ...options });
  await server.start();
  return server;
}

/** Reason Code of the CONNACK; undefined if the connection was closed without. */
async function attempt(userName?: string, password?: string): Promise<number | undefined> {
  const peer = new MqttPeer((server ?? expect.fail("no server")).connectInMemory(), 5);
  const answer: Packet | undefined = await peer.connect({
    ...(userName !== undefined && { userName }),
    ...(password !== undefined && { password: encoder.encode(password) }),
  });
  peer.stream.destroy();
  return answer?.type === "connack" ? answer.reasonCode : undefined;
}

describe("a password file that cannot be used stops the server from starting:", () => {
  const files: Readonly<Record<string, string>> = {
    "a line without a hash": "ann\n",
    "a password in clear": "ann:secret\n",
    "an empty user name": ":$scrypt$ln=14,r=8,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA\n",
    "a hash of no cost": "ann:$scrypt$ln=1,r=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA\n",
    "a hash of a deadly cost": "ann:$scrypt$ln=60,r=8,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA\n",
    "a hash that is cut off": "ann:$scrypt$ln=14,r=8,p=1$AAAAAAAAAAA$\n",
    garbage: "\u0000\u0001\u0002\uffff\n",
  };
  for (const [name, content] of Object.entries(files)) {
    it(name, async () => {
      await writeFile(file, content);
      await expect(start({ passwordFile: file })).rejects.toThrow("password file");
      expect(server?.isStarted).toBe(false);
      expect(() => server?.connectInMemory()).toThrow("not started");
    });
  }

  it("one that is missing, and one that is a folder", async () => {
    await expect(start({ passwordFile: file })).rejects.toThrow("cannot be read");
    await expect(start({ passwordFile: folder })).rejects.toThrow("cannot be read");
  });

  it("an empty one lets nobody in", async () => {
    await writeFile(file, "# nobody\n");
    await start({ passwordFile: file });
    expect(await attempt("ann", "")).toBe(0x86);
    expect(await attempt("", "")).toBe(0x86);
    expect(await attempt()).toBe(0x86);
  });

  it("one that becomes unusable changes nothing", async () => {
    await writeFile(file, `${await passwordFileLine("ann", "right")}\n`);
    const users = new PasswordFile(file);
    await users.load();
    await writeFile(file, "ann:wrong\n");
    await expect(users.load()).rejects.toThrow("line 1");
    await rm(file);
    await expect(users.load()).rejects.toThrow("cannot be read");
    expect(await users.authenticate(credentials("ann", "right"))).toBe(true);
    expect(await users.authenticate(credentials("ann", "wrong"))).toBe(false);
  });
});

function credentials(userName: string, password: string): never {
  return { userName, password: encoder.encode(password), peer: {} } as never;
}

describe("an authenticator that does not answer yes is a no:", () => {
  const fail = async (): Promise<boolean> => {
    throw new Error("the database is gone");
  };
  const answers: Readonly<Record<string, unknown>> = {
    "it throws": () => {
      throw new Error("a fault");
    },
    "it rejects": fail,
    "it answers undefined": () => undefined,
    "it answers a text": () => "yes",
    "it answers 1": () => 1,
    "it answers an object": () => ({ allowed: true }),
    "it resolves to undefined": async () => undefined,
    "it resolves to a text": async () => "yes",
    "it never answers": () => new Promise(() => undefined),
  };
  for (const [name, authenticate] of Object.entries(answers)) {
    it(name, async () => {
      await start({ authenticate: authenticate as () => boolean, handlerTimeoutMs: 20 });
      const reasonCode = await attempt("ann", "x");
      expect(reasonCode).toBeGreaterThanOrEqual(0x80);
      expect(server?.statistics).toMatchObject({ connectionsTotal: 0, sessionsCurrent: 0 });
    });
  }

  it("a handler that is later in line cannot undo it", async () => {
    await start({
      users: { ann: "right" },
      on: {
        validatingConnection: (event) => {
          event.reasonCode = 0;
        },
      },
    });
    expect(await attempt("ann", "wrong")).toBe(0x86);
    expect(await attempt("ann", "right")).toBe(0);
  });

  it("the Authentication Method does not go round it", async () => {
    await start({ users: { ann: "right" } });
    const peer = new MqttPeer((server ?? expect.fail("no server")).connectInMemory(), 5);
    const properties = { authenticationMethod: "NONE", authenticationData: new Uint8Array(1) };
    expect(await peer.connect({ properties })).toMatchObject({ reasonCode: 0x8c });
  });
});

describe("interceptors that fail refuse what they were to judge:", () => {
  it("publish and subscribe", async () => {
    const fault = (): never => {
      throw new Error("a fault");
    };
    const { injectApplicationMessage } = await start({
      on: { interceptingPublish: fault, interceptingSubscription: fault },
    });
    expect(typeof injectApplicationMessage).toBe("function");
    const peer = new MqttPeer((server ?? expect.fail("no server")).connectInMemory(), 5);
    await peer.connect();
    const suback = await peer.subscribe("#");
    expect(suback).toMatchObject({
      type: "suback",
      reasonCodes: [expect.toSatisfy((code: number) => code >= 0x80)],
    });
    await server?.injectApplicationMessage({ topic: "a", retain: true, payload: "x" });
    expect(server?.statistics).toMatchObject({
      retainedMessagesCurrent: 0,
      subscriptionsCurrent: 0,
    });
    peer.stream.destroy();
  });
});

describe("a server that was told nothing", () => {
  const listeners: readonly (readonly [string, ListenerOptions])[] = [
    ["tcp", { type: "tcp", port: 0 }],
    ["websocket", { type: "websocket", port: 0 }],
  ];
  for (const [name, listener] of listeners) {
    it(`listens on this machine only: ${name}`, async () => {
      await start({ listeners: [listener] });
      expect(server?.address().host).toBe("127.0.0.1");
    });
  }

  it("by the shorthand too", async () => {
    server = new MqttServer({ port: 0, systemTopics: false });
    await server.start();
    expect(server.address().host).toBe("127.0.0.1");
    const { port = 0 } = server.address();
    // Another address of this machine finds nobody.
    const refused = connect({ port, host: "127.0.0.2" });
    const error: unknown = await new Promise((resolve) => {
      refused.once("error", resolve);
      refused.once("connect", () => resolve(undefined));
    });
    refused.destroy();
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });
});
