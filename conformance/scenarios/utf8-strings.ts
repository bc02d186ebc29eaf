/**
 * Section 1.5.4 (1.5.3 in 3.1.1): what a string may hold, tried in every place where one can arrive.
 * Section 1.5.7: both halves of a User Property.
 */
import type { Scenario } from "../scenario.ts";

/** Bytes that are no UTF-8 string of MQTT, as the contents of a string field. */
const BAD_TEXTS: readonly { readonly name: string; readonly bytes: string }[] = [
  { name: "a byte that starts no character", bytes: "61 FF 62" },
  { name: "a continuation byte alone", bytes: "80" },
  { name: "a character cut off", bytes: "E2 82" },
  { name: "an overlong slash", bytes: "C0 AF" },
  { name: "an overlong NUL", bytes: "C0 80" },
  { name: "a high surrogate", bytes: "ED A0 80" },
  { name: "a low surrogate", bytes: "ED BF BF" },
  { name: "a surrogate pair", bytes: "ED A0 81 ED B0 80" },
  { name: "a character above U+10FFFF", bytes: "F4 90 80 80" },
];

/** Where a string stands: `$` is replaced by the field in notation. */
interface Place {
  readonly name: string;
  readonly packet: string;
  /** Statements of this very field, beside those of every string. */
  readonly v5?: readonly string[];
  readonly v3?: readonly string[];
}

const NAME = '"MQTT" <05|04>';

const IN_CONNECT: readonly Place[] = [
  {
    name: "ClientID",
    packet: `10 { ${NAME} 02 0000 <{}> $ }`,
    v5: ["MQTT-3.1.3-4"],
    v3: ["MQTT-3.1.3-4"],
  },
  {
    name: "Will Topic",
    packet: `10 { ${NAME} 06 0000 <{}> "utfeight" <{}> $ "m" }`,
    v5: ["MQTT-3.1.3-11"],
    v3: ["MQTT-3.1.3-10"],
  },
  {
    name: "User Name",
    packet: `10 { ${NAME} 82 0000 <{}> "utfeight" $ }`,
    v5: ["MQTT-3.1.3-12"],
    v3: ["MQTT-3.1.3-11"],
  },
];

const IN_CONNECT_PROPERTIES: readonly Place[] = [
  {
    name: "name of a User Property of CONNECT",
    packet: connectWith('26 $ "v"'),
    v5: ["MQTT-1.5.7-1", "U-1.5.7-1"],
  },
  {
    name: "value of a User Property of CONNECT",
    packet: connectWith('26 "n" $'),
    v5: ["MQTT-1.5.7-1", "U-1.5.7-1"],
  },
  { name: "Authentication Method", packet: connectWith("15 $") },
  { name: "Content Type of the Will", packet: willWith("03 $") },
  { name: "Response Topic of the Will", packet: willWith("08 $") },
  {
    name: "name of a User Property of the Will",
    packet: willWith('26 $ "v"'),
    v5: ["MQTT-1.5.7-1"],
  },
  {
    name: "value of a User Property of the Will",
    packet: willWith('26 "n" $'),
    v5: ["MQTT-1.5.7-1"],
  },
];

const AFTER_CONNECT: readonly Place[] = [
  {
    name: "Topic Name of PUBLISH",
    packet: "30 { $ <{}> 'x' }",
    v5: ["MQTT-3.3.2-1"],
    v3: ["MQTT-3.3.2-1"],
  },
  {
    name: "Topic Filter of SUBSCRIBE",
    packet: "82 { 0001 <{}> $ 00 }",
    v5: ["MQTT-3.8.3-1"],
    v3: ["MQTT-3.8.3-1"],
  },
  {
    name: "Topic Filter of UNSUBSCRIBE",
    packet: "A2 { 0001 <{}> $ }",
    v5: ["MQTT-3.10.3-1"],
    v3: ["MQTT-3.10.3-1"],
  },
];

const PROPERTIES_AFTER_CONNECT: readonly Place[] = [
  { name: "Response Topic of PUBLISH", packet: publishWith("08 $"), v5: ["MQTT-3.3.2-13"] },
  { name: "Content Type of PUBLISH", packet: publishWith("03 $"), v5: ["MQTT-3.3.2-19"] },
  {
    name: "name of a User Property of PUBLISH",
    packet: publishWith('26 $ "v"'),
    v5: ["MQTT-1.5.7-1", "U-1.5.7-1"],
  },
  {
    name: "value of a User Property of PUBLISH",
    packet: publishWith('26 "n" $'),
    v5: ["MQTT-1.5.7-1", "U-1.5.7-1"],
  },
  {
    name: "User Property of SUBSCRIBE",
    packet: '82 { 0001 { 26 "n" $ } "a" 00 }',
    v5: ["MQTT-1.5.7-1"],
  },
  {
    name: "User Property of UNSUBSCRIBE",
    packet: 'A2 { 0001 { 26 $ "v" } "a" }',
    v5: ["MQTT-1.5.7-1"],
  },
  { name: "Reason String of PUBACK", packet: "40 { 0001 00 { 1F $ } }" },
  { name: "Reason String of PUBREC", packet: "50 { 0001 00 { 1F $ } }" },
  { name: "Reason String of PUBREL", packet: "62 { 0001 00 { 1F $ } }" },
  { name: "Reason String of PUBCOMP", packet: "70 { 0001 00 { 1F $ } }" },
  { name: "Reason String of DISCONNECT", packet: "E0 { 00 { 1F $ } }" },
  { name: "User Property of DISCONNECT", packet: 'E0 { 00 { 26 "n" $ } }', v5: ["MQTT-1.5.7-1"] },
];

