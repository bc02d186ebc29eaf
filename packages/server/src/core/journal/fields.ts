import { copyBytes } from "@anax/protocol";
import type { ByteReader, ByteWriter, QoS } from "@anax/protocol";

/*
 * The data types of stored records that MQTT itself does not have.
 */

export const TWO_32 = 0x1_0000_0000;
const RETAIN = 0x04;
const HAS_IDENTIFIERS = 0x08;
const HAS_GROUP = 0x10;

/** A whole number up to 2^53. */
export function writeNumber(writer: ByteWriter, value: number): void {
  writer.u32(Math.floor(value / TWO_32));
  writer.u32(value % TWO_32);
}

export function readNumber(reader: ByteReader): number {
  const high = reader.u32();
  return high * TWO_32 + reader.u32();
}

/** A time in ms since 1970; Infinity is written as 0. */
export function writeTime(writer: ByteWriter, value: number): void {
  writeNumber(writer, value === Infinity ? 0 : Math.ceil(value));
}

export function readTime(reader: ByteReader): number {
  const value = readNumber(reader);
  return value === 0 ? Infinity : value;
}

/** Bytes of any length. */
export function writeBlob(writer: ByteWriter, value: Uint8Array): void {
  writer.u32(value.length);
  writer.raw(value);
}

export function readBlob(reader: ByteReader): Uint8Array {
  const length = reader.u32();
  const start = reader.position;
  reader.position += length;
  return copyBytes(reader.bytes, start, start + length);
}

/** What a delivery adds to its message. The group is named, for it may have other members after a restart. */
export interface StoredAddress {
  readonly qos: QoS;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  readonly group: { readonly shareName: string; readonly topicFilter: string } | undefined;
}

/** The addresses that say nothing but QoS and RETAIN, by their flags: most are, and there may be millions. */
const PLAIN: readonly StoredAddress[] = Array.from({ length: 8 }, (_value, flags) => ({
  qos: qosOf(flags & 0x03),
  retain: (flags & RETAIN) !== 0,
  subscriptionIdentifiers: undefined,
  group: undefined,
}));

export function writeAddress(writer: ByteWriter, address: StoredAddress): void {
  const { qos, retain, subscriptionIdentifiers, group } = address;
  const flags =
    qos |
    (retain ? RETAIN : 0) |
    (subscriptionIdentifiers === undefined ? 0 : HAS_IDENTIFIERS) |
    (group === undefined ? 0 : HAS_GROUP);
  writer.u8(flags);
  if (subscriptionIdentifiers !== undefined) {
    writer.varint(subscriptionIdentifiers.length);
    for (const identifier of subscriptionIdentifiers) writer.varint(identifier);
  }
  if (group === undefined) return;
  writer.string(group.shareName, "ShareName");
  writer.string(group.topicFilter, "Topic Filter");
}

export function isSameAddress(one: StoredAddress, other: StoredAddress): boolean {
  return (
    one.qos === other.qos &&
    one.retain === other.retain &&
    one.group?.shareName === other.group?.shareName &&
    one.group?.topicFilter === other.group?.topicFilter &&
    String(one.subscriptionIdentifiers) === String(other.subscriptionIdentifiers)
  );
}

export function readAddress(reader: ByteReader): StoredAddress {
  const flags = reader.u8();
  const plain = PLAIN[flags];
  if (plain !== undefined) return plain;
  return {
    qos: qosOf(flags & 0x03),
    retain: (flags & RETAIN) !== 0,
    subscriptionIdentifiers: (flags & HAS_IDENTIFIERS) === 0 ? undefined : readIdentifiers(reader),
    group:
      (flags & HAS_GROUP) === 0
        ? undefined
        : { shareName: reader.string(), topicFilter: reader.string() },
  };
}

function readIdentifiers(reader: ByteReader): number[] {
  const identifiers: number[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) identifiers.push(reader.varint());
  return identifiers;
}

export function qosOf(value: number): QoS {
  if (value === 1 || value === 2) return value;
  return 0;
}
