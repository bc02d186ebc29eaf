import { encodePacket } from "@anax/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import { connectPacket, subscribePacket } from "../support/core-harness.ts";
import { until } from "../support/turns.ts";
import {
  BINARY,
  CONTINUATION,
  frame,
  PING,
  RawPeer,
  TEXT,
  refused,
  upgraded,
  upgradeRequest,
} from "./raw-web-socket.ts";

const CONNECT_SIZE_MAX = 1_024;
/** One read of a socket, by which a count of bytes may be late. */
const CHUNK = 65_536;

let server: MqttServer;
let port: number;

beforeEach(async () => {
  server = new MqttServer({
    listeners: [{ type: "websocket", port: 0, upgradeTimeoutMs: 200 }],
    systemTopics: false,
    connectSizeMax: CONNECT_SIZE_MAX,
    // What is cut off must be so for what it sends, not for the time it takes.
    connectTimeoutMs: 60_000,
  });
  await server.start();
  port = server.address().port ?? 0;
});

afterEach(async () => {
  for (const { socket } of peers.splice(0)) socket.destroy();
  await server.stop();
  await until(() => server.statistics.transportsCurrent === 0);
});

const CONNECT = encodePacket(connectPacket({ clientId: "c" }), 5);

const peers: RawPeer[] = [];

function dial(): RawPeer {
  const peer = new RawPeer(port);
  peers.push(peer);
  return peer;
}

async function open(): Promise<RawPeer> {
  const peer = await upgraded(port);
  peers.push(peer);
  return peer;
}

async function connected(): Promise<RawPeer> {
  const peer = await open();
  peer.write(frame(BINARY, CONNECT));
  await until(() => server.statistics.connectionsCurrent === 1);
  return peer;
}

describe("before a client is let in, a WebSocket message is as small as a CONNECT:", () => {
  it("a large one in one frame is cut off while it comes", async () => {
    const peer = await open();
    const whole = frame(BINARY, new Uint8Array(2_000_000));
    peer.write(whole.subarray(0, 2 * CHUNK + CONNECT_SIZE_MAX));
    await refused(peer);
    expect(server.statistics.packetsReceived).toBe(0);
  });

  it("a large one in many frames is too", async () => {
    const peer = await open();
    const part = new Uint8Array(16_000);
    peer.write(frame(BINARY, part, 0));
    for (let index = 0; index < 10; index += 1) peer.write(frame(CONTINUATION, part, 0));
    await refused(peer);
    expect(server.statistics.packetsReceived).toBe(0);
  });

  it("one that is larger in itself is refused by the protocol", async () => {
    const peer = await open();
    const clientId = "x".repeat(2_000);
    peer.write(frame(BINARY, encodePacket(connectPacket({ clientId }), 5)));
    await refused(peer);
    expect(server.statistics.connectionsTotal).toBe(0);
    expect(server.statistics.protocolErrors).toBe(1);
  });

  it("and afterwards as large as messageBytesMax says", async () => {
    const peer = await connected();
    const payload = new Uint8Array(900_000);
    const rest = { qos: 0, retain: false, duplicate: false } as const;
    const publish = encodePacket({ type: "publish", topic: "a", payload, ...rest }, 5);
    peer.write(frame(BINARY, publish.subarray(0, 500_000), 0));
    peer.write(frame(CONTINUATION, publish.subarray(500_000)));
    await until(() => server.statistics.publishesReceived === 1);
    expect(server.statistics.protocolErrors).toBe(0);
  });

  it("nobody has to hurry: many small messages make up one CONNECT", async () => {
    const peer = await open();
    for (const byte of CONNECT) peer.write(frame(BINARY, Uint8Array.of(byte)));
    await until(() => server.statistics.connectionsCurrent === 1);
    expect(peer.socket.destroyed).toBe(false);
  });
});

