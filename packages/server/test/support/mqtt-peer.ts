import type { Duplex } from "node:stream";
import { decodePacket, encodePacket } from "@anax/protocol";
import type { ConnectPacket, Packet, ProtocolVersion } from "@anax/protocol";
import { BytePeer } from "./byte-peer.ts";

/** A client that does nothing by itself: it sends the packets that a test wants and shows those that come. */
export class MqttPeer extends BytePeer {
  readonly #version: ProtocolVersion;

  constructor(stream: Duplex, version: ProtocolVersion = 4) {
    super(stream);
    this.#version = version;
  }

  sendPacket(packet: Packet): void {
    this.send(encodePacket(packet, this.#version));
  }

  /** The next packet; undefined if the connection closes before. */
  async packet(): Promise<Packet | undefined> {
    const bytes = Buffer.from(await this.receivePacket(), "hex");
    if (bytes.length === 0) return undefined;
    let start = 1;
    while ((bytes[start] ?? 0) >= 0x80) start += 1;
    return decodePacket(bytes[0] ?? 0, bytes, start + 1, bytes.length, this.#version);
  }

  /** Sends CONNECT and gives the CONNACK. */
  connect(fields: Partial<ConnectPacket> = {}): Promise<Packet | undefined> {
    this.sendPacket({
      type: "connect",
      protocolVersion: this.#version,
      clientId: "tester",
      cleanStart: true,
      keepAliveSeconds: 0,
      ...fields,
    });
    return this.packet();
  }

  /** Subscribes with QoS 0 and gives the SUBACK. */
  subscribe(topicFilter: string): Promise<Packet | undefined> {
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    this.sendPacket({
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [{ topicFilter, qos: 0, ...options }],
    });
    return this.packet();
  }
}
