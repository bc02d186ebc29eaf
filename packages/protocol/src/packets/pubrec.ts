import type { AcknowledgementProperties } from "./acknowledgement.ts";

/** PUBREC: first answer to a PUBLISH of QoS 2. */
export interface PubrecPacket {
  readonly type: "pubrec";
  readonly packetIdentifier: number;
  /** 0 in 3.1 and 3.1.1, which have no Reason Code here. */
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}
