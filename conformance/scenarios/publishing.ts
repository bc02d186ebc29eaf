/** PUBLISH as it arrives: format, topics, identifiers, what is passed on (3.3). */
import { deepEqual, equal } from "node:assert/strict";

import type { Scenario, Statements } from "../scenario.ts";
import { integer } from "../wire/notation.ts";

/** A packet after which the connection must end. */
interface BadPacket {
  readonly title: string;
  readonly packet: string;
  readonly codes: readonly number[];
  readonly statements: Statements;
}

// Places where a MUST is broken and the standard names no code. Ours: a wildcard or an empty level
// where a Topic Name must stand is 0x90; a Packet Identifier of 0 is a Protocol Error; DUP on QoS 0
// is malformed. Whatever 0x8x fits the text is taken from others without a remark.
const BAD_PACKETS: readonly BadPacket[] = [
  {
    title: "PUBLISH with both QoS bits ends the connection",
    packet: "36 { \"a\" 0001 <{}> 'x' }",
    codes: [0x81],
    statements: { v5: ["MQTT-3.3.1-4", "U-3.3.1.2-1"], v3: ["MQTT-3.3.1-4"] },
  },
  {
    title: "PUBLISH of QoS 0 with DUP ends the connection",
    packet: "38 { \"a\" <{}> 'x' }",
    codes: [0x81, 0x82],
    statements: { v5: ["MQTT-3.3.1-2"], v3: ["MQTT-3.3.1-2"] },
  },
  {
    title: "PUBLISH to a topic with + ends the connection",
    packet: "30 { \"a/+\" <{}> 'x' }",
    codes: [0x90, 0x81, 0x82],
    statements: {
      v5: ["MQTT-3.3.2-2", "MQTT-4.7.0-1"],
      v3: ["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
    },
  },
  {
    title: "PUBLISH to a topic with # ends the connection",
    packet: "32 { \"a/#\" 0001 <{}> 'x' }",
    codes: [0x90, 0x81, 0x82],
    statements: {
      v5: ["MQTT-3.3.2-2", "MQTT-4.7.0-1"],
      v3: ["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
    },
  },
  {
    title: "PUBLISH to an empty topic, without an alias, ends the connection",
    packet: "30 { \"\" <{}> 'x' }",
    codes: [0x82],
    statements: { v5: ["MQTT-4.7.3-1", "U-3.3.2.1-1"], v3: ["MQTT-4.7.3-1"] },
  },
  {
    title: "PUBLISH of QoS 1 with Packet Identifier 0 ends the connection",
    packet: "32 { \"a\" 0000 <{}> 'x' }",
    codes: [0x82, 0x81],
    statements: { v5: ["MQTT-2.2.1-3"], v3: ["MQTT-2.3.1-1"] },
  },
  {
    title: "PUBLISH of QoS 2 with Packet Identifier 0 ends the connection",
    packet: "34 { \"a\" 0000 <{}> 'x' }",
    codes: [0x82, 0x81],
    statements: { v5: ["MQTT-2.2.1-3"], v3: ["MQTT-2.3.1-1"] },
  },
  {
    title: "PUBLISH with a Subscription Identifier ends the connection",
    packet: "30 { \"a\" { 0B 01 } 'x' }",
    codes: [0x82],
    statements: { v5: ["MQTT-3.3.4-6", "U-3.3.4-5"] },
  },
  {
    title: "PUBLISH with Subscription Identifier 0 ends the connection",
    packet: "30 { \"a\" { 0B 00 } 'x' }",
    codes: [0x82],
    statements: { v5: ["U-3.3.2.3.8-1", "U-3.3.4-5"] },
  },
];

const refusals: readonly Scenario[] = BAD_PACKETS.map(({ title, packet, codes, statements }) => ({
  title,
  statements,
  run: async (context) => {
    const peer = await context.connect();
    peer.send(packet);
    await peer.expectDisconnect(...codes);
  },
}));

const qosTable: Scenario = {
  title: "a message arrives at the lower of its own and the granted QoS, in all nine cases",
  statements: {
    v5: ["MQTT-3.8.4-8", "MQTT-4.3.1-1", "MQTT-3.3.1-2", "MQTT-2.2.1-2", "MQTT-2.2.2-1"],
    v3: ["MQTT-3.8.4-6", "MQTT-4.3.1-1", "MQTT-3.3.1-2", "MQTT-2.3.1-5"],
  },
  run: async (context) => {
    const sender = await context.connect();
    for (const granted of [0, 1, 2] as const) {
      const topic = context.topic(`granted${granted}`);
      const receiver = await context.subscriber(topic, granted);
      for (const qos of [0, 1, 2] as const) {
        await context.publish(sender, topic, `${qos}`, { qos });
        const lower = Math.min(qos, granted);
        const id = lower === 0 ? "" : "id:2";
        await receiver.expect(`${integer(0x30 + lower * 2, 1)} { "${topic}" ${id} <{}> '${qos}' }`);
      }
    }
  },
};

const answers: Scenario = {
  title: "QoS 0 gets no answer, QoS 1 a PUBACK, QoS 2 a PUBREC, each with its identifier",
  statements: {
    v5: [
      "MQTT-3.3.4-1",
      "MQTT-2.2.1-5",
      "MQTT-4.3.2-4",
      "MQTT-4.3.3-8",
      "MQTT-3.4.2-1",
      "MQTT-3.5.2-1",
    ],
    v3: ["MQTT-3.3.4-1", "MQTT-2.3.1-6", "MQTT-4.3.2-2", "MQTT-4.3.3-2"],
  },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.connect();
    peer.send(`30 { "${topic}" <{}> 'x' }`);
    await peer.expectNothing();
    peer.send(`32 { "${topic}" ABCD <{}> 'x' }`);
    await peer.expect("40 { ABCD * }");
    peer.send(`34 { "${topic}" FFFF <{}> 'x' }`);
    await peer.expect("50 { FFFF * }");
    peer.send("62 { FFFF }");
    await peer.expect("70 { FFFF * }");
  },
};

const duplicateNotCopied: Scenario = {
  title: "DUP of an incoming PUBLISH is not passed on",
  statements: { v5: ["MQTT-3.3.1-3"], v3: ["MQTT-3.3.1-3"] },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 1);
    const sender = await context.connect();
    sender.send(`3A { "${topic}" 0001 <{}> 'x' }`);
    await sender.expect("40 { 0001 * }");
    await receiver.expect(`32 { "${topic}" id:2 <{}> 'x' }`);
  },
};

