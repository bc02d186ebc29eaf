/**
 * One client of the load, straight on a socket: packets are cut out of what the socket gave and looked
 * at where they lie. It knows how to connect; publishing and subscribing is up to its receiver.
 */
import { connect as connectSocket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import { createWebSocketStream, WebSocket } from "ws";
import { ByteWriter, decodePacket, encodePacket, Framer, reasonName } from "@anax/protocol";
import type { ConnackPacket, ConnectPacket, ProtocolVersion } from "@anax/protocol";
import { CommandError } from "../errors.ts";

/** Where the server is. */
export interface LoadTarget {
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  /** Undefined: no TLS. */
  readonly tls: ConnectionOptions | undefined;
  /** URL of the WebSocket; undefined: none. */
  readonly webSocket: string | undefined;
  /** For people. */
  readonly url: string;
}

/** Takes the packets of a connection. */
export interface PacketReceiver {
  /** One packet, whole, valid during the call. */
  packet(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void;
  /** All packets of a chunk have been given. */
  chunkEnded(): void;
  /** The connection is gone, without having been asked to. */
  lost(reason: string): void;
  /** What did not fit into the socket has left. */
  drained(): void;
}

const PACKET_BYTES_MAX = 268_435_460;
const CONNACK_TYPE = 2;
const DISCONNECT_TYPE = 14;

/** A connected client. */
export class LoadConnection {
  /** Who takes the packets; set before the first one is wanted. */
  receiver: PacketReceiver | undefined;
  /** Acknowledgements that leave at the end of the chunk. */
  readonly acknowledgements: ByteWriter = new ByteWriter();
  /** What the server said when it let us in. */
  readonly connack: ConnackPacket;
  readonly #socket: Duplex;
  readonly #version: ProtocolVersion;
  #state: "open" | "closing" | "closed" = "open";
  #isFull = false;

  constructor(socket: Duplex, version: ProtocolVersion, connack: ConnackPacket) {
    this.#socket = socket;
    this.#version = version;
    this.connack = connack;
    socket.on("close", () => this.#closed("the server closed the connection"));
  }

  /** Writes; true if all has left, so that the memory may be used again at once. */
  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    this.#socket.write(bytes, this.#written);
    this.#isFull = this.#socket.writableLength > 0;
    return !this.#isFull;
  }

  /** Disconnects in order. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#socket.end(encodePacket({ type: "disconnect", reasonCode: 0 }, this.#version));
  }

  /** Closes at once. */
  destroy(): void {
    this.#state = "closed";
    this.#socket.destroy();
  }

  /** Gives the packets of the framer to the receiver, and sends what they are answered with. */
  receive(framer: Framer): void {
    const { receiver } = this;
    if (receiver === undefined || this.#state === "closed") return framer.release();
    while (framer.next()) {
      const { firstByte, bytes, bodyStart, end } = framer;
      if (firstByte >> 4 === DISCONNECT_TYPE) {
        const reasonCode = end > bodyStart ? (bytes[bodyStart] ?? 0) : 0;
        this.#closed(`the server disconnected: ${reasonName(reasonCode, "disconnect")}`);
        return;
      }
      receiver.packet(firstByte, bytes, bodyStart, end);
    }
    this.#flushAcknowledgements();
    receiver.chunkEnded();
  }

  #flushAcknowledgements(): void {
    const { acknowledgements } = this;
    if (acknowledgements.length === 0) return;
    // A copy, because a socket that is full keeps the memory.
    this.write(acknowledgements.bytes.slice(0, acknowledgements.length));
    acknowledgements.length = 0;
  }

  readonly #written = (): void => {
    if (!this.#isFull || this.#socket.writableLength > 0) return;
    this.#isFull = false;
    this.receiver?.drained();
  };

  #closed(reason: string): void {
    const wasOpen = this.#state === "open";
    this.destroy();
    if (wasOpen) this.receiver?.lost(reason);
  }
}

/** How to connect. */
export interface LoadConnectionOptions {
  readonly target: LoadTarget;
  readonly connect: ConnectPacket;
  /** Bytes that are read at a time. */
  readonly readBytes: number;
  readonly timeoutMs: number;
}

/** Connects a client. Rejects with `CommandError` if the server cannot be reached, or refuses. */
export function openLoadConnection(options: LoadConnectionOptions): Promise<LoadConnection> {
  const { target, connect, timeoutMs } = options;
  const version = connect.protocolVersion;
  return new Promise((resolve, reject) => {
    const framer = new Framer(PACKET_BYTES_MAX);
    let connection: LoadConnection | undefined;
    const fail = (reason: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new CommandError(`cannot connect to ${target.url}: ${reason}`));
    };
    const onBytes = (chunk: Uint8Array): void => {
      framer.push(chunk);
      try {
        if (connection === undefined) {
          if (!framer.next()) return;
          const connack = accepted(framer, version);
          if (typeof connack === "string") return fail(connack);
          clearTimeout(timer);
          socket.off("close", closedEarly);
          connection = new LoadConnection(socket, version, connack);
          resolve(connection);
        }
        connection.receive(framer);
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
        connection?.receiver?.lost("the server sent what is no MQTT");
      }
    };
    const socket = openSocket(options, onBytes);
    const closedEarly = (): void => fail("the server closed the connection");
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1_000} s`), timeoutMs);
    socket.on("error", (error) => fail(reasonOf(error)));
    socket.on("close", closedEarly);
    // It leaves when the connection is there.
    socket.write(encodePacket(connect, version));
  });
}

/** Node's own words for a process without a free file name an address that is undefined. */
function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code !== "EMFILE") return error.message;
  return "each client is an open file, and this process may have no more: raise ulimit -n";
}

function openSocket(
  { target, readBytes }: LoadConnectionOptions,
  onBytes: (chunk: Uint8Array) => void,
): Duplex {
  const { address, tls, webSocket } = target;
  if (webSocket !== undefined) {
    const socket = new WebSocket(webSocket, "mqtt", { ...tls, perMessageDeflate: false });
    return createWebSocketStream(socket).on("data", onBytes);
  }
  if (tls !== undefined) {
    const socket = connectTls({ ...address, ...tls });
    socket.setNoDelay(true);
    return socket.on("data", onBytes);
  }
  // Reading into one buffer again and again spares an allocation for each chunk.
  const onread = {
    buffer: new Uint8Array(readBytes),
    callback: (count: number, buffer: Uint8Array): boolean => {
      onBytes(buffer.subarray(0, count));
      return true;
    },
  };
  return connectSocket({ ...address, noDelay: true, onread });
}

/** The CONNACK, or why it is a refusal. */
function accepted(framer: Framer, version: ProtocolVersion): ConnackPacket | string {
  const { firstByte, bytes, bodyStart, end } = framer;
  if (firstByte >> 4 !== CONNACK_TYPE) return "the server did not answer with CONNACK";
  const packet = decodePacket(firstByte, bytes, bodyStart, end, version);
  if (packet.type !== "connack") return "the server did not answer with CONNACK";
  if (packet.reasonCode < 0x80) return packet;
  const { reasonString } = packet.properties ?? {};
  const name = reasonName(packet.reasonCode, "connack");
  return `the server refused: ${name}${reasonString === undefined ? "" : ` (${reasonString})`}`;
}
