/** Messages to the client, and the end that the server makes (3.3, 4.3, 3.14). */
import { deepEqual, equal } from "node:assert/strict";

import { resuming, type ClientScenario } from "./client-scenario.ts";

const answers: ClientScenario = {
  title: "each PUBLISH is answered by its QoS, in the order of arrival, though nobody listens",
  statements: {
    v5: [
      "MQTT-4.5.0-2",
      "MQTT-4.6.0-2",
      "MQTT-4.6.0-3",
      "MQTT-3.3.4-1",
      "MQTT-4.3.2-4",
      "MQTT-4.3.3-8",
      "MQTT-2.2.1-5",
      "MQTT-3.4.2-1",
      "MQTT-3.5.2-1",
      "U-4.5-1",
    ],
    v3: [
      "MQTT-4.5.0-2",
      "MQTT-4.6.0-2",
      "MQTT-4.6.0-3",
      "MQTT-3.3.4-1",
      "MQTT-4.3.2-2",
      "MQTT-4.3.3-2",
      "MQTT-2.3.1-6",
    ],
  },
  run: async (context) => {
    const { peer } = await context.connected();
    peer.send("30 { \"a\" <{}> '0' } 32 { \"a\" 0009 <{}> '1' } 34 { \"a\" 0007 <{}> '2' }");
    peer.send("34 { \"a\" 0003 <{}> '3' } 32 { \"b\" 0008 <{}> '4' }");
    await peer.expect("40 { 0009 * }");
    await peer.expect("50 { 0007 * }");
    await peer.expect("50 { 0003 * }");
    await peer.expect("40 { 0008 * }");
  },
};

