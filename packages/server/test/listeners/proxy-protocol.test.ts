/** Clients that come through a load balancer: by the PROXY protocol, and by X-Forwarded-For. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createWebSocketStream, WebSocket } from "ws";
import { CertificateAuthenticator, MqttServer } from "../../src/index.ts";
import type { ListenerOptions, LogRecord, MqttServerOptions, Peer } from "../../src/index.ts";
import { makeCertificates } from "../support/certificates.ts";
import type { Certificates } from "../support/certificates.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { until } from "../support/turns.ts";

const LINE = "PROXY TCP4 203.0.113.7 192.0.2.1 55555 1883\r\n";
const HOST = "127.0.0.1";
const FROM = [HOST];

let certificates: Certificates;
let server: MqttServer | undefined;
let peers: Peer[] = [];
let records: LogRecord[] = [];

beforeAll(() => {
  certificates = makeCertificates();
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** Starts a server with one listener; gives its port. */
async function started(
  listener: ListenerOptions,
  options: MqttServerOptions = {},
): Promise<number> {
  peers = [];
  records = [];
  const write = (record: LogRecord): void => void records.push(record);
  server = new MqttServer({
    listeners: [listener],
    systemTopics: false,
    logger: { level: "debug", write },
    ...options,
  });
  server.on("clientConnected", ({ peer }) => void peers.push(peer));
  await server.start();
  return server.address()?.port ?? 0;
}

function log(): string {
  return JSON.stringify(records);
}

/** A connection that begins with these bytes. */
function opened(port: number, ...parts: readonly (string | Uint8Array)[]): MqttPeer {
  const socket = connectTcp(port, HOST);
  for (const part of parts) socket.write(part);
  return new MqttPeer(socket, 5);
}

describe("a listener for load balancers", () => {
  it("takes the client that the header names for the client", async () => {
    const port = await started({ type: "tcp", port: 0, proxyProtocolFrom: FROM });
    const peer = opened(port, LINE);
    expect(await peer.connect({ clientId: "c" })).toMatchObject({ type: "connack", reasonCode: 0 });
    expect(peers).toMatchObject([
      {
        transport: "tcp",
        remoteAddress: "203.0.113.7",
        remotePort: 55_555,
        localAddress: "192.0.2.1",
        localPort: 1_883,
        proxyAddress: HOST,
        secure: false,
      },
    ]);
    expect(log()).toContain("203.0.113.7");
  });

  it("reads a header that comes byte by byte, and what comes in one piece with it", async () => {
    const port = await started({ type: "tcp", port: 0, proxyProtocolFrom: FROM });
    const socket = connectTcp(port, HOST);
    socket.setNoDelay(true);
    await once(socket, "connect");
    for (const byte of Buffer.from(LINE.slice(0, -2))) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const peer = new MqttPeer(socket, 5);
    socket.cork();
    socket.write("\r\n");
    const answer = peer.connect({ clientId: "slow" });
    socket.uncork();
    expect(await answer).toMatchObject({ type: "connack", reasonCode: 0 });
  });

  it("lets in no address that is not trusted, and nobody without a header", async () => {
    const port = await started({ type: "tcp", port: 0, proxyProtocolFrom: ["192.0.2.0/24"] });
    expect(await opened(port, LINE).connect()).toBeUndefined();
    expect(log()).toContain("the address is none of proxyProtocolFrom");
    await server?.stop();
    const trusting = await started({ type: "tcp", port: 0, proxyProtocolFrom: FROM });
    expect(await opened(trusting).connect()).toBeUndefined();
    expect(log()).toContain("its PROXY header is wrong: it does not begin with a header");
    const gone = connectTcp(trusting, HOST);
    gone.end("PROXY ");
    await once(gone.resume(), "close");
    await until(() => log().includes("the peer left before its PROXY header was whole"));
    expect(server?.statistics.transportsRefused).toBe(2);
  });

  it("bans the client, not the load balancer", async () => {
    const port = await started({ type: "tcp", port: 0, proxyProtocolFrom: FROM });
    await server?.bans.add({ kind: "address", value: "203.0.113.0/24" });
    expect(await opened(port, LINE).connect()).toBeUndefined();
    const other = opened(port, LINE.replace("203.0.113.7", "198.51.100.1"));
    expect(await other.connect()).toMatchObject({ type: "connack", reasonCode: 0 });
  });

  it("speaks TLS behind the header, and WebSocket", async () => {
    const { ca, server: pair } = certificates;
    const port = await started({ type: "tls", port: 0, ...pair, proxyProtocolFrom: FROM });
    const socket = connectTcp(port, HOST);
    socket.write(LINE);
    const secure = new MqttPeer(connectTls({ socket, ca, host: HOST }), 5);
    expect(await secure.connect({ clientId: "t" })).toMatchObject({ reasonCode: 0 });
    expect(peers).toMatchObject([{ transport: "tls", secure: true, remoteAddress: "203.0.113.7" }]);
    await server?.stop();
    const webPort = await started({ type: "websocket", port: 0, proxyProtocolFrom: FROM });
    const createConnection = (): Duplex => {
      const raw = connectTcp(webPort, HOST);
      raw.write(LINE);
      return raw;
    };
    const webSocket = new WebSocket(`ws://${HOST}:${webPort}/mqtt`, "mqtt", { createConnection });
    const web = new MqttPeer(createWebSocketStream(webSocket), 5);
    expect(await web.connect({ clientId: "w" })).toMatchObject({ reasonCode: 0 });
    expect(peers).toMatchObject([{ transport: "ws", remoteAddress: "203.0.113.7" }]);
  });

  it("refuses addresses that are none", () => {
    const listener = { type: "tcp", port: 0, proxyProtocolFrom: ["load-balancer"] } as const;
    expect(() => new MqttServer({ listeners: [listener] })).toThrow(
      'tcp listener.proxyProtocolFrom ["load-balancer"] is not a list of at least one IP address',
    );
  });
});

