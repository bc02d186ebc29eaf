/**
 * One end of a Network Connection that speaks in bytes: what a scenario sends and what it expects,
 * packet by packet. It is a client towards a server under test, and the scripted server towards a
 * client under test; it answers nothing by itself.
 */
import { AssertionError } from "node:assert";
import { connect as connectSocket, type Socket } from "node:net";

import {
  encode,
  hex,
  integer,
  match,
  readVarint,
  type Captures,
  type Version,
} from "./notation.ts";
import {
  readAcknowledgement,
  readCodePacket,
  readConnack,
  readPublish,
  type Acknowledgement,
  type CodePacket,
  type Connack,
  type Publish,
} from "./packet-reader.ts";

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a `Peer` may be told beside its socket. */
export interface PeerOptions {
  readonly version: Version;
  /** Milliseconds to wait for something expected before the scenario fails. Default 5000. */
  readonly patienceMs?: number;
  /**
   * Called where the other side ends the connection as it must, but in another way than the standard
   * recommends: without the DISCONNECT, or with another Reason Code. Without it, that is a failure.
   */
  readonly onRemark?: (remark: string) => void;
}

const PACKET_NAMES = [
  "type 0",
  "CONNECT",
  "CONNACK",
  "PUBLISH",
  "PUBACK",
  "PUBREC",
  "PUBREL",
  "PUBCOMP",
  "SUBSCRIBE",
  "SUBACK",
  "UNSUBSCRIBE",
  "UNSUBACK",
  "PINGREQ",
  "PINGRESP",
  "DISCONNECT",
  "AUTH",
] as const;

/** Opens a connection to a server under test. */
export async function openPeer(address: Address, options: PeerOptions): Promise<Peer> {
  const socket = connectSocket(address.port, address.host);
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return new Peer(socket, options);
}

