import { randomBytes } from "node:crypto";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What carries MQTT. */
export type CarrierKind = "tcp" | "ws" | "tls";

/** Where a server listens. */
export type CarrierPorts = Readonly<Record<CarrierKind, number>>;

/**
 * A connection of the measuring client: as thin as it can be, so that what is measured is the server. Nagle's algorithm is
 * on, as most clients leave it, and each packet is a write of its own.
 */
export class Carrier {
  /** Called with bytes of MQTT as they come. */
  onBytes: (bytes: Buffer) => void = () => undefined;
  /** Called once if the connection ends before it was closed here. */
  onEnd: () => void = () => undefined;
  readonly #socket: Socket;
  readonly #isFramed: boolean;
  #unread: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, isFramed: boolean) {
    this.#socket = socket;
    this.#isFramed = isFramed;
    socket.on("close", () => this.onEnd());
  }

  static async open(kind: CarrierKind, ports: CarrierPorts): Promise<Carrier> {
    const where = { host: "127.0.0.1", port: ports[kind] };
    // The certificate was made for this run; it is not what is measured.
    const socket =
      kind === "tls" ? connectTls({ ...where, rejectUnauthorized: false }) : connectTcp(where);
    await new Promise((resolve, reject) => {
      socket.once(kind === "tls" ? "secureConnect" : "connect", resolve).once("error", reject);
    });
    socket.setNoDelay(false);
    const carrier = new Carrier(socket, kind === "ws");
    if (kind === "ws") await carrier.#upgrade();
    socket.on("data", (chunk: Buffer) => carrier.#read(chunk));
    return carrier;
  }

  async #upgrade(): Promise<void> {
    const request = [
      "GET /mqtt HTTP/1.1",
      "Host: 127.0.0.1",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: mqtt",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ];
    this.#socket.write(`${request.join("\r\n")}\r\n\r\n`);
    const answer = await new Promise<Buffer>((resolve) => this.#socket.once("data", resolve));
    const [status] = answer.toString("latin1").split("\r\n");
    if (status?.includes(" 101 ") !== true) throw new Error(`no WebSocket: ${status}`);
  }

  write(packet: Buffer): void {
    this.#socket.write(this.#isFramed ? frameOf(packet) : packet);
  }

  close(): void {
    this.onEnd = () => undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (!this.#isFramed) {
      this.onBytes(chunk);
      return;
    }
    let bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const short = (bytes[1] ?? 0) & 0x7f;
      const head = short === TWO_BYTES ? 4 : 2;
      if (bytes.length < head) break;
      const end = head + (short === TWO_BYTES ? bytes.readUInt16BE(2) : short);
      if (bytes.length < end) break;
      if (((bytes[0] ?? 0) & 0x0f) <= LAST_DATA_OPCODE) this.onBytes(bytes.subarray(head, end));
      bytes = bytes.subarray(end);
    }
    this.#unread = bytes;
  }
}

/** Frame lengths of RFC 6455: up to 125 in one byte; 126 says that two more tell it. Longer packets are not sent here. */
const TWO_BYTES = 126;
const SHORT_MAX = 125;
const LAST_DATA_OPCODE = 2;
const IS_MASKED = 0x80;

/** A binary frame with a mask of zeros, which leaves the packet as it is. */
function frameOf(packet: Buffer): Buffer {
  if (packet.length > SHORT_MAX) throw new Error(`a packet of ${packet.length} bytes`);
  return Buffer.concat([Buffer.from([0x82, IS_MASKED | packet.length, 0, 0, 0, 0]), packet]);
}
