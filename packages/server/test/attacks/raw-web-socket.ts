/** A WebSocket client that keeps to nothing: it writes requests and frames byte by byte. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const PING = 0x9;

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** The request of an upgrade; headers that are given replace or join the usual ones. */
export function upgradeRequest(
  headers: Readonly<Record<string, string>> = {},
  path = "/mqtt",
): string {
  const all: Record<string, string> = {
    Host: "127.0.0.1",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Protocol": "mqtt",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`GET ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

/** A frame, masked with zeros so that the payload can be read in it. */
export function frame(opcode: number, payload: Uint8Array, flags = 0x80): Uint8Array {
  const { length } = payload;
  const header =
    length < 126
      ? Buffer.from([flags | opcode, 0x80 | length])
      : Buffer.from([flags | opcode, 0x80 | 127, 0, 0, 0, 0, ...u32(length)]);
  return new Uint8Array(Buffer.concat([header, Buffer.alloc(4), payload]));
}

function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** A socket to a listener, and all that it has received. */
export class RawPeer {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  #received = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    // The far end may close or reset; either way it is over.
    this.closed = new Promise((resolve) => {
      this.socket.once("end", resolve);
      this.socket.once("close", resolve);
    });
    void this.closed.then(() => this.socket.destroy());
  }

  get received(): Buffer {
    return this.#received;
  }

  /** What has come, as one Latin-1 text. */
  get text(): string {
    return this.#received.toString("latin1");
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes);
  }

  /** Waits until `condition` holds of what has come, or the connection is closed. */
  async until(condition: (peer: RawPeer) => boolean): Promise<void> {
    while (!condition(this) && !this.socket.destroyed && !this.socket.readableEnded) {
      await Promise.race([once(this.socket, "data").catch(() => undefined), this.closed]);
    }
  }
}

/** Waits until the far end closes the WebSocket, or the connection without a word. */
export async function refused(peer: RawPeer): Promise<void> {
  await peer.until(({ received }) => received.includes(CLOSE_FRAME));
  peer.socket.destroy();
}

/** How a close frame with a code begins. */
const CLOSE_FRAME = Buffer.of(0x88, 0x02);

/** A peer that has become a WebSocket. */
export async function upgraded(port: number): Promise<RawPeer> {
  const peer = new RawPeer(port);
  peer.write(upgradeRequest());
  await peer.until(({ text }) => text.includes("\r\n\r\n"));
  if (!peer.text.startsWith("HTTP/1.1 101")) throw new Error(`no upgrade: ${peer.text}`);
  return peer;
}
