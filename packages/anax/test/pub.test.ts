import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runToEnd, start } from "./support/command.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { startTestServer } from "./support/test-server.ts";

const folder = temporaryFolder();

function text(payload: Uint8Array | undefined): string {
  return new TextDecoder().decode(payload);
}

describe("anax pub", () => {
  it.each([0, 1, 2] as const)("publishes at QoS %i and says nothing", async (qos) => {
    const { flags, published } = await startTestServer();
    const args = ["pub", ...flags, "-t", "plants/7", "-m", "dry", "-q", String(qos)];
    expect(await runToEnd(args)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(published).toHaveLength(1);
    expect(published[0]).toMatchObject({ topic: "plants/7", qos, retain: false });
    expect(text(published[0]?.payload)).toBe("dry");
  });

  it.each(["mqttv5", "mqttv311", "mqttv31", "5", "311", "31", "4", "3"])(
    "speaks the version that -V %s names",
    async (version) => {
      const levels: number[] = [];
      const { flags } = await startTestServer({
        on: { clientConnected: ({ protocolVersion }) => void levels.push(protocolVersion) },
      });
      const args = ["pub", ...flags, "-V", version, "-t", "a", "-m", "b", "-q", "1"];
      expect((await runToEnd(args)).exitCode).toBe(0);
      const level = version.includes("311") || version === "4" ? 4 : version.includes("5") ? 5 : 3;
      expect(levels).toEqual([level]);
    },
  );

  it("publishes the bytes of a file", async () => {
    const { flags, published } = await startTestServer();
    const file = join(folder, "payload");
    const bytes = new Uint8Array([0, 255, 10, 13, 128]);
    writeFileSync(file, bytes);
    expect((await runToEnd(["pub", ...flags, "-t", "a", "-f", file, "-q", "1"])).exitCode).toBe(0);
    expect([...(published[0]?.payload ?? [])]).toEqual([...bytes]);
  });

  it("publishes all of standard input as one message", async () => {
    const { flags, published } = await startTestServer();
    await runToEnd(["pub", ...flags, "-t", "a", "-s", "-q", "1"], "one\ntwo\n");
    expect(published.map(({ payload }) => text(payload))).toEqual(["one\ntwo\n"]);
  });

  it("publishes each line of standard input as a message", async () => {
    const { flags, published } = await startTestServer();
    await runToEnd(["pub", ...flags, "-t", "a", "-l", "-q", "1"], "one\n\nthree\r\nfour");
    expect(published.map(({ payload }) => text(payload))).toEqual(["one", "", "three\r", "four"]);
  });

  it("publishes lines as they come, while standard input is open", async () => {
    const { flags, published } = await startTestServer();
    const command = start(["pub", ...flags, "-t", "a", "-l"]);
    for (const line of ["one", "two"]) {
      command.stdin.write(`${line}\n`);
      await expect.poll(() => text(published.at(-1)?.payload)).toBe(line);
    }
    command.stdin.end();
    expect(await command.exitCode).toBe(0);
  });

  it("gets ten thousand lines across in order", async () => {
    const { flags, published } = await startTestServer();
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}`);
    await runToEnd(["pub", ...flags, "-t", "a", "-l", "-q", "1"], lines.join("\n"));
    expect(published.map(({ payload }) => text(payload))).toEqual(lines);
  });

  it("removes a retained message by an empty one", async () => {
    const { flags, server } = await startTestServer();
    await runToEnd(["pub", ...flags, "-t", "a", "-m", "kept", "-r", "-q", "1"]);
    expect(server.statistics.retainedMessagesCurrent).toBe(1);
    await runToEnd(["pub", ...flags, "-t", "a", "-n", "-r", "-q", "1"]);
    expect(server.statistics.retainedMessagesCurrent).toBe(0);
  });

  it("repeats a message", async () => {
    const { flags, published } = await startTestServer();
    const args = ["pub", ...flags, "-t", "a", "-m", "b", "-q", "1"];
    await runToEnd([...args, "--repeat", "3", "--repeat-delay", "0.001"]);
    expect(published).toHaveLength(3);
  });

  it("sends MQTT 5.0 properties by flags, by -D, and by both", async () => {
    const { flags, published } = await startTestServer();
    await runToEnd(
      [
        ["pub", ...flags, "-t", "a", "-m", "b", "-q", "1", "--content-type", "text/plain"],
        ["--user-property", "k=v=w", "--correlation-data", "é", "--payload-format", "1"],
        ["-D", "publish", "user-property", "-x", "--y", "-D", "publish", "response-topic", "r"],
        ["-D", "publish", "message-expiry-interval", "100", "--message-expiry", "200"],
      ].flat(),
    );
    expect(published[0]).toMatchObject({
      contentType: "text/plain",
      responseTopic: "r",
      messageExpiryIntervalSeconds: 200,
      payloadFormatIndicator: 1,
      userProperties: [
        ["-x", "--y"],
        ["k", "v=w"],
      ],
    });
    expect(text(published[0]?.correlationData)).toBe("é");
  });

  it("connects as it is told: identifier, credentials, Will, session and properties", async () => {
    const seen: unknown[] = [];
    const { flags } = await startTestServer({
      on: {
        validatingConnection: (event) => {
          const { clientId, userName, password, keepAliveSeconds, will, cleanStart } = event;
          const { sessionExpiryIntervalSeconds, userProperties, receiveMaximum } = event;
          const session = {
            cleanStart,
            sessionExpiryIntervalSeconds,
            userProperties,
            receiveMaximum,
          };
          seen.push({ clientId, userName, password: text(password), keepAliveSeconds, ...session });
          seen.push({ ...will, payload: text(will?.payload) });
        },
      },
    });
    await runToEnd(
      [
        ["pub", ...flags, "-t", "a", "-m", "b", "-i", "me", "-u", "ann", "-P", "secret"],
        ["-k", "7", "-c", "-x", "60", "--receive-maximum", "9"],
        ["-D", "connect", "user-property", "k", "v"],
        ["--will-topic", "gone", "--will-payload", "bye", "--will-qos", "1", "--will-retain"],
        ["--will-delay", "5", "-D", "will", "content-type", "text/plain"],
      ].flat(),
    );
    expect(seen).toEqual([
      {
        clientId: "me",
        userName: "ann",
        password: "secret",
        keepAliveSeconds: 7,
        cleanStart: false,
        sessionExpiryIntervalSeconds: 60,
        userProperties: [["k", "v"]],
        receiveMaximum: 9,
      },
      {
        topic: "gone",
        payload: "bye",
        qos: 1,
        retain: true,
        properties: { contentType: "text/plain", willDelayIntervalSeconds: 5 },
      },
    ]);
  });

  it("makes a Client Identifier of a prefix and the process", async () => {
    const seen: string[] = [];
    const { flags } = await startTestServer({
      on: { clientConnected: ({ clientId }) => void seen.push(clientId) },
    });
    await runToEnd(["pub", ...flags, "-t", "a", "-m", "b", "-I", "probe-"]);
    expect(seen).toEqual([`probe-${process.pid}`]);
  });

  it("takes everything from a URL", async () => {
    const { port, published } = await startTestServer({ users: { ann: "se:cret" } });
    const url = `mqtt://ann:se%3Acret@127.0.0.1:${port}/plants/a%20b`;
    expect((await runToEnd(["pub", "-L", url, "-m", "x", "-q", "1"])).exitCode).toBe(0);
    expect(published[0]?.topic).toBe("plants/a b");
  });

  it("speaks WebSocket and unix sockets", async () => {
    const path = join(folder, "pub.sock");
    const { published, server } = await startTestServer({
      port: undefined,
      listeners: [
        { type: "websocket", port: 0 },
        { type: "unix", path },
      ],
    });
    const port = String(server.address("ws").port);
    await runToEnd(["pub", "--ws", "-p", port, "-t", "a", "-m", "by WebSocket", "-q", "1"]);
    await runToEnd(["pub", "--unix", path, "-t", "a", "-m", "by unix socket", "-q", "1"]);
    await runToEnd(["pub", "-L", server.address("ws").url, "-t", "a", "-m", "by URL", "-q", "1"]);
    expect(published.map(({ payload }) => text(payload))).toEqual([
      "by WebSocket",
      "by unix socket",
      "by URL",
    ]);
  });

  it("shows the packets with --debug, but no secret", async () => {
    const { flags } = await startTestServer();
    const args = ["pub", ...flags, "-t", "a", "-m", "b", "-q", "1", "-u", "ann", "-P", "secret"];
    const { stderr } = await runToEnd([...args, "-d"]);
    expect(stderr).toMatch(/^> CONNECT .*"password":"\*\*\*"/m);
    expect(stderr).toMatch(/^< PUBACK /m);
    expect(stderr).toMatch(/^anax pub: No matching subscribers$/m);
    expect(stderr).not.toContain("secret");
  });
});

