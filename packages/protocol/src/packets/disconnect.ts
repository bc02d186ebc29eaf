import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { Mutable } from "./mutable.ts";
import { decodeOptionalReason, encodeOptionalReason } from "./optional-reason.ts";
import { sendableReasonCode } from "./packet-reason-codes.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import type { UserProperties } from "./user-properties.ts";

/** Properties of DISCONNECT (MQTT 5.0). */
export interface DisconnectProperties {
  readonly sessionExpiryIntervalSeconds?: number;
  readonly reasonString?: string;
  readonly userProperties?: UserProperties;
  readonly serverReference?: string;
}

/** DISCONNECT: the last packet of whoever sends it (3.1 and 3.1.1: of the Client only). */
export interface DisconnectPacket {
  readonly type: "disconnect";
  /** 0 in 3.1 and 3.1.1. */
  readonly reasonCode: number;
  readonly properties?: DisconnectProperties;
}

/**
 * Reads the body of DISCONNECT. In MQTT 5.0 a missing Reason Code is 0x00 and a missing Property
 * Length is 0. Who may send which code or property is left to the peer that received it.
 * @throws ProtocolError 0x82 for a code that DISCONNECT must not carry [MQTT-3.14.2-1].
 */
export function decodeDisconnect(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): DisconnectPacket {
  const packet: Mutable<DisconnectPacket> = { type: "disconnect", reasonCode: 0 };
  decodeOptionalReason(packet, reader, version, limits);
  return packet;
}

/**
 * Writes DISCONNECT in its shortest form. In 3.1 and 3.1.1 Reason Code and properties are left out.
 * @throws RangeError for a code that DISCONNECT must not carry [MQTT-3.14.2-1].
 */
export function encodeDisconnect(
  writer: ByteWriter,
  packet: DisconnectPacket,
  version: ProtocolVersion,
): void {
  sendableReasonCode(packet.reasonCode, "disconnect");
  writer.u8(0xe0);
  const start = writer.openLength(0);
  encodeOptionalReason(packet, writer, version);
  writer.closeLength(start, 0);
}
