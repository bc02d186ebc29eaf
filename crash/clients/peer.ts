import { createConnection } from "node:net";
import type { Socket } from "node:net";
import { decodePacket, encodePacket, Framer } from "@anax/protocol";
import type { ConnackPacket, ConnectPacket, Packet, ProtocolVersion } from "@anax/protocol";

/** What a peer reports. */
export interface PeerEvents {
  /** A packet came; CONNACK too. */
  packet(packet: Packet): void;
  /** The connection is gone, whoever ended it. Called once. */
  closed(): void;
}

const PACKET_BYTES_MAX = 16_777_216;

/** One connection to the server: packets in, packets out, nothing by itself. */
export class Peer {
  readonly #socket: Socket;
  readonly #version: ProtocolVersion;
  readonly #framer: Framer = new Framer(PACKET_BYTES_MAX);
  readonly #events: PeerEvents;
  #isClosed = false;

  private constructor(port: number, version: ProtocolVersion, events: PeerEvents) {
    this.#version = version;
    this.#events = events;
    this.#socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("error", () => this.destroy());
    this.#socket.on("close", () => this.#close());
  }

  /** Connects and sends CONNECT; CONNACK comes as an event. */
  static connect(port: number, packet: ConnectPacket, events: PeerEvents): Peer {
    const peer = new Peer(port, packet.protocolVersion, events);
    peer.send(packet);
    return peer;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(packet: Packet): void {
    if (!this.#isClosed) this.#socket.write(encodePacket(packet, this.#version));
  }

  /** Sends what was written, then closes. */
  end(): void {
    this.#socket.end();
  }

  /** Closes without a word, as a broken link does. */
  destroy(): void {
    this.#socket.destroy();
    this.#close();
  }

  #receive(chunk: Uint8Array): void {
    this.#framer.push(chunk);
    while (!this.#isClosed && this.#framer.next()) {
      const { firstByte, bytes, bodyStart, end } = this.#framer;
      this.#events.packet(decodePacket(firstByte, bytes, bodyStart, end, this.#version));
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events.closed();
  }
}

/** Whether a CONNACK lets the client in. */
export function isAccepted(packet: Packet): packet is ConnackPacket {
  return packet.type === "connack" && packet.reasonCode === 0;
}
