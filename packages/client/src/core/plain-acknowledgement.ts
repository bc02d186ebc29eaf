/**
 * The hot path of acknowledgements: PUBACK, PUBREC and PUBCOMP that say yes and nothing more, which nearly all do. They
 * are told to `OutgoingMessages` without a reader and without the checks that such a packet cannot fail. Everything
 * else is left to the codec.
 */
import type { Framer, ProtocolVersion } from "@anax/protocol";
import type { OutgoingMessages } from "./outgoing.ts";

const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBCOMP = 0x70;
/** The success that a server adds when nobody has subscribed. */
const NO_MATCHING_SUBSCRIBERS = 0x10;

/** Passes the acknowledgement on; false when the codec has to look at the packet. */
export function readPlainAcknowledgement(
  { firstByte, bytes, bodyStart: start, end }: Framer,
  version: ProtocolVersion,
  outgoing: Pick<OutgoingMessages, "puback" | "pubrec" | "pubcomp">,
): boolean {
  const length = end - start;
  if (length !== 2 && (length !== 3 || version !== 5)) return false;
  const packetIdentifier = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  if (packetIdentifier === 0) return false;
  const reasonCode = length === 2 ? 0 : (bytes[start + 2] ?? 0);
  if (reasonCode !== 0 && (reasonCode !== NO_MATCHING_SUBSCRIBERS || firstByte === PUBCOMP)) {
    return false;
  }
  switch (firstByte) {
    case PUBACK:
      outgoing.puback({ type: "puback", packetIdentifier, reasonCode });
      return true;
    case PUBREC:
      outgoing.pubrec({ type: "pubrec", packetIdentifier, reasonCode });
      return true;
    case PUBCOMP:
      outgoing.pubcomp({ type: "pubcomp", packetIdentifier, reasonCode });
      return true;
    default:
      return false;
  }
}
