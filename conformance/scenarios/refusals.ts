/**
 * What a server refuses by its own rules: connections, messages, subscriptions; and what it says
 * about it, with Request Problem Information and Request Response Information (3.1.2.11.6, .7).
 */
import { equal, ok } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";
import { integer } from "../wire/notation.ts";

const REASON_STRING = 0x1f;
const USER_PROPERTY = 0x26;
const SERVER_REFERENCE = 0x1c;
const RESPONSE_INFORMATION = 0x1a;
const PUBACK = 4;
const PUBREC = 5;
const SUBACK = 9;
const UNSUBACK = 11;

const badUser: Scenario = {
  title: "a client that is not let in gets CONNACK with a code, and the connection is closed",
  statements: {
    v5: [
      "MQTT-3.1.4-2",
      "MQTT-3.2.2-7",
      "MQTT-3.2.2-8",
      "U-3.1.4-2",
      "U-3.2.2.2-1",
      "MQTT-4.13.2-1",
      "U-4.12-4",
      "U-1.6-1",
    ],
    v3: ["MQTT-3.2.2-5"],
  },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await context.open();
    peer.send(context.connectPacket({ userName: "forbidden" }));
    const connack = await peer.expectRefusal(0x86, 0x04);
    equal(connack?.code, context.isV5 ? 0x86 : 0x04);
    if (context.isV5) ok(connack?.properties.has(REASON_STRING));
  },
};

const badClientId: Scenario = {
  title: "a ClientID that the server does not take is refused",
  statements: {
    v5: ["MQTT-3.1.3-8", "U-3.1.3.1-1"],
    v3: ["MQTT-3.1.3-9"],
  },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await context.open();
    peer.send(context.connectPacket({ clientId: "forbidden" }));
    const connack = await peer.expectRefusal(0x85, 0x02);
    equal(connack?.code, context.isV5 ? 0x85 : 0x02);
  },
};

const sessionNotPresent: Scenario = {
  title: "a refusal has Session Present 0 even where there is a session, which stays as it is",
  statements: { v5: ["MQTT-3.2.2-6"], v3: ["MQTT-3.2.2-4"] },
  needs: { houseRules: true },
  run: async (context) => {
    const clientId = context.clientId("present");
    const first = await context.connect({ clientId, durable: true });
    const intruder = await context.open();
    intruder.send(context.connectPacket({ clientId, durable: true, userName: "forbidden" }));
    const connack = await intruder.expectRefusal(0x86, 0x04);
    equal(connack?.sessionPresent, false);
    await first.expectNothing();
    first.drop();
    const again = await context.connectAndRead({ clientId, durable: true });
    equal(again.connack.sessionPresent, true);
  },
};

const nothingBehind: Scenario = {
  title: "nothing that a refused client sent behind its CONNECT is carried out",
  statements: { v5: ["MQTT-3.1.4-6"], v3: ["MQTT-3.1.4-5"] },
  needs: { houseRules: true },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const peer = await context.open();
    const connect = context.connectPacket({ userName: "forbidden", will: { topic } });
    peer.send(`${connect} 30 { "${topic}" <{}> 'stowaway' } 31 { "${topic}" <{}> 'kept' }`);
    await peer.expectRefusal(0x86, 0x04);
    await context.publish(watcher, topic, "next");
    await watcher.expectPublish({ payload: "next" });
  },
};

const otherServer: Scenario = {
  title: "a client that is sent elsewhere is told where",
  statements: { v5: ["U-4.11-1", "MQTT-3.2.2-8"] },
  needs: { houseRules: true },
  run: async (context) => {
    for (const [userName, code] of [
      ["elsewhere", 0x9c],
      ["moved", 0x9d],
    ] as const) {
      const peer = await context.open();
      peer.send(context.connectPacket({ userName }));
      const connack = await peer.expectRefusal(code);
      equal(connack?.code, code);
      equal(connack?.properties.get(SERVER_REFERENCE)?.[0], "other.example:1883");
    }
  },
};

const banned: Scenario = {
  title: "a client that is banned is told so in 5.0, and in 3.1.1 that it is not authorized",
  statements: { v5: ["MQTT-3.2.2-8", "MQTT-3.2.2-7"], v3: ["MQTT-3.2.2-5"] },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await context.open();
    peer.send(context.connectPacket({ userName: "banned" }));
    await peer.expectRefusal(context.isV5 ? 0x8a : 0x05);
  },
};

