import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { ProtocolError } from "../errors.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import { receivableReasonCode, sendableReasonCode } from "./packet-reason-codes.ts";
import { decodeProperties, encodeProperties } from "./properties.ts";
import type { UserProperties } from "./user-properties.ts";

/** Properties of AUTH. */
export interface AuthProperties {
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
  readonly reasonString?: string;
  readonly userProperties?: UserProperties;
}

/** AUTH: one step of an enhanced authentication (MQTT 5.0 only). */
export interface AuthPacket {
  readonly type: "auth";
  readonly reasonCode: number;
  readonly properties?: AuthProperties;
}

/**
 * Reads the body of AUTH.
 * @throws ProtocolError 0x82 without Authentication Method, and so for the two short forms, which
 *   have no room for it; and for a code that AUTH must not carry [MQTT-3.15.2-1].
 */
export function decodeAuth(reader: ByteReader, limits: DecodeLimits): AuthPacket {
  const reasonCode = reader.remaining > 0 ? receivableReasonCode(reader.u8(), "auth") : 0;
  const properties = reader.remaining > 0 ? decodeProperties(reader, "auth", limits) : undefined;
  if (properties?.authenticationMethod === undefined) {
    throw new ProtocolError("AUTH has no Authentication Method");
  }
  return { type: "auth", reasonCode, properties };
}

/**
 * Writes AUTH.
 * @throws RangeError for a code that AUTH must not carry [MQTT-3.15.2-1]; TypeError without
 *   Authentication Method.
 */
export function encodeAuth(writer: ByteWriter, packet: AuthPacket): void {
  if (packet.properties?.authenticationMethod === undefined) {
    throw new TypeError("AUTH has no Authentication Method");
  }
  writer.u8(0xf0);
  const start = writer.openLength(0);
  writer.u8(sendableReasonCode(packet.reasonCode, "auth"));
  encodeProperties(writer, "auth", packet.properties);
  writer.closeLength(start, 0);
}
