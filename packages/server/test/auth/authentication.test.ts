import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parsePasswordHash, passwordMatches } from "../../src/auth/password-hash.ts";
import {
  hashPassword,
  MqttServer,
  MqttServerBusyError,
  PasswordFile,
  passwordFileLine,
} from "../../src/index.ts";
import type { Authenticator, Logger, LogRecord, MqttServerOptions } from "../../src/index.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";

let folder: string;
let path: string;
const servers: MqttServer[] = [];
const PEER = { transport: "test", secure: false };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "anax-passwords-"));
  path = join(folder, "passwords");
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  rmSync(folder, { recursive: true });
});

function credentials(
  userName?: string,
  password?: string,
): Parameters<Authenticator["authenticate"]>[0] {
  return {
    clientId: "c",
    peer: PEER,
    ...(userName !== undefined && { userName }),
    ...(password !== undefined && { password: new TextEncoder().encode(password) }),
  };
}

async function started(options: MqttServerOptions): Promise<MqttServer> {
  const server = new MqttServer({
    listeners: [{ type: "memory" }],
    systemTopics: false,
    ...options,
  });
  servers.push(server);
  await server.start();
  return server;
}

/** Reason Code of the CONNACK that a client gets. */
async function login(server: MqttServer, userName?: string, password?: string): Promise<unknown> {
  const { clientId: _clientId, peer: _peer, ...fields } = credentials(userName, password);
  const client = new MqttPeer(server.connectInMemory(), 5);
  const connack = await client.connect({ clientId: userName ?? "nobody", ...fields });
  return connack?.type === "connack" ? connack.reasonCode : connack;
}

describe("hashes", () => {
  it("match the password that they were made of and no other", async () => {
    const hash = parsePasswordHash(await hashPassword("swörd"));
    expect(hash && (await passwordMatches("swörd", hash))).toBe(true);
    expect(hash && (await passwordMatches("sword", hash))).toBe(false);
  });

  it("of one password differ by their salt", async () => {
    expect(await hashPassword("x")).not.toBe(await hashPassword("x"));
  });

  it("of an unreasonable form are none", () => {
    const salt = "AAAAAAAAAAAAAAAAAAAAAA";
    const hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    expect(parsePasswordHash(`$scrypt$ln=14,r=8,p=1$${salt}$${hash}`)).toBeDefined();
    const unreasonable = [
      "",
      "secret",
      `$scrypt$ln=1,r=8,p=1$${salt}$${hash}`,
      `$scrypt$ln=40,r=8,p=1$${salt}$${hash}`,
      `$scrypt$ln=14,r=8,p=0$${salt}$${hash}`,
      `$scrypt$ln=14,r=8,p=1$$${hash}`,
      `$scrypt$ln=14,r=8,p=1$${salt}$AAAA`,
      `$scrypt$ln=14,r=8,p=1$${salt}$${hash}$`,
    ];
    expect(unreasonable.filter((text) => parsePasswordHash(text) !== undefined)).toEqual([]);
  });
});

