import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";

const KB = 1_024;
const UPGRADE = [
  "GET /mqtt HTTP/1.1",
  "Host: 127.0.0.1",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Protocol: mqtt",
];

let server: MqttServer;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = new MqttServer({
    listeners: [{ type: "websocket", host: "127.0.0.1", port: 0 }],
    unfinishedConnectBytesMax: 512 * KB,
  });
  await server.start();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
});

/** A WebSocket with the beginning of one frame, which says that it has more than a megabyte. */
async function begun(bytes: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: server.address().port ?? 0 });
  sockets.push(socket);
  socket.on("error", () => {
    // The server cuts it.
  });
  socket.write(`${UPGRADE.join("\r\n")}\r\n\r\n`);
  await once(socket, "data");
  const head = Buffer.from("82ff000000000010000000000000", "hex");
  socket.write(Buffer.concat([head, Buffer.alloc(bytes)]));
  return socket;
}

describe("bytes that WebSocket frames gather before CONNECT", () => {
  it("hold so many together: beyond, the clients that began first are closed", async () => {
    const first = await begun(200 * KB);
    const gone = once(first, "close");
    const others = [await begun(200 * KB), await begun(200 * KB)];
    await gone;
    const { statistics } = server;
    expect(others.every(({ destroyed }) => !destroyed)).toBe(true);
    expect(statistics.unfinishedConnectsClosed).toBe(1);
  });
});
