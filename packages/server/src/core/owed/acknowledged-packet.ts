import type { PubackPacket, PubcompPacket, PubrecPacket } from "@anax/protocol";

/** The packets by which a subscriber ends the delivery of a message. */
export type AcknowledgedPacket = PubackPacket | PubrecPacket | PubcompPacket;