const publishRefused: Scenario = {
  title: "a message that is not allowed is refused by its acknowledgement, and reaches nobody",
  statements: {
    v5: [
      "U-3.4.2.1-1",
      "MQTT-3.4.2-1",
      "MQTT-3.5.2-1",
      "MQTT-4.3.3-9",
      "U-4.3.2-2",
      "MQTT-4.4.0-2",
    ],
    v3: ["MQTT-3.3.5-2"],
  },
  needs: { houseRules: true },
  run: async (context) => {
    const topic = context.topic("forbidden");
    const watcher = await context.subscriber(context.topic("+"));
    const peer = await context.connect();
    peer.send(`32 { "${topic}" 0001 <{}> 'x' } 34 { "${topic}" 0002 <{}> 'x' }`);
    const puback = await peer.expectAcknowledgement(PUBACK, 1);
    const pubrec = await peer.expectAcknowledgement(PUBREC, 2);
    if (context.isV5) equal(`${puback.codes.join()} ${pubrec.codes.join()}`, "135 135");
    peer.send(`30 { "${topic}" <{}> 'x' }`);
    await context.publish(peer, context.topic("allowed"), "x");
    await watcher.expectPublish({ topic: context.topic("allowed") });
  },
};

const refusedIsNew: Scenario = {
  title: "after a refusing PUBREC the same identifier is a new message",
  statements: { v5: ["MQTT-4.3.3-9", "U-2.2.1-2"] },
  needs: { houseRules: true },
  run: async (context) => {
    const topic = context.topic("allowed");
    const watcher = await context.subscriber(topic);
    const peer = await context.connect();
    peer.send(`34 { "${context.topic("forbidden")}" 0007 {} 'x' }`);
    await peer.expectAcknowledgement(PUBREC, 7);
    peer.send(`34 { "${topic}" 0007 {} 'y' }`);
    equal((await peer.expectAcknowledgement(PUBREC, 7)).codes[0], 0);
    peer.send("62 { 0007 }");
    await peer.expect("70 { 0007 * }");
    await watcher.expectPublish({ payload: "y" });
  },
};

const subscribeRefused: Scenario = {
  title: "a refused subscription and unsubscription have their codes and their explanation",
  statements: { v5: ["U-3.9.3-1", "MQTT-3.9.3-2", "MQTT-3.11.3-2"] },
  needs: { houseRules: true },
  run: async (context) => {
    const topic = context.topic("forbidden");
    const peer = await context.connect();
    peer.send(`82 { 0001 {} "${topic}" 00 } A2 { 0002 {} "${topic}" }`);
    for (const [type, id] of [
      [SUBACK, 1],
      [UNSUBACK, 2],
    ] as const) {
      const { codes, properties } = await peer.expectAcknowledgement(type, id);
      equal(codes.join(), "135");
      ok(properties.has(REASON_STRING));
      ok(properties.has(USER_PROPERTY));
    }
  },
};

const noProblems: Scenario = {
  title: "with Request Problem Information 0 no acknowledgement explains itself",
  statements: { v5: ["MQTT-3.1.2-29"] },
  needs: { houseRules: true },
  run: async (context) => {
    const topic = context.topic("forbidden");
    const peer = await context.connect({ properties: "17 00" });
    peer.send(`32 { "${topic}" 0001 {} 'x' } 34 { "${topic}" 0002 {} 'x' }`);
    peer.send(`82 { 0003 {} "${topic}" 00 } A2 { 0004 {} "${topic}" }`);
    for (const [type, id] of [
      [PUBACK, 1],
      [PUBREC, 2],
      [SUBACK, 3],
      [UNSUBACK, 4],
    ] as const) {
      const { codes, properties } = await peer.expectAcknowledgement(type, id);
      equal(codes.join(), "135");
      equal(properties.size, 0);
    }
  },
};

const userPropertiesStay: Scenario = {
  title: "with Request Problem Information 0 a PUBLISH keeps its User Properties",
  statements: { v5: ["MQTT-3.1.2-29", "MQTT-3.3.2-17"] },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 0, { properties: "17 00" });
    const properties = '26 "n" "v"';
    await context.publish(await context.connect(), topic, "x", { properties });
    await receiver.expect(`30 { "${topic}" { ${properties} } 'x' }`);
  },
};

