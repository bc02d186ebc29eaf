/**
 * Section 2.2.2: properties that a packet must not hold, and values that a property must not have.
 * The legal properties of each packet are written here from the tables of the standard, apart from
 * the tables of the code under test.
 */
import type { Scenario } from "../scenario.ts";
import { integer } from "../wire/notation.ts";

/** One legal example of every property, in notation. */
const EXAMPLES: Readonly<Record<number, string>> = {
  0x01: "01 00",
  0x02: "02 0000000A",
  0x03: '03 "type"',
  0x08: '08 "answer"',
  0x09: "09 [ 01 ]",
  0x0b: "0B 01",
  0x11: "11 00000000",
  0x12: '12 "assigned"',
  0x13: "13 000A",
  0x15: '15 "method"',
  0x16: "16 [ 01 ]",
  0x17: "17 01",
  0x18: "18 00000001",
  0x19: "19 01",
  0x1a: '1A "information"',
  0x1c: '1C "server"',
  0x1f: '1F "reason"',
  0x21: "21 000A",
  0x22: "22 000A",
  0x23: "23 0001",
  0x24: "24 01",
  0x25: "25 01",
  0x26: '26 "n" "v"',
  0x27: "27 00010000",
  0x28: "28 01",
  0x29: "29 01",
  0x2a: "2A 01",
};

const KNOWN = Object.keys(EXAMPLES).map(Number);
const UNKNOWN = [
  0x00, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0c, 0x10, 0x14, 0x1b, 0x1d, 0x1e, 0x20, 0x2b, 0x7f,
];

/** A packet with properties; `$` is replaced by them. */
interface Carrier {
  readonly name: string;
  readonly packet: string;
  readonly legal: readonly number[];
  readonly phase: "connect" | "connected";
}

const CARRIERS: readonly Carrier[] = [
  {
    name: "CONNECT",
    packet: '10 { "MQTT" 05 02 0000 { $ } "properties" }',
    legal: [0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27],
    phase: "connect",
  },
  {
    name: "the Will",
    packet: '10 { "MQTT" 05 06 0000 {} "properties" { $ } "t" "m" }',
    legal: [0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26],
    phase: "connect",
  },
  {
    name: "PUBLISH",
    packet: "30 { \"a\" { $ } 'x' }",
    // 0x0B is known there but only from a server: see the scenarios of Subscription Identifiers.
    legal: [0x01, 0x02, 0x03, 0x08, 0x09, 0x0b, 0x23, 0x26],
    phase: "connected",
  },
  { name: "PUBACK", packet: "40 { 0001 00 { $ } }", legal: [0x1f, 0x26], phase: "connected" },
  { name: "PUBREC", packet: "50 { 0001 00 { $ } }", legal: [0x1f, 0x26], phase: "connected" },
  { name: "PUBREL", packet: "62 { 0001 00 { $ } }", legal: [0x1f, 0x26], phase: "connected" },
  { name: "PUBCOMP", packet: "70 { 0001 00 { $ } }", legal: [0x1f, 0x26], phase: "connected" },
  {
    name: "SUBSCRIBE",
    packet: '82 { 0001 { $ } "a" 00 }',
    legal: [0x0b, 0x26],
    phase: "connected",
  },
  { name: "UNSUBSCRIBE", packet: 'A2 { 0001 { $ } "a" }', legal: [0x26], phase: "connected" },
  {
    name: "DISCONNECT",
    packet: "E0 { 00 { $ } }",
    // 0x1C is known there but only from a server.
    legal: [0x11, 0x1c, 0x1f, 0x26],
    phase: "connected",
  },
];

function foreignProperties({ name, packet, legal, phase }: Carrier): Scenario {
  return {
    title: `a property that does not belong to ${name} is malformed`,
    statements: { v5: ["U-2.2.2.2-1", "MQTT-4.13.1-1"] },
    run: async (context) => {
      for (const identifier of KNOWN.filter((known) => !legal.includes(known))) {
        const peer = phase === "connect" ? await context.open() : await context.connect();
        peer.send(packet.replace("$", () => EXAMPLES[identifier] ?? ""));
        if (phase === "connect") await peer.expectRefusal(0x81, 0x82);
        else await peer.expectDisconnect(0x81, 0x82);
      }
    },
  };
}

function unknownProperties({ name, packet, phase }: Carrier): Scenario {
  return {
    title: `an unknown property in ${name} is malformed`,
    statements: { v5: ["U-2.2.2.2-1", "MQTT-4.13.1-1"] },
    run: async (context) => {
      for (const identifier of UNKNOWN) {
        const peer = phase === "connect" ? await context.open() : await context.connect();
        peer.send(packet.replace("$", `${integer(identifier, 1)} 00`));
        if (phase === "connect") await peer.expectRefusal(0x81);
        else await peer.expectDisconnect(0x81);
      }
    },
  };
}

