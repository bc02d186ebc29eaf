import { encodePacket, Framer } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import type { ConnectionAcceptor, ConnectionSink, Listener, Wire } from "@anax/server";

/** Connects ends in this process with nothing between. */
export class DirectListener implements Listener {
  readonly type = "direct";
  readonly address = { url: "direct:" };
  #acceptor: ConnectionAcceptor | undefined;

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    this.#acceptor = acceptor;
  }

  async stop(): Promise<void> {
    this.#acceptor = undefined;
  }

  connect(clientId: string, version: 4 | 5 = 4, { isLasting = false } = {}): End {
    const acceptor = this.#acceptor;
    if (acceptor?.admit(undefined) !== true) throw new Error("the server lets nobody in");
    const end = new End(version);
    end.sink = acceptor.open(end, { transport: "direct", secure: false });
    end.send({
      type: "connect",
      protocolVersion: version,
      clientId,
      cleanStart: !isLasting,
      keepAliveSeconds: 0,
    });
    return end;
  }
}

/** A client's end: takes all that comes, at once, and acknowledges QoS 1. */
export class End implements Wire {
  sink: ConnectionSink | undefined;
  #isPaused = false;
  #waiting: Uint8Array[] = [];
  readonly #framer: Framer = new Framer(PACKET_SIZE_MAX);
  readonly #version: 4 | 5;

  constructor(version: 4 | 5) {
    this.#version = version;
  }

  send(packet: Packet): void {
    this.receive(encodePacket(packet, this.#version));
  }

  /** Bytes for the server, which may be in the middle of something. */
  receive(bytes: Uint8Array): void {
    if (this.#isPaused) this.#waiting.push(bytes);
    else this.sink?.received(bytes);
  }

  write(bytes: Uint8Array): boolean {
    const acknowledgements = acknowledgementsFor(this.#framer, bytes);
    if (acknowledgements !== undefined) queueMicrotask(() => this.receive(acknowledgements));
    return true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length > 0) queueMicrotask(() => waiting.forEach((bytes) => this.receive(bytes)));
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    queueMicrotask(() => this.sink?.closed());
  }
}

const PUBLISH = 3;
const PACKET_SIZE_MAX = 1_048_576;

/** PUBACK for each PUBLISH of QoS 1 in whole packets; undefined if there is none. */
function acknowledgementsFor(framer: Framer, chunk: Uint8Array): Uint8Array | undefined {
  const acknowledgements: number[] = [];
  framer.push(chunk);
  while (framer.next()) {
    const { firstByte, bytes, bodyStart } = framer;
    if (firstByte >> 4 !== PUBLISH || (firstByte & 0x06) !== 0x02) continue;
    const identifierAt =
      bodyStart + 2 + (bytes[bodyStart] ?? 0) * 256 + (bytes[bodyStart + 1] ?? 0);
    acknowledgements.push(0x40, 2, bytes[identifierAt] ?? 0, bytes[identifierAt + 1] ?? 0);
  }
  framer.release();
  return acknowledgements.length === 0 ? undefined : Uint8Array.from(acknowledgements);
}
