import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer } from "node:net";
import { join } from "node:path";
import { scramSha256 } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { passwordFileLine } from "@anax/server";
import { trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, vi } from "vitest";
import { makeCertificates } from "./support/certificates.ts";
import { runToEnd, start } from "./support/command.ts";
import { client, IN_MEMORY, reasonOf, received, running, serve } from "./support/serving.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
const certificates = makeCertificates(folder);

describe("anax serve", () => {
  it("says where it listens, what it keeps, and when it is ready", async () => {
    const { command, urls } = await serve();
    const [, port] = /^mqtt:\/\/127\.0\.0\.1:(\d+)$/.exec(urls[0] ?? "") ?? [];
    expect(Number(port)).toBeGreaterThan(0);
    expect(command.stdout.text).toMatch(
      /^listening on \S+\nstoring in memory: nothing survives a restart \(level memory\)\nready in \d+ ms \(process \d+\)\n$/,
    );
    expect(command.stderr.text).toBe("");
    expect((await client(urls[0])).connected).toBe(true);
  });

  it("says the same as JSON lines", async () => {
    const command = start(["serve", "--port", "0", ...IN_MEMORY, "--log-format", "json"]);
    running.push(command);
    await command.stdout.waitFor(/"ready"/);
    const lines = command.stdout.text
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines).toEqual([
      {
        event: "listening",
        type: "tcp",
        url: expect.stringMatching(/^mqtt:/),
        host: "127.0.0.1",
        port: expect.any(Number),
      },
      { event: "storage", store: "memory", durable: false },
      { event: "ready", startMs: expect.any(Number), pid: process.pid },
    ]);
  });

  it("listens on TCP, WebSocket, TLS, WebSocket over TLS and unix sockets at once", async () => {
    const { cert, key } = certificates.server;
    const { urls } = await serve(
      ...[
        ["--ws-port", "0", "--ws-path", "/broker", "--tls-port", "0", "--wss-port", "0"],
        ["--cert", cert, "--key", key, "--unix", join(folder, "anax.sock")],
      ].flat(),
    );
    expect(urls.map((url) => new URL(url).protocol)).toEqual([
      "mqtt:",
      "ws:",
      "mqtts:",
      "wss:",
      "unix:",
    ]);
    expect(new URL(urls[1] ?? "").pathname).toBe("/broker");
    const ca = readFileSync(certificates.ca, "utf8");
    for (const url of urls) {
      const address = url.replace(/^unix:/, "unix://");
      const trust = /^(mqtts|wss):/.test(address) ? { tls: { ca } } : {};
      expect((await client(address, trust)).connected).toBe(true);
    }
  });

  it("adds the slash that --ws-path lacks", async () => {
    const { urls } = await serve("--no-tcp", "--ws-port", "0", "--ws-path", "broker");
    expect(new URL(urls[0] ?? "").pathname).toBe("/broker");
  });

  it("counts only its own time until it is ready", async () => {
    const beganMs = performance.now();
    const { command } = await serve();
    const [, startMs] = /^ready in (\d+) ms/m.exec(command.stdout.text) ?? [];
    expect(Number(startMs)).toBeLessThanOrEqual(Math.ceil(performance.now() - beganMs));
  });

  it("tells OpenTelemetry of messages and metrics, if it is told so", async () => {
    const exporter = new InMemorySpanExporter();
    const spanProcessors = [new SimpleSpanProcessor(exporter)];
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
    try {
      const { urls } = await serve("--opentelemetry", "--opentelemetry-rate", "1000", "--no-sys");
      await (await client(urls[0])).publish("a", "x", { qos: 1 });
      const names = (): string[] => exporter.getFinishedSpans().map(({ name }) => name);
      await vi.waitFor(() => expect(names()).toEqual(["route", "publish"]));
    } finally {
      trace.disable();
    }
  });

  it("can do without plain TCP", async () => {
    const { urls } = await serve("--no-tcp", "--ws-port", "0");
    expect(urls).toEqual([expect.stringMatching(/^ws:/)]);
  });

  it("listens on several addresses", async () => {
    const { urls } = await serve("--host", "127.0.0.1", "--host", "127.0.0.2");
    expect(urls.map((url) => new URL(url).hostname)).toEqual(["127.0.0.1", "127.0.0.2"]);
  });

  it("lets in only clients with a certificate, if it is told so", async () => {
    const { cert, key } = certificates.server;
    const { ca } = certificates;
    const flags = ["--no-tcp", "--tls-port", "0", "--cert", cert, "--key", key];
    const { urls } = await serve(...flags, "--ca", ca, "--request-cert");
    const trust = { ca: readFileSync(ca, "utf8") };
    await expect(client(urls[0], { tls: trust })).rejects.toMatchObject({
      name: "MqttConnectError",
    });
    const own = {
      cert: readFileSync(certificates.client.cert, "utf8"),
      key: readFileSync(certificates.client.key, "utf8"),
    };
    expect((await client(urls[0], { tls: { ...trust, ...own } })).connected).toBe(true);
  });

  it("passes limits on to the server", async () => {
    const { urls } = await serve(
      ...[
        ["--receive-maximum", "7", "--max-packet-size", "2k", "--max-qos", "1"],
        ["--max-topic-aliases", "3", "--no-retain", "--no-wildcards", "--max-keep-alive", "9"],
      ].flat(),
    );
    const { connectResult } = await client(urls[0]);
    expect(connectResult).toMatchObject({
      receiveMaximum: 7,
      maximumPacketSize: 2_048,
      maximumQos: 1,
      topicAliasMaximum: 3,
      retainAvailable: false,
      wildcardSubscriptionAvailable: false,
      keepAliveSeconds: 9,
    });
  });

  it("takes packets as large as it says over WebSocket too", async () => {
    const { urls } = await serve("--ws-port", "0", "--max-packet-size", "4m");
    const large = await client(urls[1]);
    const payload = new Uint8Array(3_000_000);
    expect(await large.publish("a", payload, { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  });

  it("publishes $SYS topics unless it is told not to", async () => {
    const withTopics = await serve("--sys-interval", "1");
    const asking = await client(withTopics.urls[0]);
    const [version] = await firstMessages(asking, "$SYS/broker/version");
    expect(version).toMatch(/^anax /);

    const without = await serve("--no-sys");
    const other = await client(without.urls[0]);
    await other.publish("marker", "end", { retain: true });
    expect(await firstMessages(other, "$SYS/broker/version", "marker")).toEqual(["end"]);
  });
});

/** The first message that comes for these filters. */
async function firstMessages(from: MqttClient, ...filters: string[]): Promise<string[]> {
  for await (const message of from.subscribe(filters)) return [message.text];
  return [];
}

const ANN = { userName: "ann", password: "secret" };
const BAD_USER_NAME_OR_PASSWORD = 0x86;
const NOT_AUTHORIZED = 0x87;

describe("anax serve, letting in", () => {
  it("only the users of the command line", async () => {
    const { urls } = await serve("--user", "ann:secret", "-u", "bob:with:colons");
    expect(await reasonOf(urls[0], ANN)).toBe(0);
    expect(await reasonOf(urls[0], { userName: "bob", password: "with:colons" })).toBe(0);
    for (const refused of [{}, { ...ANN, password: "wrong" }, { ...ANN, userName: "eve" }]) {
      expect(await reasonOf(urls[0], refused)).toBe(BAD_USER_NAME_OR_PASSWORD);
    }
  });

  it("the nameless too, if it is told so, but no wrong password", async () => {
    const { urls } = await serve("--user", "ann:secret", "--allow-anonymous");
    expect(await reasonOf(urls[0], {})).toBe(0);
    expect(await reasonOf(urls[0], { ...ANN, password: "wrong" })).toBe(BAD_USER_NAME_OR_PASSWORD);
  });

  it("who proves a password by SCRAM-SHA-256, of the command line or of a file", async () => {
    const file = join(folder, "scram-users");
    const lines = [
      await passwordFileLine("ann", "of the file", { scram: true }),
      await passwordFileLine("bob", "secret", { scram: true }),
    ];
    writeFileSync(file, lines.join("\n"));
    const { urls } = await serve("--user", "ann:secret", "--password-file", file);
    const proof = (userName: string, password: string): Promise<number> =>
      reasonOf(urls[0], { authentication: scramSha256({ userName, password }) });
    expect(await proof("ann", "secret")).toBe(0);
    expect(await proof("ann", "of the file")).toBe(BAD_USER_NAME_OR_PASSWORD);
    expect(await proof("bob", "secret")).toBe(0);
    expect(await proof("eve", "secret")).toBe(BAD_USER_NAME_OR_PASSWORD);
  });

  it("the users of a password file, which is read again at SIGHUP", async () => {
    const file = join(folder, "users");
    writeFileSync(file, `${await passwordFileLine("ann", "secret")}\n`);
    const { command, urls } = await serve("--password-file", file);
    expect(await reasonOf(urls[0], ANN)).toBe(0);

    writeFileSync(file, `${await passwordFileLine("bob", "secret")}\n`);
    command.signal("SIGHUP");
    await command.stdout.waitFor(/read passwords and certificates again/);
    expect(await reasonOf(urls[0], ANN)).toBe(BAD_USER_NAME_OR_PASSWORD);
    expect(await reasonOf(urls[0], { ...ANN, userName: "bob" })).toBe(0);

    writeFileSync(file, "nonsense\n");
    command.signal("SIGHUP");
    await command.stderr.waitFor(/line 1 of the password file/);
    expect(await reasonOf(urls[0], { ...ANN, userName: "bob" })).toBe(0);
  });
});

describe("anax serve, a user who goes from the password file", () => {
  it("loses its connections at SIGHUP, as does one with another password; others stay", async () => {
    const file = join(folder, "leaving");
    const [ann, bob, eve] = await Promise.all(
      ["ann", "bob", "eve"].map((userName) => passwordFileLine(userName, "secret")),
    );
    writeFileSync(file, `${ann}\n${bob}\n${eve}\n`);
    const { command, urls } = await serve("--password-file", file);
    const proof = { authentication: scramSha256({ userName: "fay", password: "secret" }) };
    writeFileSync(
      file,
      `${ann}\n${bob}\n${eve}\n${await passwordFileLine("fay", "secret", { scram: true })}\n`,
    );
    command.signal("SIGHUP");
    await command.stdout.waitFor(/read passwords and certificates again/);
    const staying = await client(urls[0], ANN);
    const leaving = [
      await client(urls[0], { ...ANN, userName: "bob" }),
      await client(urls[0], { ...ANN, userName: "eve" }),
      await client(urls[0], proof),
    ];
    const ends = leaving.map((each) => {
      return new Promise((resolve) =>
        each.on("disconnected", ({ reasonCode }) => resolve(reasonCode)),
      );
    });

    writeFileSync(file, `${ann}\n${await passwordFileLine("eve", "new")}\n`);
    command.signal("SIGHUP");
    expect(await Promise.all(ends)).toEqual([NOT_AUTHORIZED, NOT_AUTHORIZED, NOT_AUTHORIZED]);
    await staying.ping();
    expect(await reasonOf(urls[0], { ...ANN, userName: "eve", password: "new" })).toBe(0);
  });

  it("loses them although the TLS files cannot be read again; a user of the command line does not", async () => {
    const users = join(folder, "leaving-with-tls");
    const lines = ["cli", "bob"].map((userName) => passwordFileLine(userName, "secret"));
    writeFileSync(users, (await Promise.all(lines)).join("\n"));
    const cert = join(folder, "going.pem");
    writeFileSync(cert, readFileSync(certificates.server.cert));
    const { command, urls } = await serve(
      ...["--user", "cli:secret", "--password-file", users],
      ...["--tls-port", "0", "--cert", cert, "--key", certificates.server.key],
    );
    const staying = await client(urls[0], { ...ANN, userName: "cli" });
    const leaving = await client(urls[0], { ...ANN, userName: "bob" });
    const end = new Promise((resolve) => {
      leaving.on("disconnected", ({ reasonCode }) => resolve(reasonCode));
    });
    writeFileSync(users, "");
    writeFileSync(cert, "nonsense");
    command.signal("SIGHUP");
    await command.stderr.waitFor(/not read again: .*going.pem/);
    expect(await end).toBe(NOT_AUTHORIZED);
    await staying.ping();
  });
});

describe("anax serve, warning", () => {
  it("warns when anybody on the network can connect", async () => {
    const { command } = await serve("--host", "0.0.0.0");
    expect(command.stderr.text).toMatch(
      /^warning: anybody on the network can connect to mqtt:\/\/0\.0\.0\.0:\d+; .*--password-file\n$/,
    );
  });

  it.each([
    ["with passwords", ["--host", "0.0.0.0", "--user", "ann:secret"]],
    ["on the loopback address", ["--host", "127.0.0.9"]],
  ])("does not warn %s", async (_name, args) => {
    const { command } = await serve(...args);
    expect(command.stderr.text).toBe("");
  });
});

describe("anax serve, stopping", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "[MQTT-3.14.1-1] at %s tells MQTT 5.0 clients that it shuts down",
    async (signal) => {
      const { command, urls } = await serve();
      const connected = await client(urls[0]);
      const told = new Promise((resolve) => {
        connected.on("disconnected", ({ reasonCode }) => resolve(reasonCode));
      });
      command.signal(signal);
      expect(await told).toBe(0x8b);
      expect(await command.exitCode).toBe(0);
      expect(command.stdout.text).toMatch(new RegExp(`stopping \\(${signal}\\)\n$`));
      expect(command.signalHandlers()).toBe(0);
    },
  );

  it("stops once for a signal that comes twice at the same moment, as npm passes Ctrl-C on", async () => {
    const { command } = await serve();
    command.signal("SIGINT");
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
  });
});

