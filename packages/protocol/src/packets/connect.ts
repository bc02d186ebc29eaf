import { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { MalformedPacketError, PeerError, ProtocolError } from "../errors.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import { requireInteger } from "../integer.ts";
import type { Mutable } from "./mutable.ts";
import { decodeProperties, encodeProperties } from "./properties.ts";
import { decodeQos, requireQos } from "./qos.ts";
import { decodeNonEmptyTopicName, encodeNonEmptyTopicName } from "./topic-bytes.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import type { QoS } from "./qos.ts";
import type { UserProperties } from "./user-properties.ts";

/**
 * Properties of CONNECT (MQTT 5.0). An absent property has the default that the specification gives
 * it.
 */
export interface ConnectProperties {
  readonly sessionExpiryIntervalSeconds?: number;
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
  readonly requestProblemInformation?: boolean;
  readonly requestResponseInformation?: boolean;
  readonly receiveMaximum?: number;
  readonly topicAliasMaximum?: number;
  readonly userProperties?: UserProperties;
  readonly maximumPacketSize?: number;
}

/** Will Properties of CONNECT (MQTT 5.0). */
export interface WillProperties {
  readonly willDelayIntervalSeconds?: number;
  readonly payloadFormatIndicator?: 0 | 1;
  readonly messageExpiryIntervalSeconds?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly userProperties?: UserProperties;
}

/** The Will Message that a CONNECT carries. */
export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: WillProperties;
}

/** CONNECT: the first packet of a Client on a Network Connection. */
export interface ConnectPacket {
  readonly type: "connect";
  readonly protocolVersion: ProtocolVersion;
  /** Bit 7 of the version byte: a bridge of the mosquitto family (3.1 and 3.1.1 only). */
  readonly bridge?: boolean;
  readonly clientId: string;
  /** Clean Start; in 3.1 and 3.1.1 Clean Session, mapped here. */
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  readonly userName?: string;
  readonly password?: Uint8Array;
  readonly will?: Will;
  readonly properties?: ConnectProperties;
}

const USER_NAME_BIT = 0x80;
const PASSWORD_BIT = 0x40;
const WILL_RETAIN_BIT = 0x20;
const WILL_QOS_BITS = 0x18;
const WILL_BIT = 0x04;
const CLEAN_START_BIT = 0x02;
const RESERVED_BIT = 0x01;
const BRIDGE_BIT = 0x80;

const UNSUPPORTED_PROTOCOL_VERSION = 0x84;

/**
 * Reads the body of CONNECT, of whatever version it is. 3.1 is read as leniently as its text asks:
 * the reserved flag, Will QoS and Will Retain without a Will mean nothing, and a user name or
 * password that is announced may be missing at the end.
 *
 * @throws ProtocolError 0x84 for another protocol or version [MQTT-3.1.2-1] [MQTT-3.1.2-2]; 0x82
 *   for Authentication Data without Method; 0x90 for a Will Topic with a wildcard or empty.
 * @throws MalformedPacketError for Connect Flags that contradict themselves [MQTT-3.1.2-3]
 *   [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13], and before MQTT 5.0 for a password without
 *   user name.
 */
export function decodeConnect(reader: ByteReader, limits: DecodeLimits): ConnectPacket {
  const { protocolVersion, bridge } = decodeProtocol(reader);
  const flags = reader.u8();
  requireConsistentFlags(flags, protocolVersion);
  const keepAliveSeconds = reader.u16();
  const properties =
    protocolVersion === 5 ? decodeProperties(reader, "connect", limits) : undefined;
  if (properties?.authenticationData && properties.authenticationMethod === undefined) {
    throw new ProtocolError("CONNECT has Authentication Data but no Authentication Method");
  }
  const packet: Mutable<ConnectPacket> = {
    type: "connect",
    protocolVersion,
    clientId: reader.string(),
    cleanStart: (flags & CLEAN_START_BIT) !== 0,
    keepAliveSeconds,
  };
  if (bridge) {
    packet.bridge = true;
  }
  if (properties !== undefined) {
    packet.properties = properties;
  }
  decodePayload(reader, flags, packet, limits);
  return packet;
}

