/**
 * Reads the few packets that scenarios look into. Independent of the codec under test and kept as
 * plain as can be: it trusts lengths, because a scenario fails all the same when they are wrong.
 */
import { readVarint, type Version } from "./notation.ts";

/** Properties by identifier; each value in the order in which it came. */
export type Properties = ReadonlyMap<number, readonly PropertyValue[]>;

/** Integers as numbers, strings as text, Binary Data as bytes, pairs as `[name, value]`. */
export type PropertyValue = number | string | Uint8Array | readonly [string, string];

/** A CONNACK. `code` is the Reason Code of 5.0 or the return code of 3.1.1. */
export interface Connack {
  readonly sessionPresent: boolean;
  readonly code: number;
  readonly properties: Properties;
}

/** A PUBLISH. `packetIdentifier` is 0 at QoS 0. */
export interface Publish {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly duplicate: boolean;
  readonly packetIdentifier: number;
  readonly properties: Properties;
  readonly payload: string;
}

/** PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK or UNSUBACK: `codes` has one code, or one per filter. */
export interface Acknowledgement {
  readonly type: number;
  readonly packetIdentifier: number;
  readonly codes: readonly number[];
  readonly properties: Properties;
}

/** DISCONNECT or AUTH, which have a Reason Code and properties and nothing else. */
export interface CodePacket {
  readonly code: number;
  readonly properties: Properties;
}

const NO_PROPERTIES: Properties = new Map();
const SUBACK = 9;
const UNSUBACK = 11;

type Kind = "byte" | "u16" | "u32" | "varint" | "string" | "binary" | "pair";

const PROPERTY_KINDS: Readonly<Record<number, Kind>> = {
  0x01: "byte",
  0x02: "u32",
  0x03: "string",
  0x08: "string",
  0x09: "binary",
  0x0b: "varint",
  0x11: "u32",
  0x12: "string",
  0x13: "u16",
  0x15: "string",
  0x16: "binary",
  0x1a: "string",
  0x1c: "string",
  0x1f: "string",
  0x21: "u16",
  0x22: "u16",
  0x23: "u16",
  0x24: "byte",
  0x25: "byte",
  0x26: "pair",
  0x27: "u32",
  0x28: "byte",
  0x29: "byte",
  0x2a: "byte",
};

/** Reads a packet of type 2. */
export function readConnack(packet: Uint8Array, version: Version): Connack {
  const cursor = new Cursor(packet);
  const flags = cursor.byte();
  const code = cursor.byte();
  return { sessionPresent: (flags & 1) === 1, code, properties: cursor.properties(version) };
}

/** Reads a packet of type 3. */
export function readPublish(packet: Uint8Array, version: Version): Publish {
  const cursor = new Cursor(packet);
  const flags = packet[0] ?? 0;
  const qos = (flags >> 1) & 3;
  const topic = cursor.string();
  const packetIdentifier = qos === 0 ? 0 : cursor.u16();
  const properties = cursor.properties(version);
  return {
    topic,
    qos,
    retain: (flags & 1) === 1,
    duplicate: (flags & 8) === 8,
    packetIdentifier,
    properties,
    payload: new TextDecoder().decode(cursor.rest()),
  };
}

/** Reads a packet of types 4 to 7, 9 or 11; a short form has the code 0 that it stands for. */
export function readAcknowledgement(packet: Uint8Array, version: Version): Acknowledgement {
  const cursor = new Cursor(packet);
  const type = (packet[0] ?? 0) >> 4;
  const packetIdentifier = cursor.u16();
  if (type === SUBACK || type === UNSUBACK) {
    const properties = cursor.properties(version);
    return { type, packetIdentifier, codes: [...cursor.rest()], properties };
  }
  const code = cursor.atEnd() ? 0 : cursor.byte();
  return { type, packetIdentifier, codes: [code], properties: cursor.properties(version) };
}

/** Reads a packet of type 14 or 15. */
export function readCodePacket(packet: Uint8Array): CodePacket {
  const cursor = new Cursor(packet);
  const code = cursor.atEnd() ? 0 : cursor.byte();
  return { code, properties: cursor.properties("5.0") };
}

class Cursor {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(packet: Uint8Array) {
    const length = readVarint(packet, 1);
    if (!length) throw new TypeError("a packet without its Remaining Length");
    this.#bytes = packet.subarray(length.end, length.end + length.value);
  }

  atEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw new TypeError("a packet that ends too early");
    this.#offset += 1;
    return byte;
  }

  u16(): number {
    return this.byte() * 256 + this.byte();
  }

  varint(): number {
    const length = readVarint(this.#bytes, this.#offset);
    if (!length) throw new TypeError("a packet that ends too early");
    this.#offset = length.end;
    return length.value;
  }

  binary(): Uint8Array {
    const end = this.u16() + this.#offset;
    if (end > this.#bytes.length) throw new TypeError("a field that ends beyond its packet");
    const value = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return value;
  }

  string(): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.binary());
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#offset);
  }

  properties(version: Version): Properties {
    if (version !== "5.0" || this.atEnd()) return NO_PROPERTIES;
    const end = this.varint() + this.#offset;
    const properties = new Map<number, PropertyValue[]>();
    while (this.#offset < end) {
      const identifier = this.byte();
      const values = properties.get(identifier) ?? [];
      properties.set(identifier, [...values, this.#value(identifier)]);
    }
    return properties;
  }

  #value(identifier: number): PropertyValue {
    const kind = PROPERTY_KINDS[identifier];
    if (!kind) throw new TypeError(`no property has the identifier ${identifier}`);
    return VALUE_READERS[kind](this);
  }
}

const VALUE_READERS: Readonly<Record<Kind, (cursor: Cursor) => PropertyValue>> = {
  byte: (cursor) => cursor.byte(),
  u16: (cursor) => cursor.u16(),
  u32: (cursor) => cursor.u16() * 65_536 + cursor.u16(),
  varint: (cursor) => cursor.varint(),
  string: (cursor) => cursor.string(),
  binary: (cursor) => cursor.binary(),
  pair: (cursor) => [cursor.string(), cursor.string()],
};
