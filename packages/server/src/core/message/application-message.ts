import type { QoS, UserProperties } from "@anax/protocol";

/** An Application Message as programs see it: what a PUBLISH carries, without what belongs to one delivery. */
export interface ApplicationMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly payloadFormatIndicator?: 0 | 1;
  /** Seconds that the message lives from the moment the server took it; absent: for ever. */
  readonly messageExpiryIntervalSeconds?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  /** In order, names may repeat [MQTT-3.3.2-18]. */
  readonly userProperties?: UserProperties;
}
