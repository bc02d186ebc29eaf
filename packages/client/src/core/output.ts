/**
 * The bytes that wait to be sent. Packets are appended in place; `take` hands out what has come
 * together since the last time, so that one turn of the loop costs one write however many packets it made.
 *
 * The bytes handed out belong to the transport, which may hold them until the peer has taken
 * them, so they are never written again: the next packets go behind them, or into a new slab.
 */
import { PlainPublishWriter } from "#hot-path";
import { ByteWriter, MqttConfigurationError, encodeClientPacketInto } from "@anax/protocol";
import type { ClientPacket, Packet, ProtocolVersion, PublishPacket } from "@anax/protocol";

/** Few connections send more per turn; those that do get slabs of the size that they used last. */
const SLAB_BYTES_MIN = 4_096;
const SLAB_BYTES_MAX = 262_144;
/** A slab is for so many turns like the last one: it is paid for, and collected, once in that time. */
const SLAB_TURNS = 8;

/** Which way a packet goes, as the client sees it. */
export type PacketDirection = "in" | "out";

/** Is shown each packet that passes. */
export type PacketInspector = (direction: PacketDirection, packet: Packet) => void;

/** The bytes that wait to be sent on one Network Connection. */
export class Output {
  /** Version that packets are encoded for. */
  version: ProtocolVersion = 5;
  /** Largest packet that the server takes [MQTT-3.2.2-15]. */
  maximumPacketSize: number = Infinity;
  /** Is called when something is put out at a time of the application's choice. */
  wake: (() => void) | undefined;
  /** Is shown each packet that is sent, when set. */
  inspect: PacketInspector | undefined;

  readonly #writer: ByteWriter = new ByteWriter();
  readonly #plain: PlainPublishWriter = new PlainPublishWriter();
  #taken = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#writer.length - this.#taken;
  }

  /**
   * Appends a packet; false, and nothing appended, when it is larger than the server takes.
   * @throws MqttConfigurationError when a field cannot be encoded; its words are those of the codec
   */
  send(packet: ClientPacket): boolean {
    const writer = this.#writer;
    const start = writer.length;
    try {
      encodeClientPacketInto(writer, packet, this.version);
    } catch (cause) {
      const { message } = cause as Error;
      throw new MqttConfigurationError(message, { cause });
    }
    if (writer.length - start > this.maximumPacketSize) {
      writer.length = start;
      return false;
    }
    if (this.inspect !== undefined) this.inspect("out", asSent(packet));
    return true;
  }

  /**
   * Appends a PUBLISH by the shortest way; false, and nothing appended, when it has to be given to `send`.
   * @param alias that the server knows for the topic, and that stands in its place; 0 for none
   */
  sendPlain(packet: PublishPacket, alias: number): boolean {
    return this.inspect === undefined && this.#plain.write(this.#writer, packet, alias, this);
  }

  /** Hands out the waiting bytes; undefined when there are none. */
  take(): Uint8Array | undefined {
    const { bytes, length } = this.#writer;
    if (length === this.#taken) return undefined;
    const chunk = bytes.subarray(this.#taken, length);
    this.#taken = length;
    // Without room for as much again, it would have to grow, and to copy what has been handed out.
    if (bytes.length - length < chunk.length || bytes.length > SLAB_BYTES_MAX) {
      this.#newSlab(chunk.length * SLAB_TURNS);
    }
    return chunk;
  }

  /** Forgets what waits, for another Network Connection. */
  clear(): void {
    this.#writer.length = this.#taken;
  }

  #newSlab(wanted: number): void {
    const size = Math.min(Math.max(wanted, SLAB_BYTES_MIN), SLAB_BYTES_MAX);
    this.#writer.bytes = new Uint8Array(size);
    this.#writer.length = 0;
    this.#taken = 0;
  }
}

/** A message is its own PUBLISH packet, knows more than is sent, and changes when it is sent again. */
function asSent(packet: ClientPacket): ClientPacket {
  if (packet.type !== "publish") return packet;
  const { type, topic, payload, qos, retain, duplicate, packetIdentifier, properties } = packet;
  return {
    type,
    topic,
    payload,
    qos,
    retain,
    duplicate,
    ...(qos === 0 || packetIdentifier === undefined ? {} : { packetIdentifier }),
    ...(properties === undefined ? {} : { properties }),
  };
}
