/** The option `proxy`, with real proxies: SOCKS 5 by microsocks, HTTP CONNECT by tinyproxy. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MqttClient, MqttConfigurationError } from "@anax/client";
import type { ClientOptions } from "@anax/client";
import { MqttServer } from "@anax/server";

const MICROSOCKS = "/usr/bin/microsocks";
const TINYPROXY = "/usr/bin/tinyproxy";
const isMissing = [MICROSOCKS, TINYPROXY].find((path) => !existsSync(path));
if (isMissing !== undefined) console.log(`proxies are not tested: ${isMissing} is not installed`);

describe("the option proxy", () => {
  it.each([
    ["ftp://127.0.0.1", "mqtt://127.0.0.1", "proxy must be a URL of socks5:"],
    ["127.0.0.1:1080", "mqtt://127.0.0.1", "proxy must be a URL of socks5:"],
    ["socks5://user:secret@", "mqtt://127.0.0.1", "proxy must be a URL of socks5:"],
    ["socks5://127.0.0.1", "unix:///tmp/s", "a Unix socket has none"],
  ])("refuses %s for %s, and does not show what may be a password", (proxy, server, words) => {
    const make = (): unknown => new MqttClient(server, { proxy });
    expect(make).toThrow(MqttConfigurationError);
    expect(make).toThrow(words);
    expect(make).not.toThrow("secret");
  });
});

describe.skipIf(isMissing !== undefined && process.env["CI"] === undefined)("a proxy", () => {
  const children: ChildProcess[] = [];
  let folder: string;
  let server: MqttServer;
  let socks: number;
  let guarded: number;
  let http: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "anax-proxy-"));
    const local = { host: "127.0.0.1", port: 0 };
    server = new MqttServer({
      listeners: [
        { type: "tcp", ...local },
        { type: "websocket", ...local },
      ],
      systemTopics: false,
    });
    await server.start();
    [socks = 0, guarded = 0, http = 0] = await freePorts(3);
    const configuration = join(folder, "tinyproxy.conf");
    const lines = [`Port ${http}`, "Listen 127.0.0.1", "Timeout 60", "BasicAuth ann secret", ""];
    writeFileSync(configuration, lines.join("\n"));
    const guard = ["-u", "ann", "-P", "secret"];
    children.push(
      spawn(MICROSOCKS, ["-i", "127.0.0.1", "-p", `${socks}`], { stdio: "ignore" }),
      spawn(MICROSOCKS, ["-i", "127.0.0.1", "-p", `${guarded}`, ...guard], { stdio: "ignore" }),
      spawn(TINYPROXY, ["-d", "-c", configuration], { stdio: "ignore" }),
    );
    await Promise.all([socks, guarded, http].map(untilListening));
  });

  afterAll(async () => {
    for (const child of children) child.kill();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  /** The port that the server sees as the client's, and the answer to a message to itself. */
  async function roundTrip(url: string, options: ClientOptions): Promise<string> {
    const client = new MqttClient(url, { reconnect: false, ...options });
    try {
      await client.connect();
      const subscription = client.subscribe("a", { qos: 1 });
      await subscription;
      await client.publish("a", "through", { qos: 1 });
      for await (const { text } of subscription) return text;
      return "nothing";
    } finally {
      await client.disconnect();
    }
  }

  it.each(["tcp", "ws"])("of SOCKS 5 and 4, and of HTTP, carries %s", async (type) => {
    const { url } = server.address(type);
    const proxies = [
      `socks5://127.0.0.1:${socks}`,
      `socks5://ann:secret@127.0.0.1:${guarded}`,
      new URL(`http://ann:secret@127.0.0.1:${http}`),
    ];
    for (const proxy of proxies) expect(await roundTrip(url, { proxy })).toBe("through");
  });

  it("looks up the name of the server itself", async () => {
    for (const proxy of [`socks5://127.0.0.1:${socks}`, `http://ann:secret@127.0.0.1:${http}`]) {
      const unknown = roundTrip("mqtt://name.invalid:1883", { proxy });
      await expect(unknown).rejects.toThrow(/could not connect.*the proxy/);
      await expect(unknown).rejects.not.toThrow("ENOTFOUND");
    }
  });

  it.each([
    ["socks5", (): string => `socks5://ann:wrong@127.0.0.1:${guarded}`, /the proxy socks5:.*uth/],
    ["http", (): string => `http://127.0.0.1:${http}`, /the proxy http:.*answered 40[17]/],
  ])("of %s that refuses is told of, without its credentials", async (_, proxy, words) => {
    const refused = roundTrip(server.address("tcp").url, { proxy: proxy() });
    await expect(refused).rejects.toThrow(words);
    await expect(refused).rejects.not.toThrow("wrong");
  });

  it("that cannot be reached, or cannot reach the server, is told of", async () => {
    const [closed] = await freePorts(1);
    for (const [proxy, target] of [
      [`socks5://127.0.0.1:${closed}`, server.address("tcp").url],
      [`http://127.0.0.1:${closed}`, server.address("tcp").url],
      [`socks5://127.0.0.1:${socks}`, `mqtt://127.0.0.1:${closed}`],
      [`http://ann:secret@127.0.0.1:${http}`, `mqtt://127.0.0.1:${closed}`],
    ] as const) {
      await expect(roundTrip(target, { proxy })).rejects.toThrow(/could not connect.*the proxy/);
    }
  });

  it("is given up when the client is", async () => {
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    for (const scheme of ["socks5", "http"]) {
      const proxy = `${scheme}://127.0.0.1:${port}`;
      const client = new MqttClient("mqtt://127.0.0.1", { proxy });
      const taken = once(silent, "connection");
      const connecting = client.connect();
      await taken;
      await client.disconnect();
      await expect(connecting).rejects.toThrow("disconnected");
    }
    silent.close();
  });
});

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((one) => once(one, "listening")));
  const ports = servers.map((one) => (one.address() as AddressInfo).port);
  for (const one of servers) one.close();
  return ports;
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = connectSocket(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(20);
  }
}
