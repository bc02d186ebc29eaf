import { ByteReader } from "../bytes/byte-reader.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";
import { decodeServerBody, encodeClientBody } from "./client-codec.ts";
import { encodeConnack } from "./connack.ts";
import { decodeConnect, peekProtocolVersion } from "./connect.ts";
import { DEFAULT_DECODE_LIMITS } from "./decode-limits.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import { requireFlags } from "./fixed-header.ts";
import type { Packet } from "./packet.ts";
import { decodePingreq } from "./pingreq.ts";
import { encodePingresp } from "./pingresp.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import { leastPublishSize } from "./publish.ts";
import { encodeSuback } from "./suback.ts";
import { decodeSubscribe } from "./subscribe.ts";
import { encodeUnsuback } from "./unsuback.ts";
import { decodeUnsubscribe } from "./unsubscribe.ts";

const CONNECT_TYPE = 1;

/**
 * Decodes one whole packet: its first byte, and its body (what Remaining Length counts) at
 * start..end of `bytes`. All that the packet holds is copied; `bytes` may be reused afterwards.
 *
 * `version` is that of the connection; CONNECT ignores it and tells it. Which packets a role may
 * receive, and when, is not the codec's business.
 *
 * @throws MalformedPacketError when the bytes cannot be parsed; ProtocolError when they can, but
 *   must not be so. It throws nothing else, whatever the bytes are.
 */
export function decodePacket(
  firstByte: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  version: ProtocolVersion,
  limits: DecodeLimits = DEFAULT_DECODE_LIMITS,
): Packet {
  const isConnect = firstByte >> 4 === CONNECT_TYPE;
  requireFlags(firstByte, isConnect ? peekProtocolVersion(bytes, start, end) : version);
  const reader = new ByteReader(bytes, start, end);
  const packet = decodeBody(firstByte, reader, version, limits);
  reader.finish();
  return packet;
}

function decodeBody(
  firstByte: number,
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): Packet {
  switch (firstByte >> 4) {
    case CONNECT_TYPE:
      return decodeConnect(reader, limits);
    case 8:
      return decodeSubscribe(reader, version, limits);
    case 10:
      return decodeUnsubscribe(reader, version, limits);
    case 12:
      return decodePingreq();
    default:
      return decodeServerBody(firstByte, reader, version, limits);
  }
}

/**
 * Encodes one packet into memory of its own. CONNECT is written in its own `protocolVersion`; for
 * the others `version` is that of the connection. What 3.1 and 3.1.1 have no room for (properties,
 * Reason Codes of acknowledgements, Subscription Options) is left out without a word.
 *
 * @throws TypeError or RangeError for values that cannot be encoded, that a receiver would have to
 *   refuse, or that the version does not know (AUTH before MQTT 5.0).
 */
export function encodePacket(packet: Packet, version: ProtocolVersion): Uint8Array {
  const writer = new ByteWriter(sizeHint(packet, version));
  encodeBody(writer, packet, version);
  return writer.finish();
}

/** Exact for the packets that matter: acknowledgements, and PUBLISH without properties. */
function sizeHint(packet: Packet, version: ProtocolVersion): number {
  return packet.type === "publish" ? leastPublishSize(packet, version) : 4;
}

/**
 * As `encodePacket`, but appends to `writer`. When it throws, the writer is as it was before.
 */
export function encodePacketInto(
  writer: ByteWriter,
  packet: Packet,
  version: ProtocolVersion,
): void {
  const start = writer.length;
  try {
    encodeBody(writer, packet, version);
  } catch (error) {
    writer.length = start;
    throw error;
  }
}

function encodeBody(writer: ByteWriter, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case "connack":
      return encodeConnack(writer, packet, version);
    case "suback":
      return encodeSuback(writer, packet, version);
    case "unsuback":
      return encodeUnsuback(writer, packet, version);
    case "pingresp":
      return encodePingresp(writer);
    default:
      return encodeClientBody(writer, packet, version);
  }
}
