import type { AcknowledgementProperties } from "./acknowledgement.ts";

/** PUBREL: answers PUBREC; the sender will not send that PUBLISH again. */
export interface PubrelPacket {
  readonly type: "pubrel";
  readonly packetIdentifier: number;
  /** 0 in 3.1 and 3.1.1, which have no Reason Code here. */
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}