describe("password file", () => {
  it("lets in who has a line and its password", async () => {
    writeFileSync(path, `# staff\n\n${await passwordFileLine("ann", "a:b")}\n`);
    const file = new PasswordFile(path);
    await file.load();
    expect(await file.authenticate(credentials("ann", "a:b"))).toBe(true);
    expect(await file.authenticate(credentials("ann", "a:b"))).toBe(true);
    expect(await file.authenticate(credentials("ann", "wrong"))).toBe(false);
    expect(await file.authenticate(credentials("bob", "a:b"))).toBe(undefined);
    expect(await file.authenticate(credentials("__proto__", "a:b"))).toBe(undefined);
    expect(await file.authenticate(credentials("ann"))).toBe(undefined);
    expect(await file.authenticate(credentials())).toBe(undefined);
  });

  it("may begin with a byte order mark, as editors on Windows write it", async () => {
    writeFileSync(path, `\uFEFF${await passwordFileLine("ann", "x")}\r\n`);
    const file = new PasswordFile(path);
    await file.load();
    expect(await file.authenticate(credentials("ann", "x"))).toBe(true);
  });

  it("tells whose line is gone or another when it is read again", async () => {
    const [ann, bob, eve] = await Promise.all(
      ["ann", "bob", "eve"].map((userName) => passwordFileLine(userName, "x")),
    );
    writeFileSync(path, `${ann}\n${bob}\n${eve}\n`);
    const file = new PasswordFile(path);
    expect(await file.load()).toEqual(new Set());
    writeFileSync(
      path,
      `# staff\n${eve}\nfay${ann?.slice(3)}\n${await passwordFileLine("bob", "y")}\n`,
    );
    expect(await file.load()).toEqual(new Set(["ann", "bob"]));
    expect(await file.load()).toEqual(new Set());
  });

  it("lets nobody in before it was read", async () => {
    writeFileSync(path, await passwordFileLine("ann", "x"));
    expect(await new PasswordFile(path).authenticate(credentials("ann", "x"))).toBe(undefined);
  });

  it("keeps what it has when it is missing or broken the next time", async () => {
    writeFileSync(path, await passwordFileLine("ann", "x"));
    const file = new PasswordFile(path);
    await file.load();
    writeFileSync(path, "ann:plain text");
    await expect(file.load()).rejects.toThrow(
      /line 1 of the password file \S+ is not user:\$scrypt\$/,
    );
    rmSync(path);
    await expect(file.load()).rejects.toThrow("cannot be read");
    expect(await file.authenticate(credentials("ann", "x"))).toBe(true);
    expect(await file.authenticate(credentials("ann", "plain text"))).toBe(false);
  });

  it("forgets a password that was right when the file says otherwise", async () => {
    writeFileSync(path, await passwordFileLine("ann", "old"));
    const file = new PasswordFile(path);
    await file.load();
    expect(await file.authenticate(credentials("ann", "old"))).toBe(true);
    writeFileSync(path, await passwordFileLine("ann", "new"));
    await file.load();
    expect(await file.authenticate(credentials("ann", "old"))).toBe(false);
    expect(await file.authenticate(credentials("ann", "new"))).toBe(true);
  });

  it("may have a verifier behind the hash, and nothing else", async () => {
    const line = await passwordFileLine("ann", "x", { scram: true });
    expect(line).toMatch(/^ann:\$scrypt\$[^:]+:\$scram-sha-256\$i=15000(\$[A-Za-z0-9+/]+){3}$/);
    writeFileSync(path, line);
    const file = new PasswordFile(path);
    expect(file.scramVerifierOf).toBeUndefined();
    await file.load();
    expect(file.scramVerifierOf?.("ann")).toMatchObject({ iterations: 15_000 });
    expect(file.scramVerifierOf?.("bob")).toBeUndefined();
    expect(await file.authenticate(credentials("ann", "x"))).toBe(true);
    const [, hash = "", verifier = ""] = line.split(":");
    const broken = [
      `ann:${verifier}`,
      `ann:${hash}:`,
      `ann:${hash}:${hash}`,
      `${line}:`,
      `${line}:${verifier}`,
      line.slice(0, -4),
      line.replace("i=15000", "i=4095"),
      line.replace("i=15000", "i=99999999"),
    ];
    for (const text of broken) {
      writeFileSync(path, text);
      await expect(file.load(), text).rejects.toThrow(/line 1 of the password file \S+ is not/);
    }
    const control = passwordFileLine("ann", "a\u0007", { scram: true });
    await expect(control).rejects.toThrow(TypeError);
  });

  it("refuses a user who has two lines, and names that no line can hold", async () => {
    const line = await passwordFileLine("ann", "x");
    writeFileSync(path, `${line}\n${line}\n`);
    await expect(new PasswordFile(path).load()).rejects.toThrow(
      `line 2 of the password file ${path} names`,
    );
    for (const name of ["", "a:b", "#a", "a\nb"]) {
      await expect(passwordFileLine(name, "x")).rejects.toThrow(TypeError);
    }
  });
});

