/** Enhanced authentication: any method, and SCRAM-SHA-256 against a server written from the RFC alone. */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { MqttConfigurationError, MqttConnectError, scramSha256 } from "@anax/client";
import type { AuthenticationOptions, AuthenticationStep } from "@anax/client";
import { disconnectAll, make } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";
import type { ServerConnection } from "./scripted-server.ts";

afterEach(disconnectAll);

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("a method of the application", () => {
  /** Asks twice, at connect and again. */
  function askTwice(server: ScriptedServer): void {
    server.script = (packet, connection) => {
      const properties = { authenticationMethod: "twice" };
      const ask = { type: "auth", reasonCode: 0x18 } as const;
      if (packet.type === "connect") {
        connection.send({ ...ask, properties: { ...properties, authenticationData: bytes("1?") } });
      } else if (packet.type === "auth" && packet.reasonCode === 0x19) {
        connection.send({ ...ask, properties: { ...properties, authenticationData: bytes("2?") } });
      } else if (packet.type === "auth") {
        const last = { ...properties, authenticationData: bytes("done") };
        connection.send(
          text(packet.properties?.authenticationData) === "1!"
            ? { type: "connack", sessionPresent: false, reasonCode: 0, properties: last }
            : { type: "auth", reasonCode: 0, properties: last },
        );
      } else return false;
      return true;
    };
  }

  it("takes each step, at connect and when it authenticates again", async () => {
    const server = new ScriptedServer();
    askTwice(server);
    const steps: string[] = [];
    const authentication: AuthenticationOptions = {
      method: "twice",
      handler: async (step: AuthenticationStep) => {
        if (step.type === "start") {
          steps.push(`start ${step.purpose}`);
          return bytes("hello");
        }
        steps.push(`${step.type} ${text(step.data)}`);
        return step.type === "continue" ? bytes(text(step.data).replace("?", "!")) : undefined;
      },
    };
    const client = make(server, { authentication, reconnect: false });
    const result = await client.connect();
    expect(result).toMatchObject({ authenticationMethod: "twice" });
    await client.reauthenticate();
    expect(steps).toEqual([
      "start connect",
      "continue 1?",
      "success done",
      "start reauthenticate",
      "continue 2?",
      "success done",
    ]);
    expect(server.packets("connect")[0]?.properties).toMatchObject({
      authenticationMethod: "twice",
      authenticationData: bytes("hello"),
    });
  });

  it("says words in AUTH, and data alone in CONNECT", async () => {
    const server = new ScriptedServer();
    askTwice(server);
    const words = { reasonString: "here", userProperties: [["a", "b"]] } as const;
    let first: object = {};
    const authentication: AuthenticationOptions = {
      method: "twice",
      handler: (step) => {
        if (step.type === "start") return step.purpose === "connect" ? first : words;
        return { data: bytes(text(step.data).replace("?", "!")), ...words };
      },
    };
    const client = make(server, { authentication, reconnect: false });
    await client.connect();
    await client.reauthenticate();
    const properties = { authenticationMethod: "twice", ...words };
    expect(server.packets("auth").map((packet) => packet.properties)).toEqual([
      { ...properties, authenticationData: bytes("1!") },
      properties,
      { ...properties, authenticationData: bytes("2!") },
    ]);
    await client.disconnect();
    first = words;
    await expect(client.connect()).rejects.toThrow("CONNECT takes data only");
    first = { dat: bytes("x") };
    await expect(client.connect()).rejects.toThrow('unknown option "dat"');
  });

  it("that throws ends the attempt", async () => {
    const server = new ScriptedServer();
    askTwice(server);
    const cause = new Error("wrong question");
    const client = make(server, {
      reconnect: false,
      authentication: {
        method: "twice",
        handler: (step) => {
          if (step.type === "continue") throw cause;
          return undefined;
        },
      },
    });
    const error: unknown = await client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MqttConnectError);
    expect(error).toMatchObject({ cause });
    await server.until("disconnect");
  });

  it("whose re-authentication is refused loses the connection", async () => {
    const server = new ScriptedServer();
    askTwice(server);
    const script = server.script;
    const client = make(server, {
      reconnect: false,
      authentication: {
        method: "twice",
        handler: (step) => (step.type === "continue" ? bytes("1!") : undefined),
      },
    });
    await client.connect();
    server.script = (packet, connection) => {
      if (packet.type !== "auth") return script(packet, connection);
      connection.send({ type: "disconnect", reasonCode: 0x87 });
      return true;
    };
    await expect(client.reauthenticate()).rejects.toBeInstanceOf(Error);
    expect(client.connected).toBe(false);
  });

  it("is needed to authenticate again", async () => {
    const server = new ScriptedServer();
    const client = make(server);
    await client.connect();
    await expect(client.reauthenticate()).rejects.toBeInstanceOf(MqttConfigurationError);
  });
});

/** The server's side of RFC 5802 for one user, with node:crypto. */
class ScramServer {
  iterations = 4_096;
  /** Whether the server proves that it knows the password. */
  isHonest = true;
  #clientFirstBare = "";
  #serverFirst = "";
  readonly #password: string;
  readonly #salt = Buffer.from("0123456789abcdef");