const emptyPayload: Scenario = {
  title: "an empty payload is a message like any other",
  statements: { v5: ["U-3.3.3-1"], v3: ["MQTT-3.3.4-1"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.subscriber(topic);
    await context.publish(peer, topic, "");
    await peer.expect(`30 { "${topic}" <{}> }`);
  },
};

const payloads: Scenario = {
  title: "payloads of every byte value and of each length around a step arrive as they were sent",
  statements: { v5: ["MQTT-4.2.0-1", "MQTT-3.3.2-1"], v3: ["MQTT-7.1.1-1", "MQTT-3.3.2-1"] },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic);
    const sender = await context.connect();
    const all = Array.from({ length: 256 }, (_, byte) => integer(byte, 1)).join("");
    for (const payload of [all, "AB".repeat(120), "CD".repeat(65_600), "EF".repeat(300_000)]) {
      sender.send(`30 { "${topic}" <{}> ${payload} }`);
      await receiver.expect(`30 { "${topic}" <{}> ${payload} }`);
    }
  },
};

const longestTopic: Scenario = {
  title: "a topic of 65535 bytes is published and received",
  statements: { v5: ["MQTT-4.7.3-3"], v3: ["MQTT-4.7.3-3"] },
  run: async (context) => {
    const start = context.topic("");
    const topic = start + "x".repeat(65_535 - start.length);
    const peer = await context.subscriber(topic);
    await context.publish(peer, topic, "x");
    await peer.expectPublish({ topic, payload: "x" });
  },
};

const toMany: Scenario = {
  title: "every matching subscriber gets the message, each on its own topic and no other",
  statements: { v5: ["MQTT-3.3.2-3", "MQTT-4.5.0-1"], v3: ["MQTT-3.3.2-3", "MQTT-4.5.0-1"] },
  run: async (context) => {
    const receivers = [
      await context.subscriber(context.topic("a/b")),
      await context.subscriber(context.topic("+/b")),
      await context.subscriber(context.topic("a/#")),
      await context.subscriber(context.topic("a/c")),
    ];
    const sender = await context.connect();
    await context.publish(sender, context.topic("a/b"), "b");
    await context.publish(sender, context.topic("a/c"), "c");
    const expected = [["b"], ["b"], ["b", "c"], ["c"]];
    for (const [index, receiver] of receivers.entries()) {
      for (const payload of expected[index] ?? []) {
        await receiver.expectPublish({ topic: context.topic(`a/${payload}`), payload });
      }
      await receiver.expectNothing();
    }
  },
};

