import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { encodePacket } from "@anax/protocol";
import type { ConnectPacket } from "@anax/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import type { MqttServerOptions } from "../../src/index.ts";
import { consoleLogger, jsonLinesLogger } from "../../src/system/loggers.ts";
import { connectPacket } from "../support/core-harness.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { turns } from "../support/turns.ts";

const SECRET = "correct-horse-battery-staple";
const SECRET_BYTES = new TextEncoder().encode(SECRET);

let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "anax-secrets-"));
  lines = [];
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Everything that a server writes or shows while it serves the given bytes. */
async function everythingSaid(options: MqttServerOptions, bytes: Uint8Array): Promise<string> {
  const output = { write: (line: string) => void lines.push(line) };
  const loggers = [consoleLogger, jsonLinesLogger].map((make) => make({ level: "trace", output }));
  const seen: unknown[] = [];
  const server = new MqttServer({
    listeners: [{ type: "memory" }],
    systemTopics: { intervalSeconds: 1 },
    logger: {
      level: "trace",
      write: (record) => {
        seen.push(record);
        for (const logger of loggers) logger.write(record);
      },
    },
    ...options,
  });
  await server.start();
  const peer = new MqttPeer(server.connectInMemory(), 5);
  peer.send(bytes);
  const answers = [await peer.receivePacket()];
  await turns(5);
  seen.push(server, server.statistics, server.clients, server.sessions, answers);
  const shown = inspect(seen, { depth: 12, showHidden: false });
  peer.stream.destroy();
  await turns(5);
  await server.stop();
  return [
    shown,
    ...lines,
    ...answers.map((hex) => Buffer.from(hex, "hex").toString("latin1")),
  ].join();
}

function connecting(fields: Partial<ConnectPacket>): Uint8Array {
  return encodePacket(connectPacket({ clientId: "c", ...fields }), 5);
}

const CREDENTIALS = { userName: "ann", password: SECRET_BYTES };

/** As text, as Node shows bytes, and as bytes in decimal. */
const FORMS = [
  SECRET,
  Buffer.from(SECRET).toString("hex"),
  Buffer.from(SECRET).toString("base64"),
  [...SECRET_BYTES].join(","),
  [...SECRET_BYTES].join(", "),
  [...SECRET_BYTES.subarray(0, 8)].map((byte) => byte.toString(16)).join(" "),
];

/** The forms of the secret that were said. */
function leaks(said: string): string[] {
  return FORMS.filter((form) => said.includes(form));
}

describe("a password is never written down, in a log, an error, an answer or what the server shows:", () => {
  it("of a client that is let in", async () => {
    expect(
      leaks(await everythingSaid({ users: { ann: SECRET } }, connecting(CREDENTIALS))),
    ).toEqual([]);
    expect(lines.join()).toContain("client connected");
  });

  it("of a client that is refused", async () => {
    expect(
      leaks(
        await everythingSaid(
          { users: { ann: "other" }, authenticate: undefined },
          connecting(CREDENTIALS),
        ),
      ),
    ).toEqual([]);
  });

  it("where the authenticator fails", async () => {
    const authenticate = (): never => {
      throw new Error("the database is gone");
    };
    expect(leaks(await everythingSaid({ authenticate }, connecting(CREDENTIALS)))).toEqual([]);
  });

  it("where CONNECT is malformed behind it", async () => {
    const bytes = connecting(CREDENTIALS);
    const longer = new Uint8Array([...bytes, 0]);
    longer[1] = (longer[1] ?? 0) + 1;
    expect(leaks(await everythingSaid({ users: { ann: SECRET } }, longer))).toEqual([]);
  });

  it("where the same client sends garbage later", async () => {
    const bytes = Buffer.concat([connecting(CREDENTIALS), Buffer.from("f500", "hex")]);
    expect(leaks(await everythingSaid({ users: { ann: SECRET } }, new Uint8Array(bytes)))).toEqual(
      [],
    );
  });

  it("where a handler keeps the connection for its own ends", async () => {
    const on = { clientDisconnected: () => undefined, clientConnected: () => undefined };
    expect(leaks(await everythingSaid({ on }, connecting(CREDENTIALS)))).toEqual([]);
  });

  it("in a password file that cannot be read", async () => {
    const passwordFile = join(folder, "passwords");
    await writeFile(passwordFile, `ann:${SECRET}\n`);
    const server = new MqttServer({ listeners: [{ type: "memory" }], passwordFile });
    const error: unknown = await server.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9 })).not.toContain(SECRET);
  });
});

describe("authentication data is never written down", () => {
  for (const accepted of [true, false]) {
    it(`${accepted ? "of a client that is let in" : "of a client that is refused"}`, async () => {
      const properties = { authenticationMethod: "TOKEN", authenticationData: SECRET_BYTES };
      const on: MqttServerOptions["on"] = {
        validatingConnection: (event) => {
          event.authenticationMethodAccepted = accepted;
        },
      };
      expect(leaks(await everythingSaid({ on }, connecting({ properties })))).toEqual([]);
    });
  }
});

describe("a payload is nobody's business", () => {
  it("and is written into no log", async () => {
    const will = { topic: "w", payload: SECRET_BYTES, qos: 0, retain: false } as const;
    const options = { on: { interceptingPublish: (): never => expect.fail("a fault") } };
    await everythingSaid(options, connecting({ will }));
    expect(leaks(lines.join())).toEqual([]);
  });
});
