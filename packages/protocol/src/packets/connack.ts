import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { Mutable } from "./mutable.ts";
import { receivableReasonCode, sendableReasonCode } from "./packet-reason-codes.ts";
import { decodeProperties, encodeProperties } from "./properties.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import { reasonCodeOfReturnCode, returnCodeOfReasonCode } from "./return-code.ts";
import type { UserProperties } from "./user-properties.ts";

/** Properties of CONNACK (MQTT 5.0). */
export interface ConnackProperties {
  readonly sessionExpiryIntervalSeconds?: number;
  readonly receiveMaximum?: number;
  readonly maximumQos?: 0 | 1;
  readonly retainAvailable?: boolean;
  readonly maximumPacketSize?: number;
  readonly assignedClientId?: string;
  readonly topicAliasMaximum?: number;
  readonly reasonString?: string;
  readonly userProperties?: UserProperties;
  readonly wildcardSubscriptionAvailable?: boolean;
  readonly subscriptionIdentifiersAvailable?: boolean;
  readonly sharedSubscriptionAvailable?: boolean;
  readonly serverKeepAliveSeconds?: number;
  readonly responseInformation?: string;
  readonly serverReference?: string;
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
}

/** CONNACK: the Server's answer to CONNECT. */
export interface ConnackPacket {
  readonly type: "connack";
  readonly sessionPresent: boolean;
  /** Reason Code of MQTT 5.0; in 3.1 and 3.1.1 mapped to and from the return codes 0 to 5. */
  readonly reasonCode: number;
  readonly properties?: ConnackProperties;
}

/**
 * Reads the body of CONNACK. MQTT 3.1 has no Session Present; its first byte means nothing.
 *
 * @throws MalformedPacketError for reserved flags [MQTT-3.2.2-1], and in MQTT 5.0 for a CONNACK of
 *   two bytes (a short form that the specification does not know).
 * @throws ProtocolError 0x82 for a code that CONNACK must not carry [MQTT-3.2.2-8], and for a
 *   refusal with Session Present [MQTT-3.2.2-6].
 */
export function decodeConnack(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): ConnackPacket {
  const flags = reader.u8();
  const code = reader.u8();
  if (version !== 3 && flags > 1) {
    throw new MalformedPacketError(`CONNACK has flags ${flags}`);
  }
  const sessionPresent = version !== 3 && flags === 1;
  const reasonCode =
    version === 5 ? receivableReasonCode(code, "connack") : reasonCodeOfReturnCode(code);
  if (sessionPresent && reasonCode !== 0) {
    throw new ProtocolError("CONNACK refuses with Session Present");
  }
  const packet: Mutable<ConnackPacket> = { type: "connack", sessionPresent, reasonCode };
  const properties = version === 5 ? decodeProperties(reader, "connack", limits) : undefined;
  if (properties !== undefined) {
    packet.properties = properties;
  }
  return packet;
}

/**
 * Writes CONNACK. In 3.1 and 3.1.1 the Reason Code becomes the return code nearest in sense and
 * properties are left out; in 3.1 Session Present is, too.
 *
 * @throws RangeError for a code that CONNACK must not carry [MQTT-3.2.2-8], and for a refusal with
 *   Session Present [MQTT-3.2.2-6].
 */
export function encodeConnack(
  writer: ByteWriter,
  packet: ConnackPacket,
  version: ProtocolVersion,
): void {
  const reasonCode = sendableReasonCode(packet.reasonCode, "connack");
  if (packet.sessionPresent && reasonCode !== 0) {
    throw new RangeError("A CONNACK that refuses must not have sessionPresent");
  }
  writer.u8(0x20);
  const start = writer.openLength(0);
  writer.u8(packet.sessionPresent && version !== 3 ? 1 : 0);
  if (version === 5) {
    writer.u8(reasonCode);
    encodeProperties(writer, "connack", packet.properties);
  } else {
    writer.u8(returnCodeOfReasonCode(reasonCode));
  }
  writer.closeLength(start, 0);
}