const exactlyOnce: ClientScenario = {
  title: "QoS 2: a repeated PUBLISH is answered and not delivered again, until PUBREL",
  statements: {
    v5: ["MQTT-4.3.3-10", "MQTT-4.3.3-11", "MQTT-4.3.3-12", "MQTT-3.7.2-1"],
    v3: ["MQTT-4.3.3-2"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const texts: string[] = [];
    client.on("message", (message) => texts.push(message.text));
    for (const text of ["once", "once", "new"]) {
      const first = texts.includes("once") && text === "once" ? "3C" : "34";
      peer.send(`${first} { "a" 0007 <{}> '${text}' }`);
      await peer.expect("50 { 0007 * }");
      if (text === "once" && first === "34") continue;
      peer.send("62 { 0007 }");
      await peer.expect("70 { 0007 * }");
    }
    deepEqual(texts, ["once", "new"]);
  },
};

const acrossReconnect: ClientScenario = {
  title: "QoS 2: a PUBLISH repeated after a resume is not delivered again",
  statements: {
    v5: ["MQTT-4.3.3-10", "U-4.1-2", "MQTT-4.1.0-1"],
    v3: ["MQTT-4.3.3-2", "MQTT-4.1.0-1", "MQTT-4.1.0-2"],
  },
  run: async (context) => {
    const { client, result } = context.start(resuming(context));
    const texts: string[] = [];
    client.on("message", (message) => texts.push(message.text));
    const first = await context.acceptClient();
    await result;
    first.send("34 { \"a\" 0007 <{}> 'once' }");
    await first.expect("50 { 0007 * }");
    first.drop();
    const again = await context.acceptClient("", "01");
    again.send("3C { \"a\" 0007 <{}> 'once' } 62 { 0007 }");
    await again.expect("50 { 0007 * }");
    await again.expect("70 { 0007 * }");
    deepEqual(texts, ["once"]);
  },
};

const qos1Again: ClientScenario = {
  title: "QoS 1: after PUBACK the same identifier is a new message, whatever its DUP",
  statements: { v5: ["MQTT-4.3.2-5"], v3: ["MQTT-4.3.2-2"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const texts: string[] = [];
    client.on("message", (message) => texts.push(message.text));
    for (const first of ["32", "3A", "32"]) {
      peer.send(`${first} { "a" 0007 <{}> 'x' }`);
      await peer.expect("40 { 0007 * }");
    }
    equal(texts.length, 3);
  },
};

const unknownPubrel: ClientScenario = {
  title: "PUBREL for an unknown identifier is answered by PUBCOMP 0x92",
  statements: { v5: ["MQTT-4.3.3-11", "U-3.7.2.1-1", "MQTT-3.7.2-1"], v3: ["MQTT-4.3.3-2"] },
  run: async (context) => {
    const { peer } = await context.connected();
    peer.send("62 { 0BAD }");
    const { codes } = await peer.expectAcknowledgement(7, 0x0bad);
    if (context.isV5) equal(codes[0], 0x92);
  },
};

const aliases: ClientScenario = {
  title: "every alias up to the client's maximum is taken, changed, and used",
  statements: { v5: ["MQTT-3.3.2-10", "U-3.3.2.3.4-2"] },
  run: async (context) => {
    const { client, peer } = await context.connected({ topicAliasMaximum: 3 });
    const topics: string[] = [];
    client.on("message", (message) => topics.push(message.topic));
    for (const alias of ["0001", "0003"]) {
      peer.send(`30 { "a" { 23 ${alias} } } 30 { "" { 23 ${alias} } } 30 { "b" { 23 ${alias} } }`);
      peer.send(`30 { "" { 23 ${alias} } }`);
    }
    peer.send('32 { "end" 0001 {} }');
    await peer.expect("40 { 0001 * }");
    equal(topics.join(), "a,a,b,b,a,a,b,b,end");
  },
};

const byteOrderMark: ClientScenario = {
  title: "EF BB BF in a topic is kept",
  statements: { v5: ["MQTT-1.5.4-3"], v3: ["MQTT-1.5.3-3"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const topics: string[] = [];
    client.on("message", (message) => topics.push(message.topic));
    peer.send("30 { [ EFBBBF 'a' ] <{}> } 32 { \"end\" 0001 <{}> }");
    await peer.expect("40 { 0001 * }");
    deepEqual(topics, ["\ufeffa", "end"]);
    await client.publish("\ufeffa", "x");
    await peer.expect("30 { [ EFBBBF 'a' ] <{}> 'x' }");
  },
};

const emptyPayload: ClientScenario = {
  title: "an empty payload is a message like any other",
  statements: { v5: ["U-3.3.3-1"], v3: ["MQTT-3.3.4-1"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const sizes: number[] = [];
    client.on("message", (message) => sizes.push(message.payload.length));
    peer.send('32 { "a" 0001 <{}> }');
    await peer.expect("40 { 0001 * }");
    deepEqual(sizes, [0]);
  },
};

const withinLimits: ClientScenario = {
  title: "a server may use up the client's Receive Maximum, and again after each answer",
  statements: { v5: ["MQTT-4.9.0-2", "MQTT-4.9.0-3", "U-4.9-2"] },
  run: async (context) => {
    const { peer } = await context.connected({ receiveMaximum: 2 });
    for (let round = 0; round < 3; round++) {
      peer.send('34 { "a" 0001 {} } 34 { "a" 0002 {} } 3C { "a" 0002 {} } 30 { "a" {} }');
      for (const id of ["0001", "0002", "0002"]) await peer.expect(`50 { ${id} * }`);
      peer.send("62 { 0001 } 62 { 0002 }");
      for (const id of ["0001", "0002"]) await peer.expect(`70 { ${id} * }`);
    }
  },
};

const expired: ClientScenario = {
  title: "QoS 2: the exchange is completed though the message has expired meanwhile",
  statements: { v5: ["MQTT-4.3.3-13"] },
  run: async (context) => {
    const { peer } = await context.connected();
    peer.send("34 { \"a\" 0001 { 02 00000001 } 'x' }");
    await peer.expect("50 { 0001 * }");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    peer.send("62 { 0001 }");
    await peer.expect("70 { 0001 * }");
  },
};

const answersFit: ClientScenario = {
  title: "answers of the client stay within the server's Maximum Packet Size",
  statements: {
    v5: [
      "MQTT-3.4.2-2",
      "MQTT-3.4.2-3",
      "MQTT-3.5.2-2",
      "MQTT-3.5.2-3",
      "MQTT-3.6.2-2",
      "MQTT-3.6.2-3",
      "MQTT-3.7.2-2",
      "MQTT-3.7.2-3",
      "MQTT-3.2.2-15",
    ],
  },
  run: async (context) => {
    const { client, peer } = await context.connected({ manualAcknowledge: true }, "27 00000006");
    client.on("message", (message) => message.acknowledge(0x83));
    peer.send('32 { "a" 0001 {} } 34 { "a" 0002 {} } 62 { 0003 } 50 { 0004 }');
    const packets = await peer.collect(4);
    deepEqual(new Set(packets.map((packet) => packet[0])), new Set([0x40, 0x50, 0x70, 0x62]));
    equal(
      packets.every((packet) => packet.length <= 6),
      true,
    );
  },
};

const disconnected: ClientScenario = {
  title: "DISCONNECT of the server ends the connection, and the client hears why",
  statements: { v5: ["U-3.14-1", "MQTT-3.14.4-1", "U-4.11-1", "MQTT-3.14.2-1"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const heard = new Promise<number | undefined>((resolve) => {
      client.on("disconnected", (event) => resolve(event.reasonCode));
    });
    peer.send('E0 { 9C { 1C "other.example:1883" 1F "go" } }');
    await peer.expectClosed();
    equal(await heard, 0x9c);
  },
};

// A client that began its session itself knows every identifier that it may be sent. One that took a
// session over from an earlier program does not, so there an unknown one cannot be held against the
// server.
const foreignIdentifier: ClientScenario = {
  title: "a message with a Subscription Identifier that was never given ends the connection",
  statements: { v5: ["U-3.3.4-4", "MQTT-4.13.2-1"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    client.subscribe("a", { subscriptionIdentifier: 5 });
    const { id } = await peer.expect('82 { id:2 { 0B 05 } "a" 00 }');
    peer.send(`90 { ${id} {} 00 } 30 { "a" { 0B 05 } 'x' } 30 { "a" { 0B 06 } 'x' }`);
    await peer.expectDisconnect(0x82);
  },
};

// 0x9B is for a server that sends more than it said it could; taking the message is right as well,
// and ours, since the message itself breaks nothing.
const unasked: ClientScenario = {
  title: "a message that nobody asked for is acknowledged, though its QoS is above the Maximum QoS",
  statements: { v5: ["U-3.3.4-6", "U-4.5-1", "MQTT-4.5.0-2"], v3: ["MQTT-4.5.0-2"] },
  run: async (context) => {
    const { peer } = await context.connected({}, "24 00");
    peer.send("32 { \"nobody/asked\" 0001 <{}> 'x' }");
    await peer.expect("40 { 0001 * }");
  },
};

export const RECEIVING_SCENARIOS: readonly ClientScenario[] = [
  answers,
  exactlyOnce,
  acrossReconnect,
  qos1Again,
  unknownPubrel,
  aliases,
  byteOrderMark,
  emptyPayload,
  withinLimits,
  expired,
  answersFit,
  disconnected,
  foreignIdentifier,
  unasked,
];