/** Property blocks that end inside a property, or beyond the packet. */
const BROKEN_BLOCKS = [
  "05 26 0001",
  "09 26 0001 'n' 0001 'v'",
  "01 26",
  "FF FF FF 7F",
  "80",
  "03 02 0000",
];

function brokenBlocks({ name, packet, phase }: Carrier): Scenario {
  return {
    title: `a Property Length of ${name} that ends inside a property or beyond the packet is malformed`,
    statements: { v5: ["U-2.2.2.2-2"] },
    run: async (context) => {
      for (const block of BROKEN_BLOCKS) {
        const peer = phase === "connect" ? await context.open() : await context.connect();
        peer.send(`${packet.slice(0, packet.indexOf("{ $ }"))} ${block} }`);
        if (phase === "connect") await peer.expectRefusal(0x81);
        else await peer.expectDisconnect(0x81);
      }
    },
  };
}

/** A property twice, or with a value that it must not have. */
interface BadProperty {
  readonly name: string;
  readonly packet: string;
  readonly codes?: readonly number[];
  readonly statements: readonly string[];
}

function connectWith(properties: string): string {
  return `10 { "MQTT" 05 02 0000 { ${properties} } "properties" }`;
}

function willWith(properties: string): string {
  return `10 { "MQTT" 05 06 0000 {} "properties" { ${properties} } "t" "m" }`;
}

const BAD_IN_CONNECT: readonly BadProperty[] = [
  {
    name: "Session Expiry Interval twice",
    packet: connectWith("11 00000001 11 00000001"),
    statements: ["U-3.1.2.11.2-1"],
  },
  {
    name: "Receive Maximum twice",
    packet: connectWith("21 0001 21 0001"),
    statements: ["U-3.1.2.11.3-1"],
  },
  { name: "Receive Maximum 0", packet: connectWith("21 0000"), statements: ["U-3.1.2.11.3-1"] },
  {
    name: "Maximum Packet Size twice",
    packet: connectWith("27 00010000 27 00010000"),
    statements: ["U-3.1.2.11.4-1"],
  },
  {
    name: "Maximum Packet Size 0",
    packet: connectWith("27 00000000"),
    statements: ["U-3.1.2.11.4-1"],
  },
  {
    name: "Topic Alias Maximum twice",
    packet: connectWith("22 0001 22 0001"),
    statements: ["U-3.1.2.11.5-1"],
  },
  {
    name: "Request Response Information twice",
    packet: connectWith("19 00 19 00"),
    statements: ["U-3.1.2.11.6-1"],
  },
  {
    name: "Request Response Information 2",
    packet: connectWith("19 02"),
    statements: ["U-3.1.2.11.6-1"],
  },
  {
    name: "Request Problem Information twice",
    packet: connectWith("17 00 17 00"),
    statements: ["U-3.1.2.11.7-1"],
  },
  {
    name: "Request Problem Information 2",
    packet: connectWith("17 02"),
    statements: ["U-3.1.2.11.7-1"],
  },
  {
    name: "Authentication Method twice",
    packet: connectWith('15 "m" 15 "m"'),
    statements: ["U-3.1.2.11.9-1"],
  },
  {
    name: "Authentication Data twice",
    packet: connectWith('15 "m" 16 [01] 16 [01]'),
    statements: ["U-3.1.2.11.10-1"],
  },
  {
    name: "Authentication Data without a method",
    packet: connectWith("16 [01]"),
    statements: ["U-3.1.2.11.10-2"],
  },
  {
    name: "Will Delay Interval twice",
    packet: willWith("18 00000001 18 00000001"),
    statements: ["U-3.1.3.2-1"],
  },
  {
    name: "Payload Format Indicator of the Will twice",
    packet: willWith("01 00 01 00"),
    statements: ["U-3.1.3.2-1"],
  },
  {
    name: "Message Expiry Interval of the Will twice",
    packet: willWith("02 00000001 02 00000001"),
    statements: ["U-3.1.3.2-1"],
  },
  {
    name: "Content Type of the Will twice",
    packet: willWith('03 "t" 03 "t"'),
    statements: ["U-3.1.3.2-1"],
  },
  {
    name: "Response Topic of the Will twice",
    packet: willWith('08 "t" 08 "t"'),
    statements: ["U-3.1.3.2-1"],
  },
  {
    name: "Correlation Data of the Will twice",
    packet: willWith("09 [01] 09 [01]"),
    statements: ["U-3.1.3.2-1"],
  },
  // The standard gives no class to these two. Ours: a Protocol Error, like its neighbours.
  {
    name: "Payload Format Indicator 2 of the Will",
    packet: willWith("01 02"),
    statements: ["U-3.1.3.2-1"],
  },
  {
    name: "a wildcard in the Response Topic of the Will",
    packet: willWith('08 "a/+"'),
    codes: [0x82, 0x90, 0x81],
    statements: ["MQTT-3.3.2-14"],
  },
];

