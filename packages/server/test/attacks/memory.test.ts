import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { encodePacket } from "@anax/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundledProgram } from "../../../../tools/bundled-program.ts";
import { connectPacket, publishPacket, subscribePacket } from "../support/core-harness.ts";
import { BINARY, frame, upgradeRequest } from "./raw-web-socket.ts";

/*
 * What strangers and frozen readers cost, measured in a process of its own. ANAX_ATTACK_SOCKETS sets how many sockets
 * take part, up to what the limit of open files allows; the bounds are for each of them.
 */

const SOCKETS = Number(process.env["ANAX_ATTACK_SOCKETS"] ?? 300);

const PROGRAM = await bundledProgram(fileURLToPath(new URL("measured-server.ts", import.meta.url)));

interface Measured {
  readonly bytes: number;
  readonly transportsCurrent: number;
  readonly connectionsCurrent: number;
  readonly messagesDropped: number;
}

let child: ChildProcessWithoutNullStreams;
let lines: AsyncIterator<string>;
let tcpPort: number;
let webSocketPort: number;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  child = spawn(process.execPath, ["--expose-gc", PROGRAM], { stdio: "pipe" });
  child.stderr.pipe(process.stderr);
  lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  [tcpPort = 0, webSocketPort = 0] = JSON.parse(await nextLine()) as number[];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  child.stdin.end();
  await once(child, "exit");
});

async function nextLine(): Promise<string> {
  const { value } = await lines.next();
  return value;
}

async function measure(): Promise<Measured> {
  child.stdin.write("\n");
  return JSON.parse(await nextLine()) as Measured;
}

/** Measures until the server holds so many transports. */
async function measureWith(transports: number): Promise<Measured> {
  for (;;) {
    const measured = await measure();
    if (measured.transportsCurrent === transports) return measured;
  }
}