describe("a WebSocket listener behind an HTTP proxy", () => {
  async function forwarded(
    port: number,
    headers: Record<string, string>,
  ): Promise<Peer | undefined> {
    const webSocket = new WebSocket(`ws://${HOST}:${port}/mqtt`, "mqtt", { headers });
    const peer = new MqttPeer(createWebSocketStream(webSocket), 5);
    const answer = await peer.connect({ clientId: `c${peers.length}` });
    return answer === undefined ? undefined : peers.at(-1);
  }

  it("believes trusted proxies alone, from the end of their list", async () => {
    const forwardedFrom = [HOST, "10.0.0.0/8"];
    const port = await started({ type: "websocket", port: 0, forwardedFrom });
    const many = { "X-Forwarded-For": "1.1.1.1, 203.0.113.7:4711, 10.1.2.3" };
    expect(await forwarded(port, many)).toMatchObject({
      remoteAddress: "203.0.113.7",
      proxyAddress: HOST,
    });
    const six = { "X-Forwarded-For": "[2001:DB8::1]:4711" };
    expect(await forwarded(port, six)).toMatchObject({ remoteAddress: "2001:db8::1" });
    expect(await forwarded(port, {})).toMatchObject({ remoteAddress: HOST });
    const junk = { "X-Forwarded-For": "unknown, 10.1.2.3" };
    expect(await forwarded(port, junk)).toMatchObject({ remoteAddress: "10.1.2.3" });
  });

  it("believes nobody where no proxy is named", async () => {
    const port = await started({ type: "websocket", port: 0 });
    const peer = await forwarded(port, { "X-Forwarded-For": "203.0.113.7" });
    expect(peer).toMatchObject({ remoteAddress: HOST });
    expect(peer?.proxyAddress).toBeUndefined();
  });

  it("turns a banned client away at its upgrade", async () => {
    const port = await started({ type: "websocket", port: 0, forwardedFrom: FROM });
    await server?.bans.add({ kind: "address", value: "203.0.113.7" });
    const headers = { "X-Forwarded-For": "203.0.113.7" };
    const webSocket = new WebSocket(`ws://${HOST}:${port}/mqtt`, "mqtt", { headers });
    const [error] = await once(webSocket, "error").catch((thrown: unknown) => [thrown]);
    expect(String(error)).toContain("503");
    expect(log()).toContain("the address is banned");
  });
});

const HAPROXY = "/usr/sbin/haproxy";
const isMissing = !existsSync(HAPROXY);
if (isMissing) console.log("HAProxy is not tested: it is not installed");

describe.skipIf(isMissing && process.env["CI"] === undefined)("HAProxy in front", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "anax-haproxy-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function freePort(): Promise<number> {
    const holder = createServer().listen(0, HOST);
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    holder.close();
    await once(holder, "close");
    return port;
  }

  it.each(["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl-cn"])(
    "tells by %s who the client is, and by which certificate",
    async (how) => {
      const hasCertificate = how.endsWith("cn");
      const authenticators = hasCertificate ? [new CertificateAuthenticator()] : undefined;
      const options = authenticators === undefined ? {} : { authenticators };
      const port = await started({ type: "tcp", port: 0, proxyProtocolFrom: FROM }, options);
      const { ca, server: pair, client } = certificates;
      writeFileSync(join(folder, "ca.pem"), ca);
      writeFileSync(join(folder, "server.pem"), pair.cert + pair.key);
      const front = await freePort();
      const tls = hasCertificate ? " ssl crt server.pem ca-file ca.pem verify required" : "";
      const configuration = join(folder, "haproxy.cfg");
      writeFileSync(
        configuration,
        [
          "defaults",
          "  mode tcp",
          "  timeout connect 5s",
          "  timeout client 60s",
          "  timeout server 60s",
          "listen mqtt",
          `  bind ${HOST}:${front}${tls}`,
          `  server anax ${HOST}:${port} ${how}`,
          "",
        ].join("\n"),
      );
      const haproxy = spawn(HAPROXY, ["-db", "-f", configuration], {
        cwd: folder,
        stdio: "ignore",
      });
      const ended = once(haproxy, "exit");
      try {
        const answer = await connected(front, hasCertificate ? { ca, ...client } : undefined);
        expect(answer).toMatchObject({ type: "connack", reasonCode: 0 });
        const [peer] = peers;
        expect(peer).toMatchObject({ remoteAddress: HOST, localPort: front, proxyAddress: HOST });
        expect(peer?.secure).toBe(hasCertificate);
        if (hasCertificate) {
          expect(peer).toMatchObject({ certificateName: "client", tls: { protocol: "TLSv1.3" } });
          expect(server?.clients.get("c")?.userName).toBe("client");
        }
      } finally {
        haproxy.kill();
        await ended;
      }
    },
  );

  /** HAProxy takes a moment to listen. */
  async function connected(
    port: number,
    tls?: { readonly ca: string; readonly cert: string; readonly key: string },
  ): Promise<unknown> {
    for (let tries = 0; tries < 200; tries += 1) {
      const socket = connectTcp(port, HOST);
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      });
      if (isOpen) {
        const stream = tls === undefined ? socket : connectTls({ socket, host: HOST, ...tls });
        return new MqttPeer(stream, 5).connect({ clientId: "c" });
      }
      await sleep(25);
    }
    throw new Error("HAProxy does not listen");
  }
});
