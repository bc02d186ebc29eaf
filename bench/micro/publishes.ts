import { encodePacket } from "@anax/protocol";

/** PUBLISH packets of 64 bytes of payload to these topics, one behind the other, as a socket's read brings them. */
export function publishesTo(
  topics: readonly string[],
  { qos = 0, version = 4 }: { qos?: 0 | 1 | 2; version?: 4 | 5 } = {},
): Uint8Array {
  const flags = { qos, retain: false, duplicate: false } as const;
  const payload = new Uint8Array(64);
  const packets = topics.map((topic, index) => {
    const identifier = qos === 0 ? {} : { packetIdentifier: index + 1 };
    return encodePacket({ type: "publish", topic, payload, ...flags, ...identifier }, version);
  });
  return new Uint8Array(Buffer.concat(packets));
}
