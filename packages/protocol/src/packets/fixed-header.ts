import { MalformedPacketError } from "../errors.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

/** Packet type of PUBLISH, in the high half of the first byte; the one whose flags vary. */
export const PUBLISH_TYPE = 3;

/** Fixed-header flags by packet type; PUBLISH (3) has its own. */
const FLAGS: readonly number[] = [0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0];
const QOS_BITS = 0x06;

/**
 * MQTT 3.1 calls the other flags of a packet not used, which is no reason to refuse it. PUBREL, SUBSCRIBE and
 * UNSUBSCRIBE have QoS 1 there, and DUP when they are sent again.
 *
 * @throws MalformedPacketError for flags that the packet must not have [MQTT-2.1.3-1].
 */
export function requireFlags(firstByte: number, version: ProtocolVersion | undefined): void {
  const type = firstByte >> 4;
  const flags = firstByte & 0x0f;
  const expected = FLAGS[type];
  if (flags === expected || type === PUBLISH_TYPE) {
    return;
  }
  if (version === 3 && (expected === 0 || (flags & QOS_BITS) === expected)) {
    return;
  }
  throw new MalformedPacketError(`Packet type ${type} has flags ${flags}`);
}
