import { ByteWriter, decodePacket, encodePacket, encodePacketInto, Framer } from "@anax/protocol";
import type { PublishPacket } from "@anax/protocol";
import type { MicroCase, MicroGroup } from "./micro-case.ts";

const PACKETS = 500;
const PACKET_SIZE_MAX = 1_048_576;

const PLAIN: PublishPacket = {
  type: "publish",
  topic: "plants/7/soil",
  payload: new Uint8Array(64),
  qos: 1,
  retain: false,
  duplicate: false,
  packetIdentifier: 1,
};
const WITH_PROPERTIES: PublishPacket = {
  ...PLAIN,
  properties: {
    contentType: "text/plain",
    userProperties: [
      ["unit", "celsius"],
      ["room", "kitchen"],
    ],
  },
};

function repeated(packet: PublishPacket, version: 4 | 5): Uint8Array {
  const bytes = encodePacket(packet, version);
  const all = new Uint8Array(bytes.length * PACKETS);
  for (let index = 0; index < PACKETS; index += 1) all.set(bytes, index * bytes.length);
  return all;
}

/** Finds the packets of one read. */
function framing(): MicroCase {
  const chunk = repeated(PLAIN, 4);
  const framer = new Framer(PACKET_SIZE_MAX);
  const run = (): number => {
    let found = 0;
    framer.push(chunk);
    while (framer.next()) found += framer.end;
    framer.release();
    return found;
  };
  return { name: "find a PUBLISH in a read", run, times: PACKETS };
}

function decoding(name: string, packet: PublishPacket, version: 4 | 5): MicroCase {
  const chunk = repeated(packet, version);
  const framer = new Framer(PACKET_SIZE_MAX);
  const run = (): unknown => {
    let last: unknown;
    framer.push(chunk);
    while (framer.next()) {
      const { firstByte, bytes, bodyStart, end } = framer;
      last = decodePacket(firstByte, bytes, bodyStart, end, version);
    }
    framer.release();
    return last;
  };
  return { name, run, times: PACKETS };
}

function encoding(name: string, packet: PublishPacket, version: 4 | 5): MicroCase {
  const run = (): number => {
    const writer = new ByteWriter(PACKETS * 200);
    for (let index = 0; index < PACKETS; index += 1) encodePacketInto(writer, packet, version);
    return writer.length;
  };
  return { name, run, times: PACKETS };
}

/** From bytes to packets and back. */
export const CODEC: MicroGroup = {
  name: "codec",
  measure: (cases) =>
    cases([
      framing(),
      decoding("decode PUBLISH, 3.1.1", PLAIN, 4),
      decoding("decode PUBLISH, 5.0 with properties", WITH_PROPERTIES, 5),
      encoding("encode PUBLISH, 3.1.1", PLAIN, 4),
      encoding("encode PUBLISH, 5.0 with properties", WITH_PROPERTIES, 5),
    ]),
};
