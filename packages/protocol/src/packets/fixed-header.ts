import { MalformedPacketError } from "../errors.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

/** Packet type of PUBLISH, in the high half of the first byte; the one whose flags vary. */
export const PUBLISH_TYPE = 3;

/** Fixed-header flags by packet type; PUBLISH (3) has its own. */
const FLAGS: readonly number[] = [0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0];
const DUP_BIT = 0x08;

/** @throws MalformedPacketError for flags that the packet must not have [MQTT-2.1.3-1]. */
export function requireFlags(firstByte: number, version: ProtocolVersion): void {
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
  throw new MalformedPacketError(`Packet type ${type} has flags ${flags}`);
}