const responseInformation: Scenario = {
  title: "Response Information is given only to a client that asked for it",
  statements: { v5: ["MQTT-3.1.2-28", "U-3.1.2.11.6-2"] },
  needs: { houseRules: true },
  run: async (context) => {
    const asked = await context.connectAndRead({ properties: "19 01" });
    equal(asked.connack.properties.get(RESPONSE_INFORMATION)?.[0], "answers/");
    for (const properties of ["", "19 00"]) {
      const { connack } = await context.connectAndRead({ properties });
      equal(connack.properties.has(RESPONSE_INFORMATION), false);
    }
  },
};

const plainResponseInformation: Scenario = {
  title: "a server without Response Information accepts a client that asks for it",
  statements: { v5: ["U-3.1.2.11.6-2", "MQTT-3.1.2-28"] },
  run: async (context) => {
    await context.connect({ properties: "19 01" });
    const { connack } = await context.connectAndRead({ properties: "19 00" });
    equal(connack.properties.has(RESPONSE_INFORMATION), false);
  },
};

const payloadFormat: Scenario = {
  title: "a payload that is not the UTF-8 it claims to be is refused with 0x99",
  statements: { v5: ["U-3.3.2.3.2-1"] },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await context.connect();
    const topic = context.topic();
    for (const [first, type] of [
      [0x32, PUBACK],
      [0x34, PUBREC],
    ] as const) {
      peer.send(`${integer(first, 1)} { "${topic}" 0001 { 01 01 } FF }`);
      equal((await peer.expectAcknowledgement(type, 1)).codes[0], 0x99);
    }
    peer.send(`30 { "${topic}" { 01 01 } FF }`);
    await peer.expectDisconnect(0x99);
  },
};

const willPayloadFormat: Scenario = {
  title: "a Will payload that is not the UTF-8 it claims to be is refused with 0x99",
  statements: { v5: ["U-3.1.3.2.3-1"] },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await context.open();
    peer.send('10 { "MQTT" 05 06 0000 {} "badwill" { 01 01 } "t" [ FF ] }');
    equal((await peer.expectRefusal(0x99))?.code, 0x99);
  },
};

const notAuthorizedWill: Scenario = {
  title: "a Will that its client may not publish reaches nobody",
  statements: { v5: ["U-4.7.3-2"], v3: ["MQTT-3.3.5-2"] },
  needs: { houseRules: true },
  run: async (context) => {
    const watcher = await context.subscriber(context.topic("+"));
    const peer = await context.connect({ will: { topic: context.topic("forbidden") } });
    peer.drop();
    const other = await context.connect({ will: { topic: context.topic("allowed") } });
    other.drop();
    await watcher.expectPublish({ topic: context.topic("allowed") });
  },
};

// 3.1.1 has no code for a message that could not be dealt with, so the connection is closed.
const trouble: Scenario = {
  title: "trouble inside the server fails one packet, and touches no other client",
  statements: { v5: ["U-4.13.2-1", "U-3.4.2.1-1"], v3: ["MQTT-4.8.0-2"] },
  needs: { houseRules: true },
  run: async (context) => {
    const bystander = await context.subscriber(context.topic("+"));
    const peer = await context.connect();
    peer.send(`32 { "${context.topic("trouble")}" 0001 <{}> 'x' }`);
    if (context.isV5) {
      equal((await peer.expectAcknowledgement(PUBACK, 1)).codes[0], 0x83);
      await peer.expectNothing();
    } else {
      await peer.expectClosed();
    }
    await context.publish(await context.connect(), context.topic("fine"), "x");
    await bystander.expectPublish({ topic: context.topic("fine") });
  },
};

const renamed: Scenario = {
  title: "a server may publish a message under another topic",
  statements: { v5: ["U-3.3.2.1-2"] },
  needs: { houseRules: true },
  run: async (context) => {
    const watcher = await context.subscriber(context.topic("+"));
    await context.publish(await context.connect(), context.topic("old-name"), "x");
    await watcher.expectPublish({ topic: context.topic("new-name"), payload: "x" });
  },
};

export const REFUSAL_SCENARIOS: readonly Scenario[] = [
  badUser,
  badClientId,
  sessionNotPresent,
  nothingBehind,
  otherServer,
  banned,
  publishRefused,
  refusedIsNew,
  subscribeRefused,
  noProblems,
  userPropertiesStay,
  responseInformation,
  plainResponseInformation,
  payloadFormat,
  willPayloadFormat,
  notAuthorizedWill,
  trouble,
  renamed,
];
