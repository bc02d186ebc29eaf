import { MalformedPacketError } from "../errors.ts";

/** Quality of Service: 0 at most once, 1 at least once, 2 exactly once. */
export type QoS = 0 | 1 | 2;

/** The QoS that two bits hold. @throws MalformedPacketError for 3 [MQTT-3.3.1-4]. */
export function decodeQos(bits: number): QoS {
  if (bits === 0 || bits === 1 || bits === 2) {
    return bits;
  }
  throw new MalformedPacketError(`QoS ${String(bits)} does not exist`);
}

/** The QoS itself. @throws RangeError when it is not 0, 1 or 2. */
export function requireQos(qos: QoS): QoS {
  if (qos === 0 || qos === 1 || qos === 2) {
    return qos;
  }
  throw new RangeError(`QoS ${String(qos)} does not exist`);
}
