import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { VARINT_MAXIMUM } from "../bytes/varint.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import { requireInteger } from "../integer.ts";
import { PROPERTIES, PROPERTY_OWNERS } from "./property-table.ts";
import type {
  PropertiesByOwner,
  PropertyDefinition,
  PropertyName,
  PropertyOwner,
  PropertyType,
} from "./property-table.ts";
import { decodeNonEmptyTopicName, encodeNonEmptyTopicName } from "./topic-bytes.ts";

const QUOTA_EXCEEDED = 0x97;

type Values = Partial<Record<PropertyName, unknown>>;

/** The rows of one owner: in order for the encoder, by identifier for the decoder. */
interface OwnerRows {
  readonly ordered: readonly PropertyDefinition[];
  readonly byId: readonly (PropertyDefinition | undefined)[];
}

const ROWS = Object.fromEntries(PROPERTY_OWNERS.map((owner) => [owner, rowsOf(owner)])) as Readonly<
  Record<PropertyOwner, OwnerRows>
>;

function rowsOf(owner: PropertyOwner): OwnerRows {
  const ordered = PROPERTIES.filter((definition) => definition.owners.includes(owner));
  const byId: (PropertyDefinition | undefined)[] = Array.from({ length: 0x2b });
  for (const definition of ordered) {
    byId[definition.id] = definition;
  }
  return { ordered, byId };
}

/**
 * Reads Property Length and the properties of `owner`; `undefined` when there are none.
 *
 * @throws MalformedPacketError for a property that is unknown or not of this owner, and for a
 *   length that ends inside a property or beyond the packet.
 * @throws ProtocolError for a value that is not legal (0x82; Topic Alias 0x94; Response Topic
 *   0x90), for a second one of a property that may stand once (0x82), and for more User Properties
 *   than `limits` allow (0x97).
 */
export function decodeProperties<Owner extends PropertyOwner>(
  reader: ByteReader,
  owner: Owner,
  limits: DecodeLimits,
): PropertiesByOwner[Owner] | undefined {
  const length = reader.varint();
  if (length > reader.remaining) {
    throw new MalformedPacketError(`Property Length ${length} exceeds its packet`);
  }
  if (length === 0) {
    return undefined;
  }
  const packetEnd = reader.end;
  reader.end = reader.position + length;
  const values = decodeValues(reader, owner, limits);
  reader.end = packetEnd;
  // The table fills exactly the fields of the owner's interface, each with a value of its type.
  return values as PropertiesByOwner[Owner];
}

function decodeValues(reader: ByteReader, owner: PropertyOwner, limits: DecodeLimits): Values {
  const { byId } = ROWS[owner];
  const values: Values = {};
  const userProperties: [string, string][] = [];
  let userPropertyBytes = 0;
  while (reader.remaining > 0) {
    const id = reader.varint();
    const definition = byId[id];
    if (definition === undefined) {
      throw new MalformedPacketError(`Property 0x${id.toString(16)} is not one of ${owner}`);
    }
    if (definition.type === "stringPairList") {
      userPropertyBytes += decodeUserProperty(reader, userProperties);
      if (!isWithinLimits(userProperties.length, userPropertyBytes, limits)) userProperties.pop();
      values.userProperties = userProperties;
    } else if (definition.type === "varintList") {
      appendVarint(reader, definition, values);
    } else if (values[definition.name] === undefined) {
      values[definition.name] = decodeValue(reader, definition, definition.type);
    } else {
      throw new ProtocolError(`Property ${definition.name} appears more than once`);
    }
  }
  return values;
}

/** Appends one pair and answers how many bytes its name and value took. */
function decodeUserProperty(reader: ByteReader, userProperties: [string, string][]): number {
  const start = reader.position;
  const name = reader.string();
  const value = reader.string();
  userProperties.push([name, value]);
  return reader.position - start - 4;
}

/** False for a pair beyond the limits that is to be left out. */
function isWithinLimits(count: number, bytes: number, limits: DecodeLimits): boolean {
  const { userPropertiesMax: countMax, userPropertyBytesMax: bytesMax } = limits;
  if (count <= countMax && bytes <= bytesMax) return true;
  if (limits.leavesOutExcess === true) return false;
  throw new ProtocolError(
    `userProperties exceeds ${countMax} or ${bytesMax} bytes`,
    QUOTA_EXCEEDED,
  );
}