describe("frames that nobody needs:", () => {
  it("[MQTT-6.0.0-1] text ends the connection, before CONNECT and after", async () => {
    for (const peer of [await open(), await connected()]) {
      peer.write(frame(TEXT, CONNECT));
      await refused(peer);
    }
    expect(server.statistics.connectionsCurrent).toBe(0);
  });

  it("empty continuations without an end do not go on for ever", async () => {
    const peer = await connected();
    peer.write(frame(BINARY, new Uint8Array(0), 0));
    const flood = Buffer.concat(
      Array.from({ length: 20_000 }, () => frame(CONTINUATION, new Uint8Array(0), 0)),
    );
    peer.write(flood);
    await refused(peer);
    expect(server.statistics.packetsReceived).toBe(1);
  });

  it("a flood of pings costs its sender the answers, and others nothing", async () => {
    const peer = await connected();
    const other = await open();
    const pings = Buffer.concat(
      Array.from({ length: 10_000 }, () => frame(PING, new Uint8Array(125))),
    );
    peer.socket.pause();
    peer.write(pings);
    other.write(frame(BINARY, encodePacket(connectPacket({ clientId: "other" }), 5)));
    other.write(frame(BINARY, encodePacket(subscribePacket("a"), 5)));
    await other.until(({ received }) => received.toString("hex").includes("9004000100"));
    expect(other.socket.destroyed).toBe(false);
  });

  it("a control frame that is too long, reserved bits, unmasked frames and unknown opcodes end it", async () => {
    const unmasked = Uint8Array.of(0x82, 2, 0xc0, 0);
    for (const bytes of [
      frame(PING, new Uint8Array(126)),
      frame(PING, new Uint8Array(1), 0),
      frame(BINARY, CONNECT, 0xc0),
      frame(BINARY, CONNECT, 0xa0),
      frame(0x3, CONNECT),
      frame(CONTINUATION, CONNECT),
      unmasked,
      Uint8Array.of(0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    ]) {
      const peer = await open();
      peer.write(bytes);
      await refused(peer);
    }
    expect(server.statistics.connectionsTotal).toBe(0);
  });

  it("a compression bomb cannot be sent: compression is refused when it is offered", async () => {
    const peer = dial();
    const offer = { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" };
    peer.write(upgradeRequest(offer));
    await peer.until(({ text }) => text.includes("\r\n\r\n"));
    expect(peer.text).toMatch(/^HTTP\/1\.1 101/);
    expect(peer.text.toLowerCase()).not.toContain("sec-websocket-extensions");
    peer.write(frame(BINARY, CONNECT, 0xc0));
    await refused(peer);
    expect(server.statistics.connectionsTotal).toBe(0);
  });
});

describe("requests that are no upgrade to MQTT:", () => {
  const requests: readonly (readonly [
    name: string,
    request: string,
    status: RegExp | undefined,
  ])[] = [
    ["no subprotocol", upgradeRequest({ "Sec-WebSocket-Protocol": "chat" }), /^HTTP\/1\.1 400/],
    ["an empty subprotocol", upgradeRequest({ "Sec-WebSocket-Protocol": "" }), /^HTTP\/1\.1 400/],
    ["headers of 9 KB", upgradeRequest({ "X-Padding": "x".repeat(9_000) }), /^HTTP\/1\.1 431/],
    [
      "a thousand headers",
      upgradeRequest(
        Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`X-${i}`, "12345"])),
      ),
      /^HTTP\/1\.1 431/,
    ],
    ["a URL of 9 KB", upgradeRequest({}, `/mqtt?${"x".repeat(9_000)}`), /^HTTP\/1\.1 431/],
    ["no key", upgradeRequest({ "Sec-WebSocket-Key": "" }), /^HTTP\/1\.1 400/],
    ["version 12", upgradeRequest({ "Sec-WebSocket-Version": "12" }), /^HTTP\/1\.1 4/],
    ["another path", upgradeRequest({}, "/mqtt/../admin"), /^HTTP\/1\.1 404/],
    ["no HTTP", "\u0000\u0001\u0002\u0003\r\n\r\n", undefined],
    ["MQTT without WebSocket", Buffer.from(CONNECT).toString("latin1"), undefined],
  ];
  for (const [name, request, status] of requests) {
    it(`${name} is refused`, async () => {
      const peer = dial();
      peer.write(Buffer.from(request, "latin1"));
      await peer.closed;
      if (status !== undefined) expect(peer.text).toMatch(status);
      expect(peer.text).not.toContain(" 101 ");
    });
  }

  it("one that stops half way is cut off, however it goes on", async () => {
    const half = dial();
    half.write(upgradeRequest().slice(0, 60));
    const slow = dial();
    let sent = 0;
    const drip = setInterval(() => slow.write(upgradeRequest().charAt(sent++)), 10);
    await Promise.all([half.closed, slow.closed]);
    clearInterval(drip);
    await until(() => server.statistics.transportsCurrent === 0);
    expect(slow.text + half.text).toBe("");
  });

  it("a request with a body that never ends is cut off", async () => {
    const peer = dial();
    peer.write("POST /mqtt HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nabc");
    await peer.closed;
    await until(() => server.statistics.transportsCurrent === 0);
    expect(peer.text).toMatch(/^HTTP\/1\.1 426/);
  });
});