/** As `measureWith`; of several measurements the one with the least: a single collection does not find all that is free. */
async function measureLeast(transports: number): Promise<Measured> {
  let least = await measureWith(transports);
  for (let count = 0; count < 4; count += 1) {
    const measured = await measure();
    if (measured.bytes < least.bytes) least = measured;
  }
  return least;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

/** Opens sockets that each send some bytes and stay. */
async function dialAll(port: number, bytes: Uint8Array | string): Promise<void> {
  for (let opened = 0; opened < SOCKETS; opened += 100) {
    const count = Math.min(100, SOCKETS - opened);
    const wave = await Promise.all(Array.from({ length: count }, () => dial(port)));
    for (const socket of wave) socket.write(bytes);
  }
}

/** A socket in Node with its streams costs some 6 KB by itself, one that speaks HTTP and WebSocket more. */
const TRANSPORT_BYTES_MAX = 16_000;
const WEB_SOCKET_BYTES_MAX = 40_000;

describe(`${SOCKETS} strangers`, () => {
  it("that each declare 256 MB and send 5 bytes are closed, and leave nothing", async () => {
    await dialAll(tcpPort, "");
    const before = await measureWith(SOCKETS);
    for (const socket of sockets) socket.write(Buffer.from("10ffffff7f00044d5154", "hex"));
    const after = await measureWith(0);
    expect(after.bytes - before.bytes).toBeLessThan(1_000_000);
  });

  it("that declare the largest CONNECT and send 5 bytes of it cost a socket each", async () => {
    const before = await measure();
    await dialAll(tcpPort, Buffer.from("10fcff0300", "hex"));
    const after = await measureWith(SOCKETS);
    expect((after.bytes - before.bytes) / SOCKETS).toBeLessThan(TRANSPORT_BYTES_MAX);
  });

  it("that declare as much in a frame of a WebSocket cost a WebSocket each", async () => {
    const before = await measure();
    await dialAll(webSocketPort, upgradeRequest());
    await measureWith(SOCKETS);
    const whole = frame(BINARY, new Uint8Array(60_000));
    for (const socket of sockets) socket.write(whole.subarray(0, 14 + 5));
    const after = await measureWith(SOCKETS);
    expect((after.bytes - before.bytes) / SOCKETS).toBeLessThan(WEB_SOCKET_BYTES_MAX);
  });

  it("who have connected and declare a megabyte cost no more", async () => {
    const before = await measure();
    const packet = connectPacket({ clientId: "" });
    const connected = Buffer.concat([encodePacket(packet, 5), Buffer.from("30f0ff3f00", "hex")]);
    await dialAll(tcpPort, connected);
    let after = await measureWith(SOCKETS);
    while (after.connectionsCurrent < SOCKETS) after = await measure();
    expect((after.bytes - before.bytes) / SOCKETS).toBeLessThan(TRANSPORT_BYTES_MAX + 4_000);
  });
});

describe("a frozen subscriber", () => {
  it("that was flooded with small packets gives all memory back when it goes, and nothing recurses", async () => {
    const publisher = await dial(tcpPort);
    publisher.write(encodePacket(connectPacket({ clientId: "publisher" }), 5));
    await measureWith(1);
    const before = await measure();
    const during = await floodFrozen(publisher);
    // The backlog, what the socket's stream holds, and what was doubled to hold it.
    expect(during.bytes - before.bytes).toBeLessThan(24_000_000);
    const after = await measureWith(1);
    // Pools keep the arrays for the next, for less than a minute. A backlog of 4 MB has at most twice as much.
    expect(after.bytes - before.bytes).toBeLessThan(9_000_000);
    await floodFrozen(publisher);
    const afterNext = await measureWith(1);
    expect(afterNext.bytes - after.bytes).toBeLessThan(3_000_000);
  });
});

/** Floods a subscriber that reads nothing until something is dropped, then ends it; gives what was measured just before. */
async function floodFrozen(publisher: Socket): Promise<Measured> {
  const frozen = await dial(tcpPort);
  frozen.pause();
  frozen.write(encodePacket(connectPacket({ clientId: "frozen" }), 5));
  frozen.write(encodePacket(subscribePacket("a"), 5));
  const { messagesDropped } = await measureWith(2);
  const small = encodePacket(publishPacket("a", "0123456789"), 5);
  const chunk = Buffer.concat(Array.from({ length: 5_000 }, () => small));
  let measured: Measured;
  do {
    for (let index = 0; index < 20; index += 1) {
      if (!publisher.write(chunk)) await once(publisher, "drain");
    }
    measured = await measure();
  } while (measured.messagesDropped === messagesDropped);
  frozen.destroy();
  return measured;
}

/** Of a device with a kept session and one subscription; it is some 3 500, of which a map of its own would be 500 more. */
const DEVICE_BYTES_MAX = 3_750;

describe("small devices", () => {
  it("cost little, also after a message to each", async () => {
    // What the server makes once, and its code, is there before it is counted.
    await startDevices(0, 100);
    const before = await measureLeast(100);
    await startDevices(100, SOCKETS);
    const after = await measureLeast(100 + SOCKETS);
    expect(after.connectionsCurrent).toBe(100 + SOCKETS);
    expect((after.bytes - before.bytes) / SOCKETS).toBeLessThan(DEVICE_BYTES_MAX);
  });
});

/** Each has acknowledged one message to its own topic when this ends. */
async function startDevices(first: number, count: number): Promise<void> {
  for (let number = first; number < first + count; number += 1) {
    const device = await dial(tcpPort);
    const topic = `devices/${number}/command`;
    const publish = publishPacket(topic, "x", { qos: 1, packetIdentifier: 2 });
    for (const packet of [
      connectPacket({ protocolVersion: 4, clientId: `device-${number}`, cleanStart: false }),
      subscribePacket({ topicFilter: topic, qos: 1 }),
      publish,
    ])
      device.write(encodePacket(packet, 4));
    await answerCommand(device);
  }
}

/** Waits for the message and acknowledges it. */
async function answerCommand(device: Socket): Promise<void> {
  let received = Buffer.alloc(0);
  while (!received.includes("command")) {
    const [chunk] = (await once(device, "data")) as [Buffer];
    received = Buffer.concat([received, chunk]);
  }
  device.write(encodePacket({ type: "puback", packetIdentifier: 1, reasonCode: 0 }, 4));
}
