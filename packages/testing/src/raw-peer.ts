import { decodePacket, encodePacket, Framer } from "@anax/protocol";
import type { Packet, ProtocolVersion } from "@anax/protocol";
import type { Duplex } from "node:stream";

/** One end of a connection in the hands of a test: it sends bytes or packets, and shows what comes. */
export class RawPeer {
  /** In which version packets are encoded and decoded. */
  version: ProtocolVersion;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  readonly #stream: Duplex;
  readonly #framer: Framer = new Framer(Infinity);
  readonly #arrived: Uint8Array[] = [];
  readonly #packets: Packet[] = [];
  #isClosed = false;
  #changed: () => void = () => undefined;

  constructor(stream: Duplex, version: ProtocolVersion = 5) {
    this.#stream = stream;
    this.version = version;
    stream.on("data", (chunk: Uint8Array) => {
      this.#arrived.push(new Uint8Array(chunk));
      this.#changed();
    });
    stream.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      stream.once("close", () => {
        this.#isClosed = true;
        this.#changed();
        resolve();
      });
    });
  }

  /** Sends packets, bytes, or bytes as hex, in one chunk. */
  send(...parts: readonly (Packet | Uint8Array | string)[]): void {
    this.#stream.write(Buffer.concat(parts.map((part) => this.#bytesOf(part))));
  }

  #bytesOf(part: Packet | Uint8Array | string): Uint8Array {
    if (typeof part === "string") return Buffer.from(part.replaceAll(" ", ""), "hex");
    return part instanceof Uint8Array ? part : encodePacket(part, this.version);
  }

  /** The next packet; undefined if the connection closes before it is whole. */
  async receive(): Promise<Packet | undefined> {
    for (;;) {
      this.#decode();
      const packet = this.#packets.shift();
      if (packet !== undefined || this.#isClosed) return packet;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  #decode(): void {
    for (const chunk of this.#arrived.splice(0)) {
      this.#framer.push(chunk);
      while (this.#framer.next()) {
        const { firstByte, bytes, bodyStart, end } = this.#framer;
        this.#packets.push(decodePacket(firstByte, bytes, bodyStart, end, this.version));
      }
    }
  }

  /** The link breaks. */
  cut(): void {
    this.#stream.destroy();
  }
}
