import type { AcknowledgementProperties } from "./acknowledgement.ts";

/** PUBCOMP: answers PUBREL and ends a QoS 2 exchange. */
export interface PubcompPacket {
  readonly type: "pubcomp";
  readonly packetIdentifier: number;
  /** 0 in 3.1 and 3.1.1, which have no Reason Code here. */
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}
