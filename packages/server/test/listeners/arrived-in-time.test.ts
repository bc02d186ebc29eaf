/** What has arrived is read before it is judged who was silent, over real sockets and with a clock that tests move. */
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import { BINARY, frame, upgraded } from "../attacks/raw-web-socket.ts";
import { connectPeer } from "../support/byte-peer.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { until } from "../support/turns.ts";

/** MQTT 3.1.1, Keep Alive 10 s. */
const CONNECT = Buffer.from("100d00044d5154540402000a000174", "hex");
const PINGREQ = Buffer.from("c000", "hex");

let clock: ManualClock;
let server: MqttServer;

beforeEach(async () => {
  clock = new ManualClock();
  server = new MqttServer({
    clock,
    listeners: [
      { type: "tcp", port: 0 },
      { type: "websocket", port: 0 },
    ],
  });
  await server.start();
});
afterEach(() => server.stop());

function port(scheme: string): number {
  return server.address(scheme).port ?? 0;
}

it("a PINGREQ that waits in the socket counts, when the server was stopped for longer than Keep Alive", async () => {
  const peer = await connectPeer({ port: port("tcp"), host: "127.0.0.1" });
  peer.send(CONNECT);
  expect(await peer.receivePacket()).toBe("20020000");
  peer.send(PINGREQ);
  clock.stall(60_000);
  expect(await peer.receivePacket()).toBe("d000");
  clock.stall(60_000);
  await peer.closed;
});

it("so does one in a WebSocket", async () => {
  const peer = await upgraded(port("ws"));
  peer.write(frame(BINARY, CONNECT));
  await peer.until(({ received }) => received.includes(Buffer.from("20020000", "hex")));
  peer.write(frame(BINARY, PINGREQ));
  clock.stall(60_000);
  await peer.until(({ received }) => received.includes(Buffer.from("d000", "hex")));
  expect(peer.received.includes(Buffer.from("d000", "hex"))).toBe(true);
  peer.socket.destroy();
});

it("the beginning of a frame that a WebSocket has not given on counts", async () => {
  const peer = await upgraded(port("ws"));
  peer.write(frame(BINARY, CONNECT));
  await until(() => server.statistics.connectionsCurrent === 1);
  const publish = frame(
    BINARY,
    Buffer.concat([Buffer.from("30c4130001 61".replace(" ", ""), "hex"), Buffer.alloc(2_497)]),
  );
  const half = publish.subarray(0, 2_000);
  const before = server.statistics.bytesReceived;
  peer.write(half);
  await new Promise((resolve) => peer.socket.write(Buffer.alloc(0), resolve));
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(server.statistics.bytesReceived).toBe(before);
  clock.advance(16_000);
  expect(server.statistics.connectionsCurrent).toBe(1);
  peer.write(publish.subarray(2_000));
  peer.write(frame(BINARY, PINGREQ));
  await peer.until(({ received }) => received.includes(Buffer.from("d000", "hex")));
  expect(server.statistics.connectionsCurrent).toBe(1);
  peer.socket.destroy();
  await once(peer.socket, "close");
});