  constructor(password: string) {
    this.#password = password;
  }

  /** The script of a server that authenticates by this. */
  readonly script = (
    packet: Parameters<ScriptedServer["script"]>[0],
    connection: ServerConnection,
  ): boolean => {
    const method = { authenticationMethod: "SCRAM-SHA-256" };
    if (packet.type === "connect" || (packet.type === "auth" && packet.reasonCode === 0x19)) {
      const authenticationData = bytes(this.#first(text(packet.properties?.authenticationData)));
      const properties = { ...method, authenticationData };
      connection.send({ type: "auth", reasonCode: 0x18, properties });
      return true;
    }
    if (packet.type !== "auth") return false;
    const proof = this.#final(text(packet.properties?.authenticationData));
    const isFirst = !connection.isAccepted;
    if (proof === undefined) {
      connection.send(
        isFirst
          ? { type: "connack", sessionPresent: false, reasonCode: 0x87 }
          : { type: "disconnect", reasonCode: 0x87 },
      );
      return true;
    }
    connection.isAccepted = true;
    const properties = { ...method, authenticationData: bytes(proof) };
    connection.send(
      isFirst
        ? { type: "connack", sessionPresent: false, reasonCode: 0, properties }
        : { type: "auth", reasonCode: 0, properties },
    );
    return true;
  };

  #first(clientFirst: string): string {
    if (!/^n,,n=us=3Der=2C,r=[!-+\--~]{16,}$/.test(clientFirst)) throw new Error(clientFirst);
    this.#clientFirstBare = clientFirst.slice(3);
    const nonce = `${/,r=(.*)$/.exec(clientFirst)?.[1] ?? ""}serverpart`;
    this.#serverFirst = `r=${nonce},s=${this.#salt.toString("base64")},i=${this.iterations}`;
    return this.#serverFirst;
  }

  #final(clientFinal: string): string | undefined {
    const [, withoutProof = "", proof = ""] = /^(.*),p=(.*)$/.exec(clientFinal) ?? [];
    const salted = pbkdf2Sync(this.#password, this.#salt, this.iterations, 32, "sha256");
    const hmac = (key: Buffer, data: string): Buffer =>
      createHmac("sha256", key).update(data).digest();
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`;
    const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
    const signature = hmac(storedKey, authMessage);
    const key = Buffer.from(proof, "base64").map((byte, index) => byte ^ (signature[index] ?? 0));
    if (!timingSafeEqual(createHash("sha256").update(key).digest(), storedKey)) return undefined;
    const serverKey = hmac(this.isHonest ? salted : Buffer.alloc(32), "Server Key");
    return `v=${hmac(serverKey, authMessage).toString("base64")}`;
  }
}

describe("SCRAM-SHA-256", () => {
  const authentication = scramSha256({ userName: "us=er,", password: "pencil" });

  it("proves both sides to each other, at connect and again", async () => {
    const server = new ScriptedServer();
    server.script = new ScramServer("pencil").script;
    const client = make(server, { authentication, reconnect: false });
    await client.connect();
    await client.reauthenticate();
    await client.reauthenticate();
    expect(client.connected).toBe(true);
    expect(JSON.stringify(server.received)).not.toContain("pencil");
  });

  it("with a wrong password is refused by the server", async () => {
    const server = new ScriptedServer();
    server.script = new ScramServer("other").script;
    await expect(
      make(server, { authentication, reconnect: false }).connect(),
    ).rejects.toMatchObject({
      reasonCode: 0x87,
    });
  });

  it("does not use a server that does not know the password", async () => {
    const scram = new ScramServer("pencil");
    scram.isHonest = false;
    const server = new ScriptedServer();
    server.script = scram.script;
    const client = make(server, { authentication, reconnect: false });
    const connecting = client.connect();
    const publish = client.publish("secret", "x");
    await expect(connecting).rejects.toThrow("did not prove");
    await expect(publish).rejects.toBeInstanceOf(MqttConnectError);
    await server.until("disconnect");
    expect(server.packets("publish")).toEqual([]);
  });

  it.each([
    ["few", 4_095],
    ["many", 10_000_001],
  ])("does not work with too %s iterations", async (_, iterations) => {
    const scram = new ScramServer("pencil");
    scram.iterations = iterations;
    const server = new ScriptedServer();
    server.script = scram.script;
    await expect(make(server, { authentication, reconnect: false }).connect()).rejects.toThrow(
      "iteration count",
    );
  });

  it.each([
    ["a nonce that is not the client's", "r=abc,s=MDEy,i=4096"],
    ["no salt", "r=abc,i=4096"],
    ["nothing", ""],
  ])("refuses a first message with %s", async (_, message) => {
    const step = await authentication.handler({ type: "start", purpose: "connect" });
    expect(text(step)).toMatch(/^n,,n=/);
    const answer = authentication.handler({ type: "continue", data: bytes(message) });
    await expect(answer).rejects.toThrow("malformed");
  });
});