/** Section 4.7.3 forbids U+0000 in topics and filters once more. */
const TOPIC_FIELDS = /Topic/;

function connectWith(property: string): string {
  return `10 { "MQTT" 05 02 0000 { ${property} } "utfeight" }`;
}

function willWith(property: string): string {
  return `10 { "MQTT" 05 06 0000 {} "utfeight" { ${property} } "t" "m" }`;
}

function publishWith(property: string): string {
  return `30 { "a" { ${property} } 'x' }`;
}

function refusals(
  places: readonly Place[],
  phase: "connect" | "connected",
  versions: "both" | "5.0",
): readonly Scenario[] {
  return places.flatMap((place) => [
    refusal(
      place,
      phase,
      versions,
      "ill-formed text",
      BAD_TEXTS.map((text) => text.bytes),
    ),
    refusal(place, phase, versions, "U+0000", ["00", "61 00 62"]),
  ]);
}

function refusal(
  place: Place,
  phase: "connect" | "connected",
  versions: "both" | "5.0",
  fault: "ill-formed text" | "U+0000",
  texts: readonly string[],
): Scenario {
  const statements = {
    v5: [fault === "U+0000" ? "MQTT-1.5.4-2" : "MQTT-1.5.4-1", "U-1.5.4-1", ...(place.v5 ?? [])],
    v3: [fault === "U+0000" ? "MQTT-1.5.3-2" : "MQTT-1.5.3-1", ...(place.v3 ?? [])],
  };
  if (fault === "U+0000" && TOPIC_FIELDS.test(place.name)) {
    statements.v5.push("MQTT-4.7.3-2");
    statements.v3.push("MQTT-4.7.3-2");
  }
  return {
    title: `${fault} in the ${place.name} is malformed`,
    statements: versions === "both" ? statements : { v5: statements.v5 },
    run: async (context) => {
      for (const text of texts) {
        const peer = phase === "connect" ? await context.open() : await context.connect();
        peer.send(place.packet.replace("$", () => `[ ${text} ]`));
        if (phase === "connect") await peer.expectRefusal(0x81);
        else await peer.expectDisconnect(0x81);
      }
    },
  };
}

const byteOrderMark: Scenario = {
  title: "EF BB BF in a topic is kept, and makes it another topic",
  statements: { v5: ["MQTT-1.5.4-3"], v3: ["MQTT-1.5.3-3"] },
  run: async (context) => {
    const topic = context.topic();
    const marked = `[ EFBBBF '${topic}' EFBBBF ]`;
    const peer = await context.connect();
    peer.send(`82 { 0001 <{}> ${marked} 00 }`);
    await peer.expect("90 { 0001 <{}> 00 }");
    peer.send(`30 { "${topic}" <{}> 'no' }  30 { ${marked} <{}> 'yes' }`);
    await peer.expect(`30 { ${marked} <{}> 'yes' }`);
  },
};

const everyLength: Scenario = {
  title: "characters of one to four bytes come out as they went in",
  statements: { v5: ["MQTT-1.5.4-1"], v3: ["MQTT-1.5.3-1"] },
  run: async (context) => {
    const topic = `${context.topic()}/é/€/\u{2A6D4}/\u{10FFFD}`;
    const peer = await context.connect();
    peer.send(`82 { 0001 <{}> "${topic}" 00 }`);
    await peer.expect("90 { 0001 <{}> 00 }");
    peer.send(`30 { "${topic}" <{}> 'x' }`);
    await peer.expect(`30 { "${topic}" <{}> 'x' }`);
  },
};

// A control character or noncharacter SHOULD NOT be sent, and a receiver MAY treat it as malformed.
// Ours: it is taken, since a message that only looks odd is no reason to lose the connection.
const oddCharacters: Scenario = {
  title: "a topic with control characters is either refused as malformed or kept as it is",
  statements: { v5: ["U-1.5.4-2"], v3: ["MQTT-4.7.3-4"] },
  run: async (context) => {
    const topic = `[ '${context.topic()}' 01 7F C285 EFBFBF ]`;
    const peer = await context.connect();
    peer.send(`82 { 0001 <{}> ${topic} 00 }`);
    const first = await peer.collect(1);
    if (first[0]?.[0] !== 0x90) return;
    peer.send(`30 { ${topic} <{}> 'x' }`);
    await peer.expect(`30 { ${topic} <{}> 'x' }`);
  },
};

export const UTF8_STRING_SCENARIOS: readonly Scenario[] = [
  ...refusals(IN_CONNECT, "connect", "both"),
  ...refusals(IN_CONNECT_PROPERTIES, "connect", "5.0"),
  ...refusals(AFTER_CONNECT, "connected", "both"),
  ...refusals(PROPERTIES_AFTER_CONNECT, "connected", "5.0"),
  byteOrderMark,
  everyLength,
  oddCharacters,
];