describe("anax serve, refusing to start", () => {
  it("when the port is in use", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const address = blocker.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { exitCode, stdout, stderr } = await runToEnd([
      "serve",
      "--port",
      String(port),
      ...IN_MEMORY,
    ]);
    blocker.close();
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `anax serve: cannot listen on 127.0.0.1:${port}: the address is in use (EADDRINUSE)\n`,
    });
  });

  it.each([
    ["a file that is not there", 1, ["--tls-port", "0", "--cert", "/none", "--key", "/none"]],
    ["a password file that is not there", 1, ["--password-file", "/none"]],
    [
      "a certificate that is none",
      1,
      ["--tls-port", "0", "--cert", import.meta.filename, "--key", import.meta.filename],
    ],
    ["TLS without a certificate", 2, ["--tls-port", "0"]],
    ["a certificate without TLS", 2, ["--cert", "a.pem", "--key", "a.key"]],
    [
      "certificates of clients without an authority",
      2,
      ["--tls-port", "0", "--cert", "a", "--key", "a", "--request-cert"],
    ],
    ["a passphrase without TLS", 2, ["--key-passphrase", "x"]],
    ["a time for TLS without TLS", 2, ["--tls-handshake-timeout", "1"]],
    ["a path without WebSocket", 2, ["--ws-path", "/mqtt"]],
    ["an origin without WebSocket", 2, ["--ws-origin", "https://a.example"]],
    ["a subprotocol without WebSocket", 2, ["--ws-subprotocol", "mqtt"]],
    ["a time for WebSocket without WebSocket", 2, ["--ws-upgrade-timeout", "1"]],
    ["a mode without a unix socket", 2, ["--unix-mode", "660"]],
    ["nowhere to listen", 2, ["--no-tcp"]],
    ["a bad limit", 2, ["--max-qos", "3"]],
    ["a user without a password", 2, ["--user", "ann"]],
    ["a user with an empty password", 2, ["--user", "ann:"]],
    ["a limit that the server does not know", 2, ["--max-packet-size", "1g"]],
  ])("for %s", async (_name, expected, args) => {
    const { exitCode, stdout, stderr } = await runToEnd([
      "serve",
      "--port",
      "0",
      ...IN_MEMORY,
      ...args,
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: "" });
    expect(stderr).toMatch(/^anax serve: [^\n]+\n$/);
  });
});

