import { once } from "node:events";
import { connect } from "node:net";
import type { NetConnectOpts } from "node:net";
import type { Duplex } from "node:stream";

/** The far end of a connection, in bytes: what a test sends and what it waits for. */
export class BytePeer {
  readonly stream: Duplex;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    stream.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      stream.once("close", () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      });
    });
  }

  send(bytes: Uint8Array | string): void {
    this.stream.write(typeof bytes === "string" ? Buffer.from(bytes, "hex") : bytes);
  }

  /** Takes the next `count` bytes, as hex; fewer if the connection closes before. */
  async receive(count: number): Promise<string> {
    while (this.#received.length < count && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes.toString("hex");
  }

  /** Takes the next packet whole, as hex; "" if the connection closes before. */
  async receivePacket(): Promise<string> {
    const start = await this.receive(2);
    let length = Number.parseInt(start.slice(2), 16);
    let header = start;
    for (let factor = 128; length >= factor; factor *= 128) {
      const next = await this.receive(1);
      header += next;
      length = length - factor + Number.parseInt(next, 16) * factor;
    }
    return Number.isNaN(length) ? header : header + (await this.receive(length));
  }

  end(): void {
    this.stream.end();
  }
}

/** A peer on a socket that is connected. */
export async function connectPeer(target: NetConnectOpts): Promise<BytePeer> {
  const socket = connect(target);
  await once(socket, "connect");
  return new BytePeer(socket);
}
