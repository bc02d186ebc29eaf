/** Messages from the client: bytes, flows and redelivery (3.3, 4.3, 4.4). */
import { equal, notEqual, ok } from "node:assert/strict";

import type { MqttClient } from "@anax/client";

import { integer } from "../wire/notation.ts";
import type { Peer } from "../wire/peer.ts";
import {
  ping,
  rejected,
  resume,
  resuming,
  untilConnected,
  type ClientScenario,
} from "./client-scenario.ts";

const qos0: ClientScenario = {
  title: "QoS 0: PUBLISH with DUP 0 and no Packet Identifier, topic first",
  statements: {
    v5: [
      "MQTT-4.3.1-1",
      "MQTT-2.2.1-2",
      "MQTT-3.3.1-2",
      "MQTT-3.3.2-1",
      "MQTT-2.2.2-1",
      "U-3.3.3-1",
    ],
    v3: ["MQTT-4.3.1-1", "MQTT-2.3.1-5", "MQTT-3.3.1-2", "MQTT-3.3.2-1"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    await client.publish("a/é", "x");
    await peer.expect("30 { \"a/é\" <{}> 'x' }");
    await client.publish("a", "", { retain: true });
    await peer.expect('31 { "a" <{}> }');
  },
};

const qos1: ClientScenario = {
  title: "QoS 1: PUBLISH with DUP 0 and an identifier, done with at PUBACK",
  statements: {
    v5: ["MQTT-4.3.2-1", "MQTT-4.3.2-2", "MQTT-2.2.1-3", "MQTT-4.3.2-3"],
    v3: ["MQTT-4.3.2-1", "MQTT-2.3.1-1", "MQTT-2.3.1-2"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const publishing = client.publish("a", "x", { qos: 1 });
    const { id } = await peer.expect("32 { \"a\" id:2 <{}> 'x' }");
    notEqual(id, "00 00");
    equal(client.inFlightMessages, 1);
    peer.send(`40 { ${id} }`);
    await publishing;
    equal(client.inFlightMessages, 0);
  },
};

const qos2: ClientScenario = {
  title: "QoS 2: PUBLISH, PUBREC, PUBREL with the same identifier and flags 0010, PUBCOMP",
  statements: {
    v5: [
      "MQTT-4.3.3-1",
      "MQTT-4.3.3-2",
      "MQTT-4.3.3-3",
      "MQTT-4.3.3-4",
      "MQTT-2.2.1-5",
      "MQTT-3.6.1-1",
      "MQTT-3.6.2-1",
    ],
    v3: ["MQTT-4.3.3-1", "MQTT-2.3.1-6", "MQTT-3.6.1-1", "MQTT-2.3.1-2"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const publishing = client.publish("a", "x", { qos: 2 });
    const { id } = await peer.expect("34 { \"a\" id:2 <{}> 'x' }");
    peer.send(`50 { ${id} }`);
    await peer.expect(`62 { ${id} * }`);
    peer.send(`70 { ${id} }`);
    await publishing;
  },
};

const unusedIdentifiers: ClientScenario = {
  title: "identifiers wrap around without one that is in use, and without 0",
  statements: {
    v5: ["MQTT-2.2.1-3", "MQTT-4.3.2-1", "U-2.2.1-1", "U-2.2.1-2"],
    v3: ["MQTT-2.3.1-2", "MQTT-2.3.1-3", "MQTT-4.3.2-1"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    void client.publish("held", "x", { qos: 1 });
    const { held } = await peer.expect("32 { \"held\" held:2 <{}> 'x' }");
    for (let round = 0; round < 66_000; round += 1000) {
      for (let count = 0; count < 1000; count++) void client.publish("a", "x", { qos: 1 });
      let acknowledgements = "";
      for (const packet of await peer.collect(1000)) {
        const id = integer((packet[5] ?? 0) * 256 + (packet[6] ?? 0), 2);
        notEqual(id, "0000");
        notEqual(id, held?.replace(" ", ""));
        acknowledgements += `40 { ${id} } `;
      }
      peer.send(acknowledgements);
    }
    await client.publish("last", "x");
  },
};

const oneSetOfIdentifiers: ClientScenario = {
  title: "PUBLISH, SUBSCRIBE and UNSUBSCRIBE take their identifiers from one set",
  statements: { v5: ["U-2.2.1-1", "MQTT-2.2.1-3"], v3: ["MQTT-2.3.1-2"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    void client.publish("a", "1", { qos: 1 });
    void client.publish("a", "2", { qos: 2 });
    client.subscribe("b");
    client.subscribe("c");
    const ids = new Set<string>();
    for (const pattern of [
      '32 { "a" id:2 * }',
      '34 { "a" id:2 * }',
      "82 { id:2 * }",
      "82 { id:2 * }",
    ]) {
      const { id = "" } = await peer.expect(pattern);
      ids.add(id);
    }
    equal(ids.size, 4);
  },
};

const resent: ClientScenario = {
  title: "after a resume what is unacknowledged comes again: same identifiers, DUP 1, same order",
  statements: {
    v5: [
      "MQTT-4.4.0-1",
      "MQTT-3.3.1-1",
      "MQTT-3.3.1-3",
      "MQTT-4.3.2-3",
      "MQTT-4.3.3-3",
      "MQTT-4.6.0-1",
      "U-4.1-2",
      "MQTT-3.1.2-23",
    ],
    v3: [
      "MQTT-4.4.0-1",
      "MQTT-3.3.1-1",
      "MQTT-4.6.0-1",
      "MQTT-2.3.1-3",
      "MQTT-3.1.2-4",
      "MQTT-4.1.0-1",
    ],
  },
  run: async (context) => {
    const { client, result } = context.start(resuming(context));
    const first = await context.acceptClient();
    await result;
    const ids: (string | undefined)[] = [];
    for (const [payload, qos] of [
      ["1", 1],
      ["2", 2],
      ["3", 1],
      ["4", 2],
    ] as const) {
      void client.publish("a", payload, { qos });
      ids.push(
        (await first.expect(`${integer(0x30 + qos * 2, 1)} { "a" id:2 <{}> '${payload}' }`))["id"],
      );
    }
    const again = await resume(context, first);
    for (const [index, byte] of ["3A", "3C", "3A", "3C"].entries()) {
      await again.expect(`${byte} { "a" ${ids[index]} <{}> '${index + 1}' }`);
    }
  },
};

const expiredIsResent: ClientScenario = {
  title: "a QoS 2 PUBLISH that was sent comes again after a resume though it has expired",
  statements: { v5: ["MQTT-4.3.3-7", "MQTT-4.4.0-1"] },
  run: async (context) => {
    const { client, result } = context.start(resuming(context));
    const first = await context.acceptClient();
    await result;
    void client.publish("a", "x", { qos: 2, messageExpiryIntervalSeconds: 1 });
    const { id } = await first.expect("34 { \"a\" id:2 { 02 00000001 } 'x' }");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const again = await resume(context, first);
    await again.expect(`3C { "a" ${id} {*} 'x' }`);
  },
};

const sameClientId: ClientScenario = {
  title: "the client comes back to its session under the same ClientID, with Clean Start 0",
  statements: { v5: ["MQTT-3.1.3-2", "MQTT-3.1.2-23"], v3: ["MQTT-3.1.3-2", "MQTT-3.1.2-4"] },
  run: async (context) => {
    const { result } = context.start({ ...resuming(context), clientId: "one and the same" });
    const first = await context.acceptClient();
    await result;
    first.drop();
    const again = await context.accept();
    await again.expect('10 { "MQTT" <05|04> 00 0000 <{*}> "one and the same" }');
  },
};

const pubrelResent: ClientScenario = {
  title: "after PUBREC the PUBREL comes again after a resume, not the PUBLISH",
  statements: {
    v5: ["MQTT-4.3.3-5", "MQTT-4.3.3-6", "MQTT-4.4.0-1", "U-4.1-2"],
    v3: ["MQTT-4.3.3-1", "MQTT-4.4.0-1"],
  },
  run: async (context) => {
    const { client, result } = context.start(resuming(context));
    const first = await context.acceptClient();
    await result;
    const publishing = client.publish("a", "x", { qos: 2 });
    const { id } = await first.expect("34 { \"a\" id:2 <{}> 'x' }");
    first.send(`50 { ${id} }`);
    await first.expect(`62 { ${id} * }`);
    const again = await resume(context, first);
    await again.expect(`62 { ${id} * }`);
    again.send(`70 { ${id} }`);
    await publishing;
  },
};

const pubrelOrder: ClientScenario = {
  title: "PUBRELs are sent in the order in which the PUBRECs came",
  statements: { v5: ["MQTT-4.6.0-4"], v3: ["MQTT-4.6.0-4"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const ids: (string | undefined)[] = [];
    for (const payload of ["1", "2", "3"]) {
      void client.publish("a", payload, { qos: 2 });
      ids.push((await peer.expect(`34 { "a" id:2 <{}> '${payload}' }`))["id"]);
    }
    const order = [ids[2], ids[0], ids[1]];
    peer.send(order.map((id) => `50 { ${id} }`).join(" "));
    for (const id of order) await peer.expect(`62 { ${id} * }`);
  },
};

const notMeanwhile: ClientScenario = {
  title: "nothing is sent again on a connection that stays open",
  statements: { v5: ["MQTT-4.4.0-1"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    void client.publish("a", "x", { qos: 1 });
    await peer.expect("32 { \"a\" id:2 {} 'x' }");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await ping(client, peer);
  },
};

const refusedIsDone: ClientScenario = {
  title: "a message that the server refuses is rejected, done with, and not sent again",
  statements: { v5: ["MQTT-4.4.0-2", "U-2.2.1-2", "U-3.4.2.1-1", "MQTT-4.3.3-4"] },
  run: async (context) => {
    const { client, result } = context.start(resuming(context));
    const first = await context.acceptClient();
    await result;
    for (const [qos, answer] of [
      [1, "40"],
      [2, "50"],
    ] as const) {
      const publishing = client.publish("a", "x", { qos });
      const { id } = await first.expect(`${integer(0x30 + qos * 2, 1)} { "a" id:2 {} 'x' }`);
      first.send(`${answer} { ${id} 87 { 1F "no" } }`);
      const error = await rejected(publishing);
      ok(error instanceof Error);
      equal(Reflect.get(error, "reasonCode"), 0x87);
    }
    equal(client.inFlightMessages, 0);
    const again = await resume(context, first);
    await ping(client, again);
  },
};

/** The message may be published anew, which is a first sending; the old PUBREL may not come. */
async function nothingOld(client: MqttClient, peer: Peer): Promise<void> {
  await untilConnected(client);
  const pong = client.ping();
  let packet = await peer.next();
  if (packet[0] === 0x34) packet = await peer.next();
  equal(packet[0], 0xc0);
  peer.send("D0 00");
  await pong;
}

const sessionLost: ClientScenario = {
  title: "when the server has no session any more, the client drops its own state and begins anew",
  statements: { v5: ["MQTT-3.2.2-5", "MQTT-3.3.1-1"], v3: ["MQTT-3.1.2-6"] },
  run: async (context) => {
    const { client, result } = context.start(resuming(context));
    const first = await context.acceptClient();
    await result;
    client.publish("a", "x", { qos: 2 }).catch(() => {});
    const { id } = await first.expect("34 { \"a\" id:2 <{}> 'x' }");
    first.send(`50 { ${id} }`);
    await first.expect(`62 { ${id} * }`);
    first.drop();
    const again = await context.acceptClient("", "00");
    await nothingOld(client, again);
  },
};

const cleanStart: ClientScenario = {
  title: "with Clean Start 1 the client sends nothing again of what was before",
  statements: { v5: ["MQTT-3.1.2-4"], v3: ["MQTT-3.1.2-6"] },
  run: async (context) => {
    const { client, result } = context.start({
      reconnect: { initialDelayMs: 1 },
      cleanStart: true,
    });
    const first = await context.acceptClient();
    await result;
    client.publish("a", "x", { qos: 2 }).catch(() => {});
    const { id } = await first.expect("34 { \"a\" id:2 <{}> 'x' }");
    first.send(`50 { ${id} }`);
    await first.expect(`62 { ${id} * }`);
    first.drop();
    const again = await context.acceptClient("", "00");
    await nothingOld(client, again);
  },
};

const badTopics: ClientScenario = {
  title: "topics with wildcards, without characters, with U+0000 or a lone surrogate are not sent",
  statements: {
    v5: [
      "MQTT-3.3.2-2",
      "MQTT-4.7.0-1",
      "MQTT-4.7.3-1",
      "MQTT-4.7.3-2",
      "MQTT-1.5.4-1",
      "MQTT-1.5.4-2",
      "MQTT-4.7.3-3",
    ],
    v3: [
      "MQTT-3.3.2-2",
      "MQTT-4.7.1-1",
      "MQTT-4.7.3-1",
      "MQTT-4.7.3-2",
      "MQTT-1.5.3-1",
      "MQTT-1.5.3-2",
      "MQTT-4.7.3-3",
    ],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    for (const topic of ["a/+", "#", "", "a\u0000b", "a\ud800b", "x".repeat(65_536)]) {
      await rejected(Promise.resolve().then(() => client.publish(topic, "x")));
    }
    await client.publish("good", "x");
    await peer.expectPublish({ topic: "good" });
  },
};

const badProperties: ClientScenario = {
  title: "properties that would break a rule are not sent",
  statements: {
    v5: [
      "MQTT-3.3.2-13",
      "MQTT-3.3.2-14",
      "MQTT-3.3.2-19",
      "MQTT-1.5.7-1",
      "MQTT-3.3.4-6",
      "MQTT-1.5.4-2",
    ],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const bad = [
      { responseTopic: "a/#" },
      { responseTopic: "a\u0000" },
      { contentType: "\udc00" },
      { userProperties: [["n\u0000", "v"]] },
      { userProperties: [["n", "\ud800"]] },
    ] as const;
    for (const options of bad) {
      await rejected(Promise.resolve().then(() => client.publish("a", "x", options)));
    }
    const userProperties = [
      ["b", "1"],
      ["a", "2"],
      ["b", "1"],
    ] as const;
    await client.publish("a", "x", { contentType: "t", responseTopic: "r", userProperties });
    const message = await peer.expectPublish({ topic: "a" });
    equal(JSON.stringify(message.properties.get(0x26)), JSON.stringify(userProperties));
    equal(message.properties.has(0x0b), false);
  },
};

const lengths: ClientScenario = {
  title: "lengths are written in the fewest bytes on either side of each step",
  statements: { v5: ["MQTT-1.5.5-1"], v3: ["MQTT-4.3.1-1"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const header = context.isV5 ? 4 : 3;
    for (const length of [127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      await client.publish("a", "x".repeat(length - header));
      const packet = await peer.next();
      const bytes = length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4;
      equal(packet.length, 1 + bytes + length);
    }
  },
};

const unknownAcknowledgements: ClientScenario = {
  title: "PUBREC for an unknown identifier is answered by PUBREL 0x92",
  statements: { v5: ["U-3.6.2.1-1", "MQTT-3.6.2-1"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    peer.send("50 { 0BAD }");
    const { codes } = await peer.expectAcknowledgement(6, 0x0bad);
    equal(codes[0], 0x92);
    peer.send("40 { 0BAD } 70 { 0BAD }");
    await ping(client, peer);
  },
};

export const CLIENT_PUBLISHING_SCENARIOS: readonly ClientScenario[] = [
  qos0,
  qos1,
  qos2,
  unusedIdentifiers,
  oneSetOfIdentifiers,
  resent,
  expiredIsResent,
  sameClientId,
  pubrelResent,
  pubrelOrder,
  notMeanwhile,
  refusedIsDone,
  sessionLost,
  cleanStart,
  badTopics,
  badProperties,
  lengths,
  unknownAcknowledgements,
];