describe("server", () => {
  it("with users lets in those, and nobody else with 0x86", async () => {
    const server = await started({ users: { ann: "x", constructor: "y" } });
    expect(await login(server, "ann", "x")).toBe(0);
    expect(await login(server, "constructor", "y")).toBe(0);
    expect(await login(server, "ann", "y")).toBe(0x86);
    expect(await login(server, "toString", "x")).toBe(0x86);
    expect(await login(server)).toBe(0x86);
  });

  it("with a password file lets in those who are in it", async () => {
    writeFileSync(path, await passwordFileLine("ann", "x"));
    const server = await started({ passwordFile: path });
    expect(await login(server, "ann", "x")).toBe(0);
    expect(await login(server, "ann", "y")).toBe(0x86);
  });

  it("does not start with a password file that is missing, and can be started when it is there", async () => {
    const server = new MqttServer({ listeners: [], passwordFile: path });
    servers.push(server);
    await expect(server.start()).rejects.toThrow(`${path} cannot be read`);
    writeFileSync(path, "");
    await server.start();
    expect(server.isStarted).toBe(true);
  });

  it("keeps out who was refused, whatever later handlers say", async () => {
    const server = await started({
      users: { ann: "x" },
      on: {
        validatingConnection: (event) => {
          event.reasonCode = 0;
        },
      },
    });
    expect(await login(server, "ann", "wrong")).toBe(0x86);
  });

  it("lets a handler refuse whom the authenticator let in", async () => {
    const server = await started({
      authenticate: () => true,
      on: {
        validatingConnection: (event) => {
          event.reasonCode = event.userName === "ann" ? 0 : 0x87;
        },
      },
    });
    expect(await login(server, "ann", "x")).toBe(0);
    expect(await login(server, "bob", "x")).toBe(0x87);
  });

  it("keeps out everybody when the authenticator fails or answers nonsense", async () => {
    const broken: MqttServerOptions["authenticate"][] = [
      () => {
        throw new Error("database gone");
      },
      () => Promise.reject(new Error("database gone")),
      () => Promise.resolve(JSON.parse('"yes"') as boolean),
      () => JSON.parse('"yes"') as boolean,
      () => JSON.parse("null") as boolean,
    ];
    for (const authenticate of broken) {
      const server = await started({ authenticate });
      expect(await login(server, "ann", "x")).toBeGreaterThanOrEqual(0x80);
    }
  });

  it("disturbs nobody by a wrong password for the Client Identifier of a live connection", async () => {
    const server = await started({ users: { ann: "x" } });
    const live = new MqttPeer(server.connectInMemory());
    const password = new TextEncoder().encode("x");
    await live.connect({ clientId: "device", userName: "ann", password });
    const thief = new MqttPeer(server.connectInMemory());
    await thief.connect({ clientId: "device", userName: "ann", password: Uint8Array.of(1) });
    await thief.closed;
    live.sendPacket({ type: "pingreq" });
    expect(await live.packet()).toEqual({ type: "pingresp" });
  });
});

describe("strangers who guess", () => {
  it("keep nobody out: those who have left are not checked, and there is one warning", async () => {
    const users = [await passwordFileLine("ann", "right"), await passwordFileLine("bob", "right")];
    writeFileSync(path, users.join("\n"));
    const records: LogRecord[] = [];
    const logger: Logger = { level: "warn", write: (record) => void records.push(record) };
    const server = await started({ passwordFile: path, logger });
    const guessers = Array.from({ length: 500 }, () => {
      const peer = new MqttPeer(server.connectInMemory(), 5);
      void peer.connect({ clientId: "", ...guess("ann") });
      peer.end();
      return peer;
    });
    expect(await login(server, "bob", "right")).toBe(0);
    await Promise.all(guessers.map(({ closed }) => closed));
    expect(records.filter(({ level }) => level === "error")).toEqual([]);
    const busy = records.filter(({ message }) => message.startsWith("too many passwords"));
    expect(busy).toHaveLength(1);
  });

  it("are told to come later where too many wait", async () => {
    writeFileSync(path, await passwordFileLine("ann", "right"));
    const server = await started({ passwordFile: path });
    const answers = await Promise.all(
      Array.from({ length: 130 }, () => login(server, "ann", "wrong")),
    );
    expect(new Set(answers)).toEqual(new Set([0x86, 0x89]));
    expect(await login(server, "ann", "right")).toBe(0);
  });

  it("get an authenticator's own answer that it is busy", async () => {
    const server = await started({
      authenticate: () => Promise.reject(new MqttServerBusyError("later")),
    });
    expect(await login(server, "ann", "right")).toBe(0x89);
  });
});

function guess(userName: string): { userName: string; password: Uint8Array } {
  return { userName, password: new TextEncoder().encode("wrong") };
}
