import { ByteReader } from "../bytes/byte-reader.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";
import { MalformedPacketError } from "../errors.ts";
import { decodeAuth, encodeAuth } from "./auth.ts";
import { decodeConnack, encodeConnack } from "./connack.ts";
import { decodeConnect, encodeConnect } from "./connect.ts";
import { DEFAULT_DECODE_LIMITS } from "./decode-limits.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import { decodeDisconnect, encodeDisconnect } from "./disconnect.ts";
import type { Packet } from "./packet.ts";
import { decodePingreq, encodePingreq } from "./pingreq.ts";
import { decodePingresp, encodePingresp } from "./pingresp.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import { decodePuback, encodePuback } from "./puback.ts";
import { decodePubcomp, encodePubcomp } from "./pubcomp.ts";
import { decodePublish, encodePublish, leastPublishSize } from "./publish.ts";
import { decodePubrec, encodePubrec } from "./pubrec.ts";
import { decodePubrel, encodePubrel } from "./pubrel.ts";
import { decodeSuback, encodeSuback } from "./suback.ts";
import { decodeSubscribe, encodeSubscribe } from "./subscribe.ts";
import { decodeUnsuback, encodeUnsuback } from "./unsuback.ts";
import { decodeUnsubscribe, encodeUnsubscribe } from "./unsubscribe.ts";

/** Fixed-header flags by packet type; PUBLISH (3) has its own. */
const FLAGS: readonly number[] = [0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0];
const PUBLISH_TYPE = 3;
const DUP_BIT = 0x08;

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
  requireFlags(firstByte, version);
  const reader = new ByteReader(bytes, start, end);
  const packet = decodeBody(firstByte, reader, version, limits);
  reader.finish();
  return packet;
}

/** @throws MalformedPacketError for flags that the packet must not have [MQTT-2.1.3-1]. */
function requireFlags(firstByte: number, version: ProtocolVersion): void {
  const type = firstByte >> 4;
  const flags = firstByte & 0x0f;
  const expected = FLAGS[type];
  if (flags === expected || type === PUBLISH_TYPE) {
    return;
  }
  // MQTT 3.1 sends PUBREL, SUBSCRIBE and UNSUBSCRIBE again with DUP set.
  if (version === 3 && expected === 2 && flags === (2 | DUP_BIT)) {
    return;
  }
  throw new MalformedPacketError(`Flags ${flags} are wrong for packet type ${type}`);
}

// oxlint-disable-next-line complexity -- the one switch over all packet types
function decodeBody(
  firstByte: number,
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): Packet {
  switch (firstByte >> 4) {
    case 1:
      return decodeConnect(reader, limits);
    case 2:
      return decodeConnack(reader, version, limits);
    case PUBLISH_TYPE:
      return decodePublish(firstByte, reader, version, limits);
    case 4:
      return decodePuback(reader, version, limits);
    case 5:
      return decodePubrec(reader, version, limits);
    case 6:
      return decodePubrel(reader, version, limits);
    case 7:
      return decodePubcomp(reader, version, limits);
    case 8:
      return decodeSubscribe(reader, version, limits);
    case 9:
      return decodeSuback(reader, version, limits);
    case 10:
      return decodeUnsubscribe(reader, version, limits);
    case 11:
      return decodeUnsuback(reader, version, limits);
    case 12:
      return decodePingreq();
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
  throw new MalformedPacketError(`Packet type ${firstByte >> 4} is reserved`);
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

// oxlint-disable-next-line complexity -- the one switch over all packet types
function encodeBody(writer: ByteWriter, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case "connect":
      return encodeConnect(writer, packet);
    case "connack":
      return encodeConnack(writer, packet, version);
    case "publish":
      return encodePublish(writer, packet, version);
    case "puback":
      return encodePuback(writer, packet, version);
    case "pubrec":
      return encodePubrec(writer, packet, version);
    case "pubrel":
      return encodePubrel(writer, packet, version);
    case "pubcomp":
      return encodePubcomp(writer, packet, version);
    case "subscribe":
      return encodeSubscribe(writer, packet, version);
    case "suback":
      return encodeSuback(writer, packet, version);
    case "unsubscribe":
      return encodeUnsubscribe(writer, packet, version);
    case "unsuback":
      return encodeUnsuback(writer, packet, version);
    case "pingreq":
      return encodePingreq(writer);
    case "pingresp":
      return encodePingresp(writer);
    case "disconnect":
      return encodeDisconnect(writer, packet, version);
    case "auth":
      if (version !== 5) {
        throw new RangeError(`AUTH does not exist in version ${version}`);
      }
      return encodeAuth(writer, packet);
  }
}