function decodeProtocol(reader: ByteReader): {
  readonly protocolVersion: ProtocolVersion;
  readonly bridge: boolean;
} {
  const name = decodeProtocolName(reader);
  const versionByte = reader.u8();
  const protocolVersion = versionOf(name, versionByte);
  if (protocolVersion !== undefined) {
    return { protocolVersion, bridge: versionByte !== protocolVersion };
  }
  throw new ProtocolError(
    `Protocol Version ${versionByte} of ${name} is not supported`,
    UNSUPPORTED_PROTOCOL_VERSION,
  );
}

/** The bridge bit is of 3.1 and 3.1.1 only. */
function versionOf(name: "MQTT" | "MQIsdp", versionByte: number): ProtocolVersion | undefined {
  const level = versionByte & ~BRIDGE_BIT;
  if (name === "MQIsdp") return level === 3 ? 3 : undefined;
  if (level === 4) return 4;
  return versionByte === 5 ? 5 : undefined;
}

/**
 * The Protocol Version of a CONNECT body at start..end; `undefined` when Protocol Name and Version byte are not those of
 * one that there is. It reads no further, so a Server can tell from a CONNECT that it refuses as malformed which form of
 * CONNACK its sender expects.
 */
export function peekProtocolVersion(
  bytes: Uint8Array,
  start: number,
  end: number,
): ProtocolVersion | undefined {
  try {
    const reader = new ByteReader(bytes, start, end);
    return versionOf(decodeProtocolName(reader), reader.u8());
  } catch (error) {
    if (error instanceof PeerError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * The Client Identifier of a CONNECT that cannot be decoded as a whole, to tell whose it is; undefined where it cannot be
 * read either.
 */
export function peekClientId(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    const reader = new ByteReader(bytes, start, end);
    decodeProtocolName(reader);
    const version = reader.u8() & ~BRIDGE_BIT;
    // Connect Flags and Keep Alive.
    reader.skip(3);
    if (version === 5) reader.skip(reader.varint());
    return reader.string();
  } catch (error) {
    if (error instanceof PeerError) return undefined;
    throw error;
  }
}

/** Compared as bytes, in place: what another protocol has here need not even be UTF-8. */
function decodeProtocolName(reader: ByteReader): "MQTT" | "MQIsdp" {
  const length = reader.u16();
  const start = reader.skip(length);
  if (length === 4 && spells(reader.bytes, start, "MQTT")) {
    return "MQTT";
  }
  if (length === 6 && spells(reader.bytes, start, "MQIsdp")) {
    return "MQIsdp";
  }
  throw new ProtocolError("Protocol Name is neither MQTT nor MQIsdp", UNSUPPORTED_PROTOCOL_VERSION);
}

/** Byte by byte: every connection begins with this, and a string made of the bytes costs several times as much. */
function spells(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[start + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

function requireConsistentFlags(flags: number, version: ProtocolVersion): void {
  if (version !== 3 && (flags & RESERVED_BIT) !== 0) {
    throw new MalformedPacketError("Reserved Connect Flag is set");
  }
  const willBits = flags & (WILL_QOS_BITS | WILL_RETAIN_BIT);
  if (version !== 3 && (flags & WILL_BIT) === 0 && willBits !== 0) {
    throw new MalformedPacketError("Will QoS or Will Retain is set without a Will");
  }
  if (version !== 5 && (flags & PASSWORD_BIT) !== 0 && (flags & USER_NAME_BIT) === 0) {
    throw new MalformedPacketError("CONNECT has a password but no user name");
  }
}

/** The fields behind the Client Identifier, in the order of [MQTT-3.1.3-1]. */
function decodePayload(
  reader: ByteReader,
  flags: number,
  packet: Mutable<ConnectPacket>,
  limits: DecodeLimits,
): void {
  const mayBeMissing = packet.protocolVersion === 3;
  if ((flags & WILL_BIT) !== 0) {
    packet.will = decodeWill(reader, flags, packet.protocolVersion, limits);
  }
  if ((flags & USER_NAME_BIT) !== 0 && !(mayBeMissing && reader.remaining === 0)) {
    packet.userName = reader.string();
  }
  if ((flags & PASSWORD_BIT) !== 0 && !(mayBeMissing && reader.remaining === 0)) {
    packet.password = reader.binary();
  }
}

function decodeWill(
  reader: ByteReader,
  flags: number,
  version: ProtocolVersion,
  limits: DecodeLimits,
): Will {
  const qos = decodeQos((flags & WILL_QOS_BITS) >> 3);
  const retain = (flags & WILL_RETAIN_BIT) !== 0;
  const properties = version === 5 ? decodeProperties(reader, "will", limits) : undefined;
  const topic = decodeNonEmptyTopicName(reader, "Will Topic");
  const will: Mutable<Will> = { topic, payload: reader.binary(), qos, retain };
  if (properties !== undefined) {
    will.properties = properties;
  }
  return will;
}

/**
 * Writes CONNECT in its own `protocolVersion`. In 3.1 and 3.1.1 properties are left out.
 *
 * @throws TypeError or RangeError for values that MQTT cannot carry; RangeError before MQTT 5.0 for
 *   a password without user name, and for a bridge on MQTT 5.0.
 */
export function encodeConnect(writer: ByteWriter, packet: ConnectPacket): void {
  const { protocolVersion: version, will } = packet;
  requireEncodable(packet);
  writer.u8(0x10);
  const start = writer.openLength(0);
  writer.string(version === 3 ? "MQIsdp" : "MQTT", "Protocol Name");
  writer.u8(packet.bridge === true ? version | BRIDGE_BIT : version);
  writer.u8(connectFlags(packet));
  writer.u16(requireInteger(packet.keepAliveSeconds, "keepAliveSeconds", 0, 0xffff));
  if (version === 5) {
    encodeProperties(writer, "connect", packet.properties);
  }
  writer.string(packet.clientId, "clientId");
  if (will !== undefined) {
    encodeWill(writer, will, version);
  }
  if (packet.userName !== undefined) {
    writer.string(packet.userName, "userName");
  }
  if (packet.password !== undefined) {
    writer.binary(packet.password, "password");
  }
  writer.closeLength(start, 0);
}

function requireEncodable(packet: ConnectPacket): void {
  const version = requireInteger(packet.protocolVersion, "protocolVersion", 3, 5);
  if (version !== 5 && packet.password !== undefined && packet.userName === undefined) {
    throw new RangeError("a password needs a userName before MQTT 5.0");
  }
  if (version === 5 && packet.bridge === true) {
    throw new RangeError("MQTT 5.0 has no bridge bit");
  }
  const { authenticationData, authenticationMethod } = packet.properties ?? {};
  if (version === 5 && authenticationData !== undefined && authenticationMethod === undefined) {
    throw new RangeError("authenticationData needs an authenticationMethod");
  }
}

function connectFlags(packet: ConnectPacket): number {
  const { will } = packet;
  return (
    (packet.userName === undefined ? 0 : USER_NAME_BIT) |
    (packet.password === undefined ? 0 : PASSWORD_BIT) |
    (will === undefined ? 0 : willFlags(will)) |
    (packet.cleanStart ? CLEAN_START_BIT : 0)
  );
}

function willFlags(will: Will): number {
  return WILL_BIT | (requireQos(will.qos) << 3) | (will.retain ? WILL_RETAIN_BIT : 0);
}

function encodeWill(writer: ByteWriter, will: Will, version: ProtocolVersion): void {
  if (version === 5) {
    encodeProperties(writer, "will", will.properties);
  }
  encodeNonEmptyTopicName(writer, will.topic, "Will Topic");
  writer.binary(will.payload, "Will Payload");
}
