import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { encodePacket, Framer } from "@anax/protocol";
import type { Packet } from "@anax/protocol";

const CONNACK = 2;
const PUBLISH = 3;
const SUBACK = 9;

/** Longer than a measurement, and there: a device has one. */
const KEEP_ALIVE_SECONDS = 3_600;
const PAYLOAD: Uint8Array = new Uint8Array(40).fill(120);

/**
 * A small device as such libraries make them (PubSubClient): MQTT 3.1.1, a kept session, one subscription of QoS 1, one packet after
 * the other.
 */
export class Device {
  /** Messages that it was sent. */
  received = 0;
  readonly #socket: Socket;
  readonly #framer = new Framer(1_024);
  readonly #number: number;
  readonly #answers = new Map<number, () => void>();

  private constructor(number: number, port: number) {
    this.#number = number;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk: Uint8Array) => this.#read(chunk));
  }

  /** Connects and subscribes. */
  static async start(number: number, port: number): Promise<Device> {
    const device = new Device(number, port);
    await once(device.#socket, "connect");
    const clientId = `device-${number}`;
    const keepAliveSeconds = KEEP_ALIVE_SECONDS;
    const connected = device.#answered(CONNACK);
    device.#send({
      type: "connect",
      protocolVersion: 4,
      clientId,
      cleanStart: false,
      keepAliveSeconds,
    });
    await connected;
    const subscribed = device.#answered(SUBACK);
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    device.#send({
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [{ topicFilter: commandTopic(number), qos: 1, ...options }],
    });
    await subscribed;
    return device;
  }

  /** Says how it is, with QoS 0. */
  report(): void {
    const topic = `devices/device-${this.#number}/state`;
    const flags = { qos: 0, retain: false, duplicate: false } as const;
    this.#send({ type: "publish", topic, payload: PAYLOAD, ...flags });
  }

  leave(): void {
    this.#socket.destroy();
  }

  #answered(type: number): Promise<void> {
    return new Promise((resolve) => this.#answers.set(type, resolve));
  }

  #send(packet: Packet): void {
    this.#socket.write(encodePacket(packet, 4));
  }

  #read(chunk: Uint8Array): void {
    const framer = this.#framer;
    framer.push(chunk);
    while (framer.next()) {
      const type = framer.firstByte >> 4;
      this.#answers.get(type)?.();
      this.#answers.delete(type);
      if (type === PUBLISH) this.#acknowledge(framer);
    }
  }

  #acknowledge({ bytes, bodyStart }: Framer): void {
    this.received += 1;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const packetIdentifier = view.getUint16(bodyStart + 2 + view.getUint16(bodyStart));
    this.#send({ type: "puback", packetIdentifier, reasonCode: 0 });
  }
}

/** Who commands the devices. */
export class Commander {
  readonly #socket: Socket;
  #identifier = 0;

  private constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.resume();
  }

  static async start(port: number): Promise<Commander> {
    const commander = new Commander(port);
    await once(commander.#socket, "connect");
    const answered = once(commander.#socket, "data");
    const clientId = "commander";
    const fields = { protocolVersion: 4, cleanStart: true, keepAliveSeconds: 0 } as const;
    commander.#socket.write(encodePacket({ type: "connect", clientId, ...fields }, 4));
    await answered;
    return commander;
  }

  /** One command to a device, with QoS 1. */
  command(number: number): void {
    this.#identifier = (this.#identifier % 65_535) + 1;
    const packetIdentifier = this.#identifier;
    const flags = { qos: 1, retain: false, duplicate: false, packetIdentifier } as const;
    const topic = commandTopic(number);
    this.#socket.write(encodePacket({ type: "publish", topic, payload: PAYLOAD, ...flags }, 4));
  }

  leave(): void {
    this.#socket.destroy();
  }
}

function commandTopic(number: number): string {
  return `devices/device-${number}/command`;
}
