/** Section 3.1.1 to 3.1.3: a CONNECT that does not fit its format, and the ones that do. */
import type { Scenario, Statements } from "../scenario.ts";
import { integer } from "../wire/notation.ts";

/** A CONNECT that must be refused, with the Reason Codes that fit. */
interface BadConnect {
  readonly title: string;
  readonly packet: string;
  readonly codes: readonly number[];
  readonly statements: Statements;
}

const HEAD = '"MQTT" <05|04>';

const BAD_CONNECTS: readonly BadConnect[] = [
  {
    title: "a reserved bit in the Connect Flags is refused",
    packet: `10 { ${HEAD} 03 0000 <{}> "badflag" }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.2-3", "U-3.1.2.3-1"], v3: ["MQTT-3.1.2-3"] },
  },
  {
    title: "Will QoS 1 without the Will Flag is refused",
    packet: `10 { ${HEAD} 0A 0000 <{}> "badflag" }`,
    codes: [0x81, 0x82],
    statements: {
      v5: ["MQTT-3.1.2-11", "U-3.1.2.7-1"],
      v3: ["MQTT-3.1.2-11", "MQTT-3.1.2-13"],
    },
  },
  {
    title: "Will Retain without the Will Flag is refused",
    packet: `10 { ${HEAD} 22 0000 <{}> "badflag" }`,
    codes: [0x81, 0x82],
    statements: {
      v5: ["MQTT-3.1.2-13", "U-3.1.2.7-1"],
      v3: ["MQTT-3.1.2-11", "MQTT-3.1.2-15"],
    },
  },
  {
    title: "Will QoS 3 is refused",
    packet: `10 { ${HEAD} 1E 0000 <{}> "badflag" <{}> "t" "m" }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.2-12", "U-3.1.2.6-1"], v3: ["MQTT-3.1.2-14"] },
  },
  {
    title: "the Will Flag without a Will Message is refused",
    packet: `10 { ${HEAD} 06 0000 <{}> "nowill" <{}> "t" }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.2-9", "MQTT-3.1.4-1"], v3: ["MQTT-3.1.2-9", "MQTT-3.1.4-1"] },
  },
  {
    title: "the Will Flag without Will Topic is refused",
    packet: `10 { ${HEAD} 06 0000 <{}> "nowill" }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.2-9", "MQTT-3.1.4-1"], v3: ["MQTT-3.1.2-9", "MQTT-3.1.4-1"] },
  },
  {
    title: "the User Name Flag without a User Name is refused",
    packet: `10 { ${HEAD} 82 0000 <{}> "nouser" }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.2-17"], v3: ["MQTT-3.1.2-19"] },
  },
  {
    title: "a User Name without its flag is refused",
    packet: `10 { ${HEAD} 02 0000 <{}> "user" "name" }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.2-16", "U-2.1.4-1"], v3: ["MQTT-3.1.2-18"] },
  },
  {
    title: "the Password Flag without a Password is refused",
    packet: `10 { ${HEAD} C2 0000 <{}> "user" "name" }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.2-19"], v3: ["MQTT-3.1.2-21"] },
  },
  {
    title: "a Password without its flag is refused",
    packet: `10 { ${HEAD} 82 0000 <{}> "user" "name" "password" }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.2-18", "U-2.1.4-1"], v3: ["MQTT-3.1.2-20"] },
  },
  {
    title: "a Password without a User Name is refused",
    packet: `10 { ${HEAD} 42 0000 <{}> "user" "password" }`,
    codes: [],
    statements: { v3: ["MQTT-3.1.2-22"] },
  },
  {
    title: "a CONNECT without a payload is refused",
    packet: `10 { ${HEAD} 02 0000 <{}> }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.3-3"], v3: ["MQTT-3.1.3-3"] },
  },
  {
    title: "a CONNECT that ends in the Keep Alive is refused",
    packet: `10 { ${HEAD} 02 00 }`,
    codes: [0x81],
    statements: { v5: ["MQTT-3.1.4-1", "U-3.1.4-1"], v3: ["MQTT-3.1.4-1", "MQTT-3.2.2-6"] },
  },
  {
    title: "a Protocol Name with other letters is refused",
    packet: `10 { "MQXT" <05|04> 02 0000 <{}> "name" }`,
    codes: [0x84, 0x81, 0x01],
    statements: { v5: ["MQTT-3.1.2-1", "U-3.1.2.1-1"], v3: ["MQTT-3.1.2-1"] },
  },
  {
    title: "a Protocol Name in lower case is refused",
    packet: `10 { "mqtt" <05|04> 02 0000 <{}> "name" }`,
    codes: [0x84, 0x81, 0x01],
    statements: { v5: ["MQTT-3.1.2-1", "U-3.1.2.1-1"], v3: ["MQTT-3.1.2-1"] },
  },
  {
    title: "a longer Protocol Name is refused",
    packet: `10 { "MQTTX" <05|04> 02 0000 <{}> "name" }`,
    codes: [0x84, 0x81, 0x01],
    statements: { v5: ["MQTT-3.1.2-1", "U-3.1.2.1-1"], v3: ["MQTT-3.1.2-1"] },
  },
  {
    title: "a Will Topic with a wildcard is refused",
    packet: `10 { ${HEAD} 06 0000 <{}> "badwill" <{}> "a/#" "m" }`,
    codes: [0x90, 0x81, 0x82],
    statements: { v5: ["MQTT-4.7.0-1"], v3: ["MQTT-4.7.1-1"] },
  },
  {
    title: "an empty Will Topic is refused",
    packet: `10 { ${HEAD} 06 0000 <{}> "badwill" <{}> "" "m" }`,
    codes: [0x90, 0x81, 0x82],
    statements: { v5: ["MQTT-4.7.3-1"], v3: ["MQTT-4.7.3-1"] },
  },
];

const refusals: readonly Scenario[] = BAD_CONNECTS.map((bad) => ({
  title: bad.title,
  statements: bad.statements,
  run: async (context) => {
    const peer = await context.open();
    peer.send(bad.packet);
    await peer.expectRefusal(...bad.codes);
  },
}));

// What the sender of an unknown level understands nobody knows. Ours gets the short form with Return Code 1, which clients of
// every version take for a refusal; the form of 5.0 with 0x84 is right as well.
const unsupportedVersions: Scenario = {
  title: "a Protocol Version that the server does not know is refused",
  statements: { v5: ["MQTT-3.1.2-2", "U-3.1.2.2-1"], v3: ["MQTT-3.1.2-2"] },
  run: async (context) => {
    for (const level of [0, 1, 2, 6, 255]) {
      const peer = await context.open("3.1.1");
      const properties = level > 5 ? "00" : "";
      peer.send(`10 { "MQTT" ${integer(level, 1)} 02 0000 ${properties} "version" }`);
      await peer.expectRefusal(0x01, 0x84);
    }
  },
};

const truncated: Scenario = {
  title: "a CONNECT cut short at any byte, with a Remaining Length to fit, is refused",
  statements: { v5: ["MQTT-3.1.4-1", "U-3.1.4-1"], v3: ["MQTT-3.1.4-1"] },
  run: async (context) => {
    const properties = context.isV5 ? ["00"] : [];
    const bytes = [
      ..."00 04 4D 51 54 54".split(" "),
      context.isV5 ? "05" : "04",
      ..."C6 00 00".split(" "),
      ...properties,
      ..."00 02 63 63".split(" "),
      ...properties,
      ..."00 01 74 00 01 6D 00 01 75 00 01 70".split(" "),
    ];
    for (let count = 0; count < bytes.length; count++) {
      const peer = await context.open();
      peer.send(`10 { ${bytes.slice(0, count).join(" ")} }`);
      await peer.expectRefusal(0x81, 0x82, 0x84, 0x01);
    }
  },
};

const firstPacket: Scenario = {
  title: "any other first packet than CONNECT closes the connection without an answer",
  statements: {
    v5: ["MQTT-3.1.0-1", "U-3.1-1", "MQTT-3.14.0-1"],
    v3: ["MQTT-3.1.0-1"],
  },
  run: async (context) => {
    const packets = [
      "30 { \"a\" <{}> 'x' }",
      '82 { 0001 <{}> "a" 00 }',
      "C0 00",
      "E0 00",
      "40 { 0001 }",
      "62 { 0001 }",
      "20 { 00 00 <{}> }",
      "F0 00",
      "00 00",
    ];
    for (const packet of packets) {
      const peer = await context.open();
      peer.send(packet);
      await peer.expectClosed();
    }
  },
};

const secondConnect: Scenario = {
  title: "a second CONNECT ends the connection, with no second CONNACK",
  statements: {
    v5: ["MQTT-3.1.0-2", "U-3.1-2", "MQTT-3.2.0-2"],
    v3: ["MQTT-3.1.0-2"],
  },
  run: async (context) => {
    const clientId = context.clientId();
    const peer = await context.connect({ clientId });
    peer.send(context.connectPacket({ clientId }));
    await peer.expectDisconnect(0x82);
  },
};

const everyField: Scenario = {
  title: "a CONNECT with every field of the payload is read in the order of the standard",
  statements: {
    v5: ["MQTT-3.1.3-1", "MQTT-3.1.2-9", "MQTT-3.1.2-17", "MQTT-3.1.2-19", "MQTT-3.1.4-5"],
    v3: ["MQTT-3.1.3-1", "MQTT-3.1.2-9", "MQTT-3.1.2-19", "MQTT-3.1.2-21", "MQTT-3.1.4-4"],
  },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const peer = await context.open();
    peer.send(`10 { ${HEAD} C6 FFFF <{ 21 0001 }> "${context.clientId()}"
      <{ 03 "type" }> "${topic}" "message" "user" "password" }`);
    await peer.expectConnack();
    peer.drop();
    await watcher.expect(`30 { "${topic}" <{ 03 "type" }> 'message' }`);
  },
};

const passwordAlone: Scenario = {
  title: "a Password without a User Name is accepted",
  statements: { v5: ["MQTT-3.1.2-19"] },
  run: async (context) => {
    await context.connect({ password: "password" });
  },
};

const everyProperty: Scenario = {
  title: "a CONNECT with each of its properties is accepted",
  statements: { v5: ["MQTT-3.1.4-5", "U-3.2.2.3.10-1"] },
  run: async (context) => {
    await context.connect({
      properties: `11 0000000A  21 0014  27 00100000  22 000A  19 01  17 01  26 "n" "v" 26 "n" "v"`,
      will: {
        topic: context.topic(),
        properties: `18 00000001  01 01  02 0000000A  03 "text"  08 "answer"  09 [00FF] 26 "n" "v"`,
      },
    });
  },
};

const reservedConnackBits: Scenario = {
  title: "a CONNACK has no other flag than Session Present, and a Reason Code of its table",
  statements: {
    v5: ["MQTT-3.2.2-1", "MQTT-3.2.2-8", "MQTT-2.2.2-1"],
    v3: ["MQTT-3.1.4-4", "MQTT-3.2.0-1"],
  },
  run: async (context) => {
    const peer = await context.open();
    peer.send(context.connectPacket());
    await peer.expect("20 { 00 00 <{*}> }");
    await peer.expectNothing();
  },
};

const olderVersion: Scenario = {
  title: "the same port serves 3.1.1 and 5.0, each in its own format",
  statements: { v5: ["U-3.1.4-4"] },
  run: async (context) => {
    for (const version of ["3.1.1", "5.0"] as const) {
      const peer = await context.open(version);
      peer.send(context.connectPacket({ clientId: context.clientId(version.charAt(0)) }));
      await peer.expect("20 { 00 00 <{*}> }");
    }
  },
};

export const CONNECT_FORMAT_SCENARIOS: readonly Scenario[] = [
  ...refusals,
  unsupportedVersions,
  truncated,
  firstPacket,
  secondConnect,
  everyField,
  passwordAlone,
  everyProperty,
  reservedConnackBits,
  olderVersion,
];