describe("anax pub, failing", () => {
  it("says in one line that nobody is there", async () => {
    const { exitCode, stdout, stderr } = await runToEnd(["pub", "-p", "1", "-t", "a", "-m", "b"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^anax pub: could not connect to mqtt:\/\/127\.0\.0\.1:1: [^\n]+\n$/);
  });

  it("says in one line that it was refused", async () => {
    const { flags } = await startTestServer({ users: { ann: "secret" } });
    const args = ["pub", ...flags, "-t", "a", "-m", "b", "-u", "ann", "-P", "wrong"];
    const { exitCode, stderr } = await runToEnd(args);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^anax pub: [^\n]+\n$/);
    expect(stderr).not.toMatch(/cret|34/);
  });

  it("gives up when there is no answer in time", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const args = ["pub", "-p", String(port), "-t", "a", "-m", "b", "--connect-timeout", "0.05"];
    expect((await runToEnd(args)).exitCode).toBe(1);
    silent.close();
  });

  it("fails when the server refuses a message", async () => {
    const { flags } = await startTestServer({
      on: {
        interceptingPublish: (event) => {
          event.processPublish = false;
          event.response.reasonCode = 0x87;
        },
      },
    });
    const { exitCode, stderr } = await runToEnd(["pub", ...flags, "-t", "a", "-m", "b", "-q", "1"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^anax pub: [^\n]*0x87[^\n]*\n$/);
  });

  it("ends with 130 when it is interrupted", async () => {
    const { flags, published } = await startTestServer();
    const command = start(["pub", ...flags, "-t", "a", "-l"]);
    command.stdin.write("one\n");
    await expect.poll(() => published.length).toBe(1);
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(130);
    expect(command.signalHandlers()).toBe(0);
  });

  it.each([
    ["no topic", ["-m", "b"]],
    ["no payload", ["-t", "a"]],
    ["two payloads", ["-t", "a", "-m", "b", "-n"]],
    ["a topic with a wildcard", ["-t", "a/#", "-m", "b"]],
    ["lines that are to be repeated", ["-t", "a", "-l", "--repeat", "2"]],
    ["-c without -i", ["-t", "a", "-m", "b", "-c"]],
    ["-i and -I", ["-t", "a", "-m", "b", "-i", "x", "-I", "y"]],
    ["a property before MQTT 5.0", ["-t", "a", "-m", "b", "-V", "311", "--content-type", "x"]],
    ["a Will payload without topic", ["-t", "a", "-m", "b", "--will-payload", "x"]],
    ["a certificate without key", ["-t", "a", "-m", "b", "--cert", "x"]],
    ["a URL and a port", ["-L", "mqtt://127.0.0.1/a", "-p", "1", "-m", "b"]],
    ["TLS for a URL without", ["-L", "mqtt://127.0.0.1/a", "--insecure", "-m", "b"]],
    ["TLS for a WebSocket without", ["-L", "ws://127.0.0.1", "--tls", "-t", "a", "-m", "b"]],
    ["a URL with a topic, and -t", ["-L", "mqtt://127.0.0.1/a", "-t", "b", "-m", "b"]],
    ["% in a password", ["-L", "mqtt://u:se%cret@127.0.0.1/a", "-m", "b"]],
    ["# in a password", ["-L", "mqtt://u:12#34@127.0.0.1", "-t", "a", "-m", "b"]],
    ["a passphrase without key", ["-t", "a", "-m", "b", "--key-passphrase", "x"]],
    ["a path without WebSocket", ["-t", "a", "-m", "b", "--ws-path", "/x"]],
    ["a Will delay without topic", ["-t", "a", "-m", "b", "--will-delay", "5"]],
    ["a Will QoS without topic", ["-t", "a", "-m", "b", "--will-qos", "1"]],
    ["a Will property without Will", ["-t", "a", "-m", "b", "-D", "will", "content-type", "x"]],
    [
      "a property of a packet that is not sent",
      ["-t", "a", "-m", "b", "-D", "subscribe", "user-property", "k", "v"],
    ],
    ["a unix socket and a port", ["--unix", "x", "-p", "1", "-t", "a", "-m", "b"]],
    ["a URL that is none", ["-L", "nonsense", "-t", "a", "-m", "b"]],
    ["an unknown version", ["-t", "a", "-m", "b", "-V", "6"]],
    ["an unknown packet of -D", ["-t", "a", "-m", "b", "-D", "puback", "reason-string", "x"]],
    ["an unknown property of -D", ["-t", "a", "-m", "b", "-D", "publish", "content-typ", "x"]],
    ["a bad value of -D", ["-t", "a", "-m", "b", "-D", "publish", "topic-alias", "0"]],
    ["a missing value of -D", ["-t", "a", "-m", "b", "-D", "publish", "user-property", "k"]],
    ["an empty topic", ["-t", "", "-m", "b"]],
    ["two topics", ["-t", "a", "-t", "b", "-m", "b"]],
  ])("says in one line that %s cannot be", async (_name, args) => {
    const { flags } = await startTestServer();
    const address = args.some((arg) => ["-L", "--unix"].includes(arg)) ? [] : flags;
    const { exitCode, stdout, stderr } = await runToEnd(["pub", ...address, ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^anax pub: [^\n]+\n$/);
  });

  it.each([
    ["http://ann:secret@foo/bar", 'the URL begins with "http:"; it must be one of mqtt: '],
    ["nonsense", "the URL has no scheme; it must be one of mqtt: "],
  ])("finds fault with the scheme of %s before anything else", async (url, message) => {
    const { exitCode, stderr } = await runToEnd(["pub", "-L", url, "-m", "x"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`anax pub: ${message}`);
    expect(stderr).not.toContain("secret");
  });
});