/** What it says when it does not start. */
async function refusalFor(...args: string[]): Promise<string> {
  const { exitCode, stderr } = await runToEnd(["serve", "--port", "0", ...IN_MEMORY, ...args]);
  expect(exitCode).not.toBe(0);
  return stderr.replace(/^anax serve: (.*)\n$/, "$1");
}

describe("anax serve, with a certificate or key that cannot be used, names the file:", () => {
  const { cert, key } = certificates.server;
  const other = import.meta.filename;
  const encrypted = join(folder, "encrypted.key");
  const options = { type: "pkcs8", format: "pem", cipher: "aes256", passphrase: "right" } as const;
  writeFileSync(encrypted, createPrivateKey(readFileSync(key)).export(options));

  it.each([
    [`--cert ${other} is no certificate in PEM form`, [other, key]],
    [`--key ${other} is no private key in PEM form`, [cert, other]],
    [
      `--cert ${cert} and --key ${certificates.client.key} do not belong together`,
      [cert, certificates.client.key],
    ],
    [`--key ${encrypted} is encrypted and --key-passphrase is missing`, [cert, encrypted]],
    [
      `--key-passphrase does not decrypt --key ${encrypted}`,
      [cert, encrypted, "--key-passphrase", "wrong"],
    ],
    [`--ca ${other} is no certificate in PEM form`, [cert, key, "--ca", other]],
  ])("%s", async (message, [certFile = "", keyFile = "", ...rest]) => {
    const files = ["--cert", certFile, "--key", keyFile, ...rest];
    expect(await refusalFor("--tls-port", "0", ...files)).toBe(message);
  });
});