/** Bytes in, bytes out, over one socket that is already open. */
export class Peer {
  readonly version: Version;
  readonly #socket: Socket;
  readonly #patienceMs: number;
  readonly #onRemark: ((remark: string) => void) | undefined;
  readonly #packets: Uint8Array[] = [];
  #pending: Uint8Array = new Uint8Array(0);
  #closed = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, options: PeerOptions) {
    this.version = options.version;
    this.#socket = socket;
    this.#patienceMs = options.patienceMs ?? 5000;
    this.#onRemark = options.onRemark;
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("error", () => this.#markClosed());
    socket.on("end", () => this.#markClosed());
    socket.on("close", () => this.#markClosed());
  }

  /** Writes the bytes of `notation` in one call, so that several packets can share one chunk. */
  send(notation: string): void {
    this.sendBytes(encode(notation, this.version));
  }

  /** Writes bytes as they are. */
  sendBytes(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Writes the bytes of `notation` one by one, each in its own segment as far as TCP allows. */
  async sendSlowly(notation: string): Promise<void> {
    for (const byte of encode(notation, this.version)) {
      await new Promise<void>((resolve) => {
        this.#socket.write(Uint8Array.of(byte), () => setImmediate(resolve));
      });
    }
  }

  /** Drops the connection without a DISCONNECT, as a broken network does. */
  drop(): void {
    this.#socket.destroy();
  }

  /** Stops reading, so that the other side runs into back-pressure. */
  freeze(): void {
    this.#socket.pause();
  }

  /** Reads again after `freeze`. */
  thaw(): void {
    this.#socket.resume();
  }

  /** The next whole packet, whatever it is. */
  async next(wanted = "a packet"): Promise<Uint8Array> {
    const packet = await this.#nextOrClose(wanted);
    if (packet) return packet;
    throw this.#failure(wanted, "a closed connection");
  }

  /** The next packet must match `pattern` from its first byte to its last. */
  async expect(pattern: string): Promise<Captures> {
    const packet = await this.next(pattern);
    const captures = match(pattern, this.version, packet);
    if (captures) return captures;
    throw this.#failure(pattern, describe(packet));
  }

  /** The next packet must be a CONNACK with `code`, by default of success. */
  async expectConnack(code = 0): Promise<Connack> {
    const packet = await this.#nextOfType(2, `CONNACK ${integer(code, 1)}`);
    const connack = readConnack(packet, this.version);
    if (connack.code === code) return connack;
    throw this.#failure(`CONNACK with code ${integer(code, 1)}`, describe(packet));
  }

  /** The next packet must be a PUBLISH with at least these fields. */
  async expectPublish(wanted: Partial<Omit<Publish, "properties">> = {}): Promise<Publish> {
    const packet = await this.#nextOfType(3, `PUBLISH ${JSON.stringify(wanted)}`);
    const publish = readPublish(packet, this.version);
    for (const [name, value] of Object.entries(wanted)) {
      if (Object.entries(publish).some(([key, found]) => key === name && found !== value)) {
        throw this.#failure(`PUBLISH ${JSON.stringify(wanted)}`, describe(packet));
      }
    }
    return publish;
  }

  /** The next packet must be an acknowledgement of this type (4 to 7, 9, 11) and identifier. */
  async expectAcknowledgement(type: number, packetIdentifier: number): Promise<Acknowledgement> {
    const wanted = `${PACKET_NAMES[type] ?? ""} ${integer(packetIdentifier, 2)}`;
    const packet = await this.#nextOfType(type, wanted);
    const acknowledgement = readAcknowledgement(packet, this.version);
    if (acknowledgement.packetIdentifier === packetIdentifier) return acknowledgement;
    throw this.#failure(wanted, describe(packet));
  }

  /** The next packet must be an AUTH. */
  async expectAuth(code: number): Promise<CodePacket> {
    const packet = await this.#nextOfType(15, "AUTH");
    const auth = readCodePacket(packet);
    if (auth.code === code) return auth;
    throw this.#failure(`AUTH ${integer(code, 1)}`, describe(packet));
  }

  /**
   * The server must end this connection: on 5.0 by a DISCONNECT with one of `codes` and a close, on
   * 3.1.1, where a server has no DISCONNECT, by a bare close.
   */
  async expectDisconnect(...codes: readonly number[]): Promise<CodePacket | undefined> {
    if (this.version === "3.1.1") {
      await this.expectClosed();
      return undefined;
    }
    const wanted = `DISCONNECT ${codes.map((code) => integer(code, 1)).join(" or ")}`;
    const packet = await this.#nextOrClose(wanted);
    if (!packet) {
      this.#otherwise(wanted, "a bare close");
      return undefined;
    }
    if ((packet[0] ?? 0) >> 4 !== 14) throw this.#failure(wanted, describe(packet));
    const disconnect = readCodePacket(packet);
    if (!codes.includes(disconnect.code)) this.#otherwise(wanted, describe(packet));
    await this.expectClosed();
    return disconnect;
  }

  /**
   * The server must refuse before it has accepted: by a CONNACK with one of `codes` and a close, or
   * by a bare close, which the standard permits in each of these places.
   */
  async expectRefusal(...codes: readonly number[]): Promise<Connack | undefined> {
    const wanted = `CONNACK ${codes.map((code) => integer(code, 1)).join(" or ")}, or a close`;
    const packet = await this.#nextOrClose(wanted);
    if (!packet) return undefined;
    if ((packet[0] ?? 0) >> 4 !== 2) throw this.#failure(wanted, describe(packet));
    const connack = readConnack(packet, this.version);
    if (connack.code === 0) throw this.#failure(wanted, describe(packet));
    if (!codes.includes(connack.code)) {
      // 3.1.1 has no freedom here: a code that does not fit must not be sent [MQTT-3.2.2-6].
      if (this.version === "3.1.1") throw this.#failure(wanted, describe(packet));
      this.#otherwise(wanted, describe(packet));
    }
    await this.expectClosed();
    return connack;
  }

  /** The other side must close, and send nothing more before that. */
  async expectClosed(): Promise<void> {
    const packet = await this.#nextOrClose("a closed connection");
    if (packet) throw this.#failure("a closed connection", describe(packet));
  }

  /**
   * Nothing may have come, and nothing may come before the answers to two PINGREQ. Two, because an
   * answer to the first may rightly overtake a message that was on its way.
   */
  async expectNothing(): Promise<void> {
    this.send("C0 00");
    await this.expect("D0 00");
    this.send("C0 00");
    await this.expect("D0 00");
  }

  /** Whatever comes until the connection closes or `count` packets are there. */
  async collect(count: number): Promise<readonly Uint8Array[]> {
    const packets: Uint8Array[] = [];
    while (packets.length < count) {
      const packet = await this.#nextOrClose(`${count} packets`);
      if (!packet) break;
      packets.push(packet);
    }
    return packets;
  }

  /** True once the connection has ended, by whichever side. */
  get closed(): boolean {
    return this.#closed;
  }

  async #nextOfType(type: number, wanted: string): Promise<Uint8Array> {
    const packet = await this.next(wanted);
    if ((packet[0] ?? 0) >> 4 === type) return packet;
    throw this.#failure(wanted, describe(packet));
  }

  async #nextOrClose(wanted: string): Promise<Uint8Array | undefined> {
    const limit = Date.now() + this.#patienceMs;
    while (this.#packets.length === 0 && !this.#closed) {
      const leftMs = limit - Date.now();
      if (leftMs <= 0) throw this.#failure(wanted, "nothing");
      await this.#changed(leftMs);
    }
    return this.#packets.shift();
  }

  #changed(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #receive(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    let offset = 0;
    let end = packetEnd(bytes, offset);
    while (end !== undefined) {
      this.#packets.push(bytes.slice(offset, end));
      offset = end;
      end = packetEnd(bytes, offset);
    }
    this.#pending = bytes.subarray(offset);
    this.#wake();
  }

  #markClosed(): void {
    this.#closed = true;
    this.#wake();
  }

  #otherwise(wanted: string, found: string): void {
    if (!this.#onRemark) throw this.#failure(wanted, found);
    this.#onRemark(`recommended ${wanted}, got ${found}`);
  }

  #failure(wanted: string, found: string): AssertionError {
    return new AssertionError({ message: `expected ${wanted}, got ${found}`, stackStartFn: Peer });
  }
}

/** A packet in words and bytes, cut where it gets long. */
export function describe(packet: Uint8Array): string {
  const name = PACKET_NAMES[(packet[0] ?? 0) >> 4] ?? "";
  const bytes = hex(packet.subarray(0, 64));
  return `${name} (${bytes}${packet.length > 64 ? ` … ${packet.length} bytes` : ""})`;
}

function packetEnd(bytes: Uint8Array, start: number): number | undefined {
  if (start >= bytes.length) return undefined;
  const length = readVarint(bytes, start + 1);
  if (!length) return undefined;
  const end = length.end + length.value;
  return end <= bytes.length ? end : undefined;
}
