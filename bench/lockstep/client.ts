import { encodePacket, Framer } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import { Carrier } from "./carrier.ts";
import type { CarrierKind, CarrierPorts } from "./carrier.ts";

const PUBLISH = 0x30;
const PUBACK = 0x40;
const PACKET_BYTES_MAX = 1_024;
const PAYLOAD: Uint8Array = new Uint8Array(32);

/** A client of MQTT 3.1.1 that writes each packet by itself. */
export class LockstepClient {
  /** Called for each message, to acknowledge it by calling `acknowledge`. */
  onMessage: (acknowledge: () => void) => void = (acknowledge) => acknowledge();
  onPuback: () => void = () => undefined;
  readonly #carrier: Carrier;
  readonly #framer = new Framer(PACKET_BYTES_MAX);
  #identifier = 0;
  #answered: () => void = () => undefined;

  private constructor(carrier: Carrier, failed: (error: Error) => void) {
    this.#carrier = carrier;
    carrier.onBytes = (bytes) => this.#read(bytes);
    carrier.onEnd = () => failed(new Error("the server has closed the connection"));
  }

  /** Connects and subscribes to a topic at QoS 1. `failed`: told if the connection ends. */
  static async open(
    [kind, ports]: readonly [CarrierKind, CarrierPorts],
    topicFilter: string,
    failed: (error: Error) => void,
  ): Promise<LockstepClient> {
    const client = new LockstepClient(await Carrier.open(kind, ports), failed);
    const connect = { type: "connect", protocolVersion: 4, cleanStart: true } as const;
    const clientId = `lockstep-${topicFilter}`;
    await client.#ask({ ...connect, clientId, keepAliveSeconds: 0 });
    const options = {
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    const subscriptions = [{ topicFilter, ...options }];
    await client.#ask({ type: "subscribe", packetIdentifier: 1, subscriptions });
    return client;
  }

  close(): void {
    this.#carrier.close();
  }

  publish(topic: string): void {
    this.#identifier = (this.#identifier % 65_535) + 1;
    this.#write({
      type: "publish",
      topic,
      payload: PAYLOAD,
      qos: 1,
      retain: false,
      duplicate: false,
      packetIdentifier: this.#identifier,
    });
  }

  #write(packet: Packet): void {
    this.#carrier.write(Buffer.from(encodePacket(packet, 4)));
  }

  #ask(packet: Packet): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#write(packet);
    });
  }

  #read(bytes: Buffer): void {
    const framer = this.#framer;
    framer.push(bytes);
    while (framer.next()) {
      const type = framer.firstByte & 0xf0;
      if (type === PUBLISH) {
        const identifierAt = framer.end - PAYLOAD.length - 2;
        const high = framer.bytes[identifierAt] ?? 0;
        const low = framer.bytes[identifierAt + 1] ?? 0;
        this.onMessage(() => this.#carrier.write(Buffer.from([PUBACK, 2, high, low])));
      } else if (type === PUBACK) this.onPuback();
      else this.#answered();
    }
    framer.release();
  }
}
