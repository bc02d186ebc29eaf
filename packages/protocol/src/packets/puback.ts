import type { AcknowledgementProperties } from "./acknowledgement.ts";

/** PUBACK: answers a PUBLISH of QoS 1. */
export interface PubackPacket {
  readonly type: "puback";
  readonly packetIdentifier: number;
  /** 0 in 3.1 and 3.1.1, which have no Reason Code here. */
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}