function publishWith(properties: string): string {
  return `30 { "a" { ${properties} } 'x' }`;
}

const BAD_AFTER_CONNECT: readonly BadProperty[] = [
  // The standard calls neither of the first three an error in PUBLISH. Ours: as in the Will.
  {
    name: "Payload Format Indicator twice",
    packet: publishWith("01 00 01 00"),
    statements: ["MQTT-4.13.1-1"],
  },
  {
    name: "Payload Format Indicator 2",
    packet: publishWith("01 02"),
    statements: ["MQTT-4.13.1-1"],
  },
  {
    name: "Message Expiry Interval twice",
    packet: publishWith("02 00000001 02 00000001"),
    statements: ["MQTT-4.13.1-1"],
  },
  {
    name: "Content Type twice",
    packet: publishWith('03 "t" 03 "t"'),
    statements: ["U-3.3.2.3.5-1"],
  },
  {
    name: "Response Topic twice",
    packet: publishWith('08 "t" 08 "t"'),
    statements: ["U-3.3.2.3.5-1"],
  },
  {
    name: "Correlation Data twice",
    packet: publishWith("09 [01] 09 [01]"),
    statements: ["U-3.3.2.3.5-1"],
  },
  {
    name: "Topic Alias twice",
    packet: publishWith("23 0001 23 0001"),
    codes: [0x82],
    statements: ["U-3.3.2.3.4-1"],
  },
  {
    name: "a wildcard in the Response Topic",
    packet: publishWith('08 "a/#"'),
    codes: [0x82, 0x90, 0x81],
    statements: ["MQTT-3.3.2-14"],
  },
  {
    name: "Subscription Identifier twice in SUBSCRIBE",
    packet: '82 { 0001 { 0B 01 0B 01 } "a" 00 }',
    statements: ["U-3.8.2.1.2-1"],
  },
  {
    name: "Subscription Identifier 0 in SUBSCRIBE",
    packet: '82 { 0001 { 0B 00 } "a" 00 }',
    statements: ["U-3.8.2.1.2-1"],
  },
  {
    name: "Reason String twice in PUBACK",
    packet: '40 { 0001 00 { 1F "r" 1F "r" } }',
    statements: ["U-3.2.2.3.9-1"],
  },
  {
    name: "Reason String twice in PUBREC",
    packet: '50 { 0001 00 { 1F "r" 1F "r" } }',
    statements: ["U-3.2.2.3.9-1"],
  },
  {
    name: "Reason String twice in PUBREL",
    packet: '62 { 0001 00 { 1F "r" 1F "r" } }',
    statements: ["U-3.2.2.3.9-1"],
  },
  {
    name: "Reason String twice in PUBCOMP",
    packet: '70 { 0001 00 { 1F "r" 1F "r" } }',
    statements: ["U-3.2.2.3.9-1"],
  },
  {
    name: "Reason String twice in DISCONNECT",
    packet: 'E0 { 00 { 1F "r" 1F "r" } }',
    statements: ["U-3.2.2.3.9-1"],
  },
  {
    name: "Session Expiry Interval twice in DISCONNECT",
    packet: "E0 { 00 { 11 00000000 11 00000000 } }",
    statements: ["U-3.1.2.11.2-1"],
  },
];

function badInConnect({ name, packet, codes, statements }: BadProperty): Scenario {
  return {
    title: `${name} is refused`,
    statements: { v5: statements },
    run: async (context) => {
      const peer = await context.open();
      peer.send(packet);
      await peer.expectRefusal(...(codes ?? [0x82, 0x81]));
    },
  };
}

function badAfterConnect({ name, packet, codes, statements }: BadProperty): Scenario {
  return {
    title: `${name} ends the connection`,
    statements: { v5: statements },
    run: async (context) => {
      const peer = await context.connect();
      peer.send(packet);
      await peer.expectDisconnect(...(codes ?? [0x82, 0x81]));
    },
  };
}

export const PROPERTY_SCENARIOS: readonly Scenario[] = [
  ...CARRIERS.map(foreignProperties),
  ...CARRIERS.map(unknownProperties),
  ...CARRIERS.map(brokenBlocks),
  ...BAD_IN_CONNECT.map(badInConnect),
  ...BAD_AFTER_CONNECT.map(badAfterConnect),
];