/** Properties that go through a server as they are. */
const PASSED_ON: readonly {
  readonly name: string;
  readonly property: string;
  readonly v5: string[];
}[] = [
  { name: "Payload Format Indicator 0", property: "01 00", v5: ["MQTT-3.3.2-4"] },
  { name: "Payload Format Indicator 1", property: "01 01", v5: ["MQTT-3.3.2-4"] },
  { name: "Content Type", property: '03 "text/é"', v5: ["MQTT-3.3.2-20"] },
  { name: "Content Type without characters", property: '03 ""', v5: ["MQTT-3.3.2-20"] },
  { name: "Response Topic", property: '08 "answer/é/here"', v5: ["MQTT-3.3.2-15", "U-4.10-1"] },
  { name: "empty Correlation Data", property: "09 []", v5: ["MQTT-3.3.2-16", "U-4.10-1"] },
  {
    name: "Correlation Data",
    property: "09 [ 00 01 7F 80 FF ]",
    v5: ["MQTT-3.3.2-16", "U-4.10-1"],
  },
  {
    name: "Correlation Data of 65535 bytes",
    property: `09 [ ${"5A".repeat(65_535)} ]`,
    v5: ["MQTT-3.3.2-16"],
  },
  { name: "a User Property", property: '26 "name" "value"', v5: ["MQTT-3.3.2-17"] },
  { name: "an empty User Property", property: '26 "" ""', v5: ["MQTT-3.3.2-17"] },
  {
    name: "User Properties in their order, names repeated",
    property: '26 "b" "1" 26 "a" "2" 26 "b" "3" 26 "a" "2" 26 "B" "1"',
    v5: ["MQTT-3.3.2-17", "MQTT-3.3.2-18"],
  },
];

const passedOn: readonly Scenario[] = PASSED_ON.map(({ name, property, v5 }) => ({
  title: `${name} of a PUBLISH reaches the subscriber unchanged`,
  statements: { v5 },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 1);
    const sender = await context.connect();
    await context.publish(sender, topic, "x", { properties: property, qos: 1 });
    await receiver.expect(`32 { "${topic}" id:2 { ${property} } 'x' }`);
  },
}));

const allTogether: Scenario = {
  title: "all properties of one PUBLISH reach the subscriber, also through an offline session",
  statements: {
    v5: ["MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-17", "MQTT-3.3.2-20"],
  },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId();
    const offline = await context.subscriber(topic, 1, { clientId, durable: true });
    offline.send("E0 00");
    await offline.expectClosed();
    const properties = '01 01 03 "t" 08 "r" 09 [00FF] 26 "n" "1" 26 "m" "2" 26 "n" "3"';
    await context.publish(await context.connect(), topic, "x", { qos: 1, properties });
    const peer = await context.connect({ clientId, durable: true });
    const message = await peer.expectPublish({ topic, payload: "x" });
    deepEqual(message.properties.get(0x01), [1]);
    deepEqual(message.properties.get(0x03), ["t"]);
    deepEqual(message.properties.get(0x08), ["r"]);
    equal(message.properties.has(0x09), true);
    deepEqual(message.properties.get(0x26), [
      ["n", "1"],
      ["m", "2"],
      ["n", "3"],
    ]);
  },
};

const toOlderVersion: Scenario = {
  title: "a 3.1.1 subscriber gets the message without the properties that it has no place for",
  statements: { v5: ["U-3.1.4-4"] },
  run: async (context) => {
    const topic = context.topic();
    const older = await context.open("3.1.1");
    older.send(context.connectPacket());
    await older.expectConnack();
    await context.subscribe(older, topic);
    const sender = await context.connect();
    await context.publish(sender, topic, "x", { properties: '26 "n" "v" 03 "t"' });
    await older.expect(`30 { "${topic}" 'x' }`);
  },
};

const requestResponse: Scenario = {
  title: "a request with Response Topic and Correlation Data gets its answer back",
  statements: { v5: ["U-4.10-1", "MQTT-3.3.2-15", "MQTT-3.3.2-16"] },
  run: async (context) => {
    const question = context.topic("question");
    const answer = context.topic("answer");
    const responder = await context.subscriber(question);
    const requester = await context.subscriber(answer);
    const properties = `08 "${answer}" 09 [ C0FFEE ]`;
    await context.publish(requester, question, "2 + 2", { properties });
    await responder.expect(`30 { "${question}" { ${properties} } '2 + 2' }`);
    await context.publish(responder, answer, "4", { properties: "09 [ C0FFEE ]" });
    await requester.expect(`30 { "${answer}" { 09 [ C0FFEE ] } '4' }`);
  },
};

const noMatch: Scenario = {
  title: "a message for nobody is acknowledged with 0x00 or 0x10",
  statements: { v5: ["MQTT-3.4.2-1", "MQTT-3.5.2-1"] },
  run: async (context) => {
    const peer = await context.connect();
    peer.send(`32 { "${context.topic()}" 0001 {} 'x' }`);
    const puback = await peer.expectAcknowledgement(4, 1);
    equal([0x00, 0x10].includes(puback.codes[0] ?? -1), true);
    peer.send(`34 { "${context.topic()}" 0002 {} 'x' }`);
    const pubrec = await peer.expectAcknowledgement(5, 2);
    equal([0x00, 0x10].includes(pubrec.codes[0] ?? -1), true);
    peer.send("62 { 0002 }");
    await peer.expect("70 { 0002 * }");
  },
};

export const PUBLISHING_SCENARIOS: readonly Scenario[] = [
  ...refusals,
  qosTable,
  answers,
  duplicateNotCopied,
  emptyPayload,
  payloads,
  longestTopic,
  toMany,
  ...passedOn,
  allTogether,
  toOlderVersion,
  requestResponse,
  noMatch,
];