describe("anax serve, refusing a value, says in the words of the command line", () => {
  it("that a password is empty", async () => {
    expect(await refusalFor("--user", "ann:")).toBe("--user ann: the password is empty");
  });

  it.each(["0", "1g"])("which packet sizes there are, for %s", async (size) => {
    expect(await refusalFor("--max-packet-size", size)).toBe(
      `--max-packet-size "${size}" is not a number of bytes from 16 to 268435460, such as 512, 64k or 1m`,
    );
  });
});

describe("anax serve, logging", () => {
  it("writes log records as text or JSON to standard error", async () => {
    const text = await serve("--log-level", "info");
    await client(text.urls[0], { clientId: "logged" });
    await text.command.stderr.waitFor(/client connected .*clientId=logged/);

    const flags = ["--log-level", "info", "--log-format", "json"];
    const command = start(["serve", "--port", "0", ...IN_MEMORY, ...flags]);
    running.push(command);
    const [, url] = await command.stdout.waitFor(/"url":"([^"]+)"/);
    await client(url, { clientId: "logged" });
    const [line] = await command.stderr.waitFor(/^.*client connected.*$/m);
    expect(JSON.parse(line)).toMatchObject({ level: "info", fields: { clientId: "logged" } });
  });

  it("says nothing of connections unless somebody watches at a terminal", async () => {
    const { command, urls } = await serve();
    await client(urls[0]);
    expect(command.stderr.text).toBe("");

    const watched = start(["serve", "--port", "0", ...IN_MEMORY], { isTTY: true });
    running.push(watched);
    const [, url] = await watched.stdout.waitFor(/listening on (\S+)/);
    await client(url);
    await watched.stderr.waitFor(/client connected/);
  });

  it("closes a connection that does not send CONNECT in time", async () => {
    const { urls } = await serve("--connect-timeout", "0.05");
    const socket = connectSocket(Number(new URL(urls[0] ?? "").port), "127.0.0.1");
    expect(await received(socket)).toHaveLength(0);
  });
});
