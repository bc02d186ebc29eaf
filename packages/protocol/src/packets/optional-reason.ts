import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { Mutable } from "./mutable.ts";
import { receivableReasonCode } from "./packet-reason-codes.ts";
import { decodeProperties, encodeProperties } from "./properties.ts";
import type { PropertiesByOwner } from "./property-table.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

// How the four acknowledgements and DISCONNECT end: a Reason Code and properties, which both may be
// missing in MQTT 5.0, and before it always are.

type OwnerOfReason = "puback" | "pubrec" | "pubrel" | "pubcomp" | "disconnect";

interface WithReason<Owner extends OwnerOfReason> {
  readonly type: Owner;
  readonly reasonCode: number;
  readonly properties?: PropertiesByOwner[Owner];
}

/**
 * Reads them into the packet, whose Reason Code is 0 so far.
 * @throws ProtocolError 0x82 for a code that the packet must not carry.
 */
export function decodeOptionalReason<Owner extends OwnerOfReason>(
  packet: Mutable<WithReason<Owner>>,
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): void {
  if (version !== 5 || reader.remaining === 0) return;
  packet.reasonCode = receivableReasonCode(reader.u8(), packet.type);
  if (reader.remaining === 0) return;
  const properties = decodeProperties(reader, packet.type, limits);
  if (properties !== undefined) packet.properties = properties;
}

/** Writes them in the shortest form: properties that say nothing are left out with their length. */
export function encodeOptionalReason<Owner extends OwnerOfReason>(
  { type, reasonCode, properties }: WithReason<Owner>,
  writer: ByteWriter,
  version: ProtocolVersion,
): void {
  if (version !== 5 || (reasonCode === 0 && properties === undefined)) return;
  const start = writer.length;
  writer.u8(reasonCode);
  if (properties === undefined) return;
  encodeProperties(writer, type, properties);
  const isEmpty = writer.length === start + 2;
  if (isEmpty) writer.length = reasonCode === 0 ? start : start + 1;
}
