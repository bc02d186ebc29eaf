import { describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import type { LogRecord } from "../../src/index.ts";
import { consoleLogger, jsonLinesLogger } from "../../src/system/loggers.ts";
import { CoreHarness, lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import { connected, publication, startedServer } from "../support/memory-server.ts";

/** Names that mean something to JavaScript, to a regular expression, to a shell or to MQTT. */
const NAMES = [
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "valueOf", "length"],
  ...["+", "#", "a/+/#", "$SYS", "$share/g/a", "/", ".*", "[a-", "(a+)+$", "%s", "${x}", "../../x"],
  ...["a b", "a\tb", "a\r\nb", "\u0001", "\u001b[31m", "\u202e", "\ufeff", "\u{1f600}", "e\u0301"],
  ...["'; DROP TABLE clients; --", "*)(uid=*", "0", "-1", "true", "null", "undefined"],
];

describe("whatever a Client Identifier is", () => {
  for (const name of NAMES) {
    it(`${JSON.stringify(name)} is one client, apart from all others`, () => {
      const harness = new CoreHarness();
      const plain = harness.connect("plain");
      subscribe(plain, "plain");
      const peer = harness.connect(name, lasting());
      subscribe(peer, "a");
      peer.cut();
      harness.inject({ topic: "a", qos: 1, payload: Uint8Array.of(0x70) });
      const { peer: again, connack } = harness.connectWith(name, lasting());
      expect(connack.sessionPresent).toBe(true);
      expect(again.receiveTexts()).toEqual(["p"]);
      expect(harness.core.sessions.get(name)?.clientId).toBe(name);
      expect(harness.core.sessions.size).toBe(2);
      expect(plain.isEnded).toBe(false);
    });
  }

  it("all of them at once are as many clients", () => {
    const harness = new CoreHarness();
    const peers = NAMES.map((name) => harness.connect(name));
    expect(harness.core.sessions.size).toBe(NAMES.length);
    expect(peers.filter(({ isClosed }) => isClosed)).toEqual([]);
  });

  it("two that look the same but differ in bytes are two", () => {
    const harness = new CoreHarness();
    const composed = harness.connect("\u00e9");
    const decomposed = harness.connect("e\u0301");
    expect([composed.isClosed, decomposed.isClosed]).toEqual([false, false]);
  });
});

/** The names that may be a level of a topic. */
const LEVELS = NAMES.filter((name) => !/[+#]/u.test(name));

describe("whatever a level of a topic is", () => {
  for (const level of LEVELS) {
    it(`${JSON.stringify(level)} reaches who subscribed to it, and nobody else`, () => {
      const harness = new CoreHarness();
      const [reader, other] = [harness.connect("reader"), harness.connect("other")];
      const topic = `t/${level}`;
      subscribe(reader, topic);
      subscribe(other, "t/other", "t/x/y", `t/${level}x`);
      harness.inject({ topic, retain: true, payload: Uint8Array.of(0x70) });
      expect(reader.receiveTexts()).toEqual(["p"]);
      expect(other.receive()).toEqual([]);
      subscribe(other, "t/#");
      expect(other.receivePublishes()).toMatchObject([{ topic }]);
      expect(harness.core.retained.get(topic)?.topic).toBe(topic);
      expect(harness.core.retained.get("t/nothing")).toBeUndefined();
    });
  }

  it("nobody is subscribed to what nobody named", () => {
    const harness = new CoreHarness();
    subscribe(harness.connect("reader"), "a");
    for (const topic of LEVELS) expect(harness.inject({ topic }).matched).toBe(0);
  });
});

describe("whatever the names of User Properties are", () => {
  it("they arrive as they were sent, and change nothing else", () => {
    const harness = new CoreHarness();
    const [reader, writer] = [harness.connect("reader"), harness.connect("writer")];
    subscribe(reader, "a");
    const userProperties = NAMES.map((name): [string, string] => [name, name]);
    writer.send(publishPacket("a", "text", { properties: { userProperties } }));
    const [message] = reader.receivePublishes();
    expect(message?.properties?.userProperties).toEqual(userProperties);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

describe("whatever a ShareName is", () => {
  const shareNames = NAMES.filter((name) => !/[+#/]/u.test(name));
  it("its group is its own", () => {
    const harness = new CoreHarness();
    const peers = shareNames.map((shareName, index) => {
      const peer = harness.connect(`c${index}`);
      expect(subscribe(peer, `$share/${shareName}/a`).reasonCodes).toEqual([2]);
      return peer;
    });
    expect(harness.inject({ topic: "a" })).toMatchObject({ matched: shareNames.length });
    for (const peer of peers) expect(peer.receivePublishes()).toHaveLength(1);
  });
});

describe("what strangers write into the log", () => {
  it("makes no lines and no colours of its own", async () => {
    const lines: string[] = [];
    const output = { write: (line: string) => lines.push(line) };
    for (const logger of [consoleLogger({ output }), jsonLinesLogger({ output })]) {
      const server = await startedServer({ logger });
      for (const clientId of NAMES) (await connected(server, clientId)).stream.destroy();
      await server.stop();
    }
    for (const line of lines) {
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(line.endsWith("\n")).toBe(true);
    }
  });

  it("hides nothing: each identifier is there as it was", async () => {
    const records: LogRecord[] = [];
    const server = await startedServer({
      logger: { level: "info", write: (record) => void records.push(record) },
    });
    for (const clientId of NAMES) (await connected(server, clientId)).stream.destroy();
    await server.stop();
    const logged = new Set(records.map(({ fields }) => fields["clientId"]));
    for (const name of NAMES) expect(logged.has(name)).toBe(true);
  });
});

describe("user names that mean something to JavaScript", () => {
  it("let nobody in who is not a user", async () => {
    await using server = new MqttServer({
      listeners: [{ type: "memory" }],
      systemTopics: false,
      users: { ann: "secret" },
    });
    await server.start();
    for (const userName of [
      "__proto__",
      "constructor",
      "toString",
      "",
      "ann\u0000".slice(0, 3) + " ",
    ]) {
      for (const password of ["", "undefined", "[object Object]", "secret"]) {
        const attempt = connected(server, "c", {
          userName,
          password: new TextEncoder().encode(password),
        });
        await expect(attempt).rejects.toThrow("was not let in");
      }
    }
    const ann = await connected(server, "c", {
      userName: "ann",
      password: new TextEncoder().encode("secret"),
    });
    ann.sendPacket(publication("a"));
    ann.stream.destroy();
  });
});
