/**
 * The codec of a Client: decodes what a Server sends, encodes what a Client sends. It is the half of
 * `codec.ts` that a Client needs, so that a page does not load the other.
 */
import { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import type { PeerError } from "../errors.ts";
import { decodeAcknowledgement, encodeAcknowledgement } from "./acknowledgement.ts";
import { decodeAuth, encodeAuth } from "./auth.ts";
import { decodeConnack } from "./connack.ts";
import { encodeConnect } from "./connect.ts";
import { DEFAULT_DECODE_LIMITS } from "./decode-limits.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import { decodeDisconnect, encodeDisconnect } from "./disconnect.ts";
import { PUBLISH_TYPE, requireFlags } from "./fixed-header.ts";
import type { ClientPacket, ServerPacket } from "./packet.ts";
import { encodePingreq } from "./pingreq.ts";
import { decodePingresp } from "./pingresp.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import { decodePublish, encodePublish } from "./publish.ts";
import { decodeSuback } from "./suback.ts";
import { encodeSubscribe } from "./subscribe.ts";
import { decodeUnsuback } from "./unsuback.ts";
import { encodeUnsubscribe } from "./unsubscribe.ts";

/**
 * As `decodePacket`, for the packets that a Server sends.
 * @throws as `decodePacket`, and ProtocolError for a packet that only a Client sends.
 */
export function decodeServerPacket(
  firstByte: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  version: ProtocolVersion,
  limits: DecodeLimits = DEFAULT_DECODE_LIMITS,
): ServerPacket {
  requireFlags(firstByte, version);
  const reader = new ByteReader(bytes, start, end);
  const packet = decodeServerBody(firstByte, reader, version, limits);
  reader.finish();
  return packet;
}

/**
 * Decodes the body of a packet that a Server sends.
 * @throws as `decodeServerPacket`
 */
export function decodeServerBody(
  firstByte: number,
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): ServerPacket {
  switch (firstByte >> 4) {
    case 2:
      return decodeConnack(reader, version, limits);
    case PUBLISH_TYPE:
      return decodePublish(firstByte, reader, version, limits);
    case 4:
      return decodeAcknowledgement("puback", reader, version, limits);
    case 5:
      return decodeAcknowledgement("pubrec", reader, version, limits);
    case 6:
      return decodeAcknowledgement("pubrel", reader, version, limits);
    case 7:
      return decodeAcknowledgement("pubcomp", reader, version, limits);
    case 9:
      return decodeSuback(reader, version, limits);
    case 11:
      return decodeUnsuback(reader, version, limits);
    case 13:
      return decodePingresp();
    case 14:
      return decodeDisconnect(reader, version, limits);
    case 15:
      if (version === 5) {
        return decodeAuth(reader, limits);
      }
      break;
  }
  throw unexpectedType(firstByte >> 4);
}

function unexpectedType(type: number): PeerError {
  // 0 is reserved, and so was 15 before MQTT 5.0; the others are packets of a Client.
  const isReserved = type === 0 || type === 15;
  return isReserved
    ? new MalformedPacketError(`Packet type ${type} is reserved`)
    : new ProtocolError(`Packet type ${type} is not allowed`);
}

/** As `encodePacketInto`, for the packets that a Client sends. */
export function encodeClientPacketInto(
  writer: ByteWriter,
  packet: ClientPacket,
  version: ProtocolVersion,
): void {
  const start = writer.length;
  try {
    encodeClientBody(writer, packet, version);
  } catch (error) {
    writer.length = start;
    throw error;
  }
}

/**
 * Appends a packet that a Client sends; when it throws, half a packet is left in the writer.
 * @throws as `encodePacket`
 */
export function encodeClientBody(
  writer: ByteWriter,
  packet: ClientPacket,
  version: ProtocolVersion,
): void {
  switch (packet.type) {
    case "connect":
      return encodeConnect(writer, packet);
    case "publish":
      return encodePublish(writer, packet, version);
    case "puback":
      return encodeAcknowledgement(0x40, packet, writer, version);
    case "pubrec":
      return encodeAcknowledgement(0x50, packet, writer, version);
    case "pubrel":
      return encodeAcknowledgement(0x62, packet, writer, version);
    case "pubcomp":
      return encodeAcknowledgement(0x70, packet, writer, version);
    case "subscribe":
      return encodeSubscribe(writer, packet, version);
    case "unsubscribe":
      return encodeUnsubscribe(writer, packet, version);
    case "pingreq":
      return encodePingreq(writer);
    case "disconnect":
      return encodeDisconnect(writer, packet, version);
    case "auth":
      if (version !== 5) {
        throw new RangeError("auth must not come before MQTT 5.0");
      }
      return encodeAuth(writer, packet);
  }
}