function appendVarint(reader: ByteReader, definition: PropertyDefinition, values: Values): void {
  const value = decodeNumber(reader.varint(), definition);
  const list = values[definition.name];
  if (Array.isArray(list)) {
    list.push(value);
  } else {
    values[definition.name] = [value];
  }
}

function decodeValue(
  reader: ByteReader,
  definition: PropertyDefinition,
  type: Exclude<PropertyType, "varintList" | "stringPairList">,
): unknown {
  switch (type) {
    case "byte":
      return decodeNumber(reader.u8(), definition);
    case "boolean":
      return decodeNumber(reader.u8(), { ...definition, maximum: 1 }) === 1;
    case "u16":
      return decodeNumber(reader.u16(), definition);
    case "u32":
      return decodeNumber(reader.u32(), definition);
    case "varint":
      return decodeNumber(reader.varint(), definition);
    case "string":
      return reader.string();
    case "topicName":
      return decodeNonEmptyTopicName(reader, definition.name);
    case "binary":
      return reader.binary();
  }
}

function decodeNumber(value: number, definition: PropertyDefinition): number {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = definition;
  if (value < minimum || value > maximum) {
    throw new ProtocolError(
      `Property ${definition.name} ${value} is not legal`,
      definition.illegalValueReasonCode,
    );
  }
  return value;
}

/**
 * Writes Property Length and the properties of `owner`. Fields that are `undefined` or that the
 * table does not know are left out, and so are values that a missing property stands for, such as
 * Receive Maximum 65 535.
 *
 * @throws TypeError for a value of another type than the property's; RangeError for a number that
 *   is not legal, and for a string or bytes that MQTT cannot carry.
 */
export function encodeProperties<Owner extends PropertyOwner>(
  writer: ByteWriter,
  owner: Owner,
  properties: PropertiesByOwner[Owner] | undefined,
): void {
  if (properties === undefined) {
    writer.u8(0);
    return;
  }
  const start = writer.openLength(0);
  const values: Values = properties;
  for (const definition of ROWS[owner].ordered) {
    const value = values[definition.name];
    if (value !== undefined && value !== definition.implied?.[owner]) {
      encodeProperty(writer, definition, value);
    }
  }
  writer.closeLength(start, 0);
}

function encodeProperty(writer: ByteWriter, definition: PropertyDefinition, value: unknown): void {
  if (definition.type !== "stringPairList" && definition.type !== "varintList") {
    writer.u8(definition.id);
    encodeValue(writer, definition, value);
    return;
  }
  if (!Array.isArray(value)) {
    throw new TypeError(`${definition.name} must be an array, not ${typeof value}`);
  }
  for (const item of value) {
    writer.u8(definition.id);
    encodeValue(writer, definition, item);
  }
}

function encodeValue(writer: ByteWriter, definition: PropertyDefinition, value: unknown): void {
  const { name } = definition;
  switch (definition.type) {
    case "byte":
      writer.u8(encodableNumber(value, definition, 0xff));
      return;
    case "boolean":
      writer.u8(encodableBoolean(value, name));
      return;
    case "u16":
      writer.u16(encodableNumber(value, definition, 0xffff));
      return;
    case "u32":
      writer.u32(encodableNumber(value, definition, 0xffff_ffff));
      return;
    case "varint":
    case "varintList":
      writer.varint(encodableNumber(value, definition, VARINT_MAXIMUM));
      return;
    // Whether these really are strings and bytes is checked by the writer.
    case "string":
      writer.string(value as string, name);
      return;
    case "topicName":
      encodeNonEmptyTopicName(writer, value as string, name);
      return;
    case "binary":
      writer.binary(value as Uint8Array, name);
      return;
    case "stringPairList":
      encodeUserProperty(writer, value);
      return;
  }
}

function encodableNumber(value: unknown, definition: PropertyDefinition, typeMax: number): number {
  const { minimum = 0, maximum = typeMax } = definition;
  return requireInteger(value, definition.name, minimum, maximum);
}

function encodableBoolean(value: unknown, field: string): 0 | 1 {
  if (typeof value !== "boolean") {
    throw new TypeError(`${field} must be a boolean, not ${typeof value}`);
  }
  return value ? 1 : 0;
}

function encodeUserProperty(writer: ByteWriter, pair: unknown): void {
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new TypeError("userProperties must be pairs of name and value");
  }
  writer.string(pair[0], "userProperties");
  writer.string(pair[1], "userProperties");
}
