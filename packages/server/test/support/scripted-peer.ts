import { decodePacket, encodePacket, Framer } from "@anax/protocol";
import type { Packet, ProtocolVersion, PublishPacket } from "@anax/protocol";
import type { Connection } from "../../src/core/connection/connection.ts";
import type { ServerCore } from "../../src/core/server-core.ts";
import type { ScriptedWire } from "./scripted-wire.ts";

/** The narrowed type of one kind of packet. */
export type PacketOf<Type extends Packet["type"]> = Extract<Packet, { type: Type }>;

/** A client that does only what a test tells it: it sends packets or bytes and shows what came. */
export class ScriptedPeer {
  readonly connection: Connection;
  readonly wire: ScriptedWire;
  version: ProtocolVersion;
  /** True once the transport is gone. */
  isClosed = false;
  readonly #core: ServerCore;
  readonly #settle: () => void;
  readonly #framer: Framer = new Framer(Infinity);
  /** Bytes that the wire does not take while it is paused. */
  #unsent: Uint8Array[] = [];

  constructor(fields: {
    core: ServerCore;
    connection: Connection;
    wire: ScriptedWire;
    version: ProtocolVersion;
    settle: () => void;
  }) {
    this.#core = fields.core;
    this.connection = fields.connection;
    this.wire = fields.wire;
    this.version = fields.version;
    this.#settle = fields.settle;
  }

  /** Sends packets, or bytes as they are (a string is hex), in one chunk, and lets the server work. */
  send(...parts: readonly (Packet | Uint8Array | string)[]): void {
    this.sendChunk(...parts);
    this.#settle();
  }

  /** As `send`, but the turn of the server goes on. */
  sendChunk(...parts: readonly (Packet | Uint8Array | string)[]): void {
    this.#unsent.push(concatenate(parts.map((part) => this.#bytesOf(part))));
    this.pass();
  }

  /** Sends bytes cut into chunks at the given lengths; what is left is the last chunk. */
  sendInChunks(bytes: Uint8Array, lengths: readonly number[]): void {
    let start = 0;
    for (const length of [...lengths, bytes.length]) {
      const end = Math.min(bytes.length, start + length);
      if (end > start) this.#unsent.push(bytes.slice(start, end));
      start = end;
    }
    this.pass();
    this.#settle();
  }

  encode(packet: Packet): Uint8Array {
    return encodePacket(packet, this.version);
  }

  /** Hands what waits to the server, as far as it reads. The memory is spoilt after each call. */
  pass(): void {
    while (this.#unsent.length > 0 && !this.wire.isPaused && this.#isOpen) {
      // As sockets give them: a Buffer, whose `slice` is a view, of memory that is read into again.
      const chunk = Buffer.from(this.#unsent.shift() ?? []);
      // A test may have changed the handlers.
      this.#core.shortCuts.update();
      this.#core.receive(this.connection, chunk);
      chunk.fill(0xa5);
    }
  }

  get #isOpen(): boolean {
    return !this.isClosed && !this.wire.isEnded && !this.wire.isDestroyed;
  }

  /** Bytes that the server does not want to read now. */
  get unsentBytes(): number {
    return this.#unsent.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  #bytesOf(part: Packet | Uint8Array | string): Uint8Array {
    if (typeof part === "string") return Uint8Array.from(Buffer.from(part, "hex"));
    return part instanceof Uint8Array ? part : this.encode(part);
  }

  /** All packets that have come since the last call. */
  receive(): Packet[] {
    const packets: Packet[] = [];
    for (const chunk of this.wire.arrived.splice(0)) {
      this.#framer.push(chunk);
      while (this.#framer.next()) {
        const { firstByte, bytes, bodyStart, end } = this.#framer;
        packets.push(decodePacket(firstByte, bytes, bodyStart, end, this.version));
      }
      this.#framer.release();
    }
    return packets;
  }

  /** Takes the packets that have come, which must be one, of this type. */
  receiveOne<Type extends Packet["type"]>(type: Type): PacketOf<Type> {
    const packets = this.receive();
    const [packet] = packets;
    if (packets.length !== 1 || packet?.type !== type) {
      throw new Error(`expected one ${type}, got ${describe(packets)}`);
    }
    return packet as PacketOf<Type>;
  }

  /** Takes the packets that have come, which must all be PUBLISH. */
  receivePublishes(): PublishPacket[] {
    return this.receive().map((packet) => {
      if (packet.type !== "publish") throw new Error(`expected PUBLISH, got ${describe([packet])}`);
      return packet;
    });
  }

  /** Payloads of the PUBLISH packets that have come, as text. */
  receiveTexts(): string[] {
    return this.receivePublishes().map(({ payload }) => textOf(payload));
  }

  /** True once the server has closed the connection. */
  get isEnded(): boolean {
    return this.wire.isEnded || this.wire.isDestroyed;
  }

  /** The link breaks. */
  cut(error?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#core.closed(this.connection, error);
    this.#settle();
  }

  /** The peer stops to read. */
  freeze(): void {
    this.wire.isFrozen = true;
  }

  /** The peer reads all that is there; from then on it reads again. */
  thaw(): void {
    const wasCongested = this.wire.isCongested;
    this.wire.thaw();
    if (wasCongested && !this.isClosed) this.#core.drained(this.connection);
    this.#settle();
  }
}

/** Packet types and payloads, for messages of failures. */
export function describe(packets: readonly Packet[]): string {
  return JSON.stringify(
    packets.map((packet) =>
      packet.type === "publish" ? { ...packet, payload: textOf(packet.payload) } : packet,
    ),
  );
}

/** UTF-8 text of a payload. */
export function textOf(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
