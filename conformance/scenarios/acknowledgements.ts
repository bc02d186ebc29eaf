/** The QoS 1 and 2 flows in both directions, and redelivery after a reconnect (4.3, 4.4). */
import { equal, notEqual } from "node:assert/strict";

import type { Scenario, ScenarioContext } from "../scenario.ts";
import { encode } from "../wire/notation.ts";
import type { Peer } from "../wire/peer.ts";

const PUBREL = 6;
const PUBCOMP = 7;

const newIdentifiers: Scenario = {
  title: "each message to a client has an identifier that is not 0 and not in use, and DUP 0",
  statements: {
    v5: [
      "MQTT-2.2.1-4",
      "MQTT-4.3.2-1",
      "MQTT-4.3.2-2",
      "MQTT-4.3.3-1",
      "MQTT-4.3.3-2",
      "U-4.3.2-1",
    ],
    v3: ["MQTT-2.3.1-4", "MQTT-2.3.1-1", "MQTT-4.3.2-1", "MQTT-4.3.3-1"],
  },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 2);
    const sender = await context.connect();
    const used = new Set<number>();
    for (let count = 0; count < 10; count++) {
      const qos = count % 2 === 0 ? 1 : 2;
      await context.publish(sender, topic, `${count}`, { qos });
      const message = await receiver.expectPublish({ qos, payload: `${count}`, duplicate: false });
      notEqual(message.packetIdentifier, 0);
      equal(used.has(message.packetIdentifier), false);
      used.add(message.packetIdentifier);
    }
  },
};

const wrapsAround: Scenario = {
  title: "an identifier that stays unacknowledged is skipped when the identifiers wrap around",
  statements: {
    v5: ["MQTT-2.2.1-4", "MQTT-4.3.2-1", "U-2.2.1-2"],
    v3: ["MQTT-2.3.1-4", "MQTT-4.3.2-1"],
  },
  slow: true,
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 1);
    const sender = await context.connect();
    await context.publish(sender, topic, "held");
    await receiver.expectPublish();
    await context.publish(sender, topic, "held", { qos: 1 });
    const held = await receiver.expectPublish({ payload: "held" });
    // Close to what servers have in flight to those who state nothing.
    const count = 18;
    const messages = encode(`32 { "${topic}" 0001 <{}> 'x' } `.repeat(count), context.version);
    for (let round = 0; round < 66_000; round += count) {
      sender.sendBytes(messages);
      const publishes = await receiver.collect(count);
      await sender.collect(count);
      const acknowledgements = publishes.flatMap((packet) => {
        const id = identifierOf(packet, topic);
        notEqual(id, 0);
        notEqual(id, held.packetIdentifier);
        return [0x40, 2, id >> 8, id & 0xff];
      });
      receiver.sendBytes(Uint8Array.from(acknowledgements));
    }
  },
};

function identifierOf(packet: Uint8Array, topic: string): number {
  const offset = 4 + topic.length;
  return (packet[offset] ?? 0) * 256 + (packet[offset + 1] ?? 0);
}

const bothWays: Scenario = {
  title: "the same identifier may be in use in both directions at once",
  statements: { v5: ["U-2.2.1-1"], v3: ["MQTT-2.3.1-4"] },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 2);
    await context.publish(await context.connect(), topic, "down", { qos: 2 });
    const { id } = await receiver.expect(`34 { "${topic}" id:2 <{}> 'down' }`);
    receiver.send(`34 { "${context.topic("elsewhere")}" ${id} <{}> 'up' }`);
    await receiver.expect(`50 { ${id} * }`);
    receiver.send(`50 { ${id} }`);
    await receiver.expect(`62 { ${id} * }`);
    receiver.send(`62 { ${id} }`);
    await receiver.expect(`70 { ${id} * }`);
    receiver.send(`70 { ${id} }`);
    await receiver.expectNothing();
  },
};

const repeatedQos1: Scenario = {
  title: "QoS 1: after PUBACK the same identifier is a new message, whatever its DUP",
  statements: { v5: ["MQTT-4.3.2-5"], v3: ["MQTT-4.3.2-2"] },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic);
    const sender = await context.connect();
    for (const first of ["32", "3A", "32"]) {
      sender.send(`${first} { "${topic}" 0007 <{}> 'x' }`);
      await sender.expect("40 { 0007 * }");
      await receiver.expectPublish({ topic, payload: "x" });
    }
  },
};

const repeatedQos2: Scenario = {
  title: "QoS 2: until PUBREL a repeated PUBLISH is answered again and not delivered again",
  statements: {
    v5: ["MQTT-4.3.3-10", "MQTT-4.3.3-11", "MQTT-4.3.3-12"],
    v3: ["MQTT-4.3.3-2"],
  },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic);
    const sender = await context.connect();
    for (const first of ["34", "3C", "34"]) {
      sender.send(`${first} { "${topic}" 0007 <{}> 'once' }`);
      await sender.expect("50 { 0007 * }");
    }
    sender.send("62 { 0007 }");
    await sender.expect("70 { 0007 * }");
    await receiver.expectPublish({ topic, payload: "once" });
    await context.publish(sender, topic, "after");
    await receiver.expectPublish({ topic, payload: "after" });
    sender.send(`34 { "${topic}" 0007 <{}> 'new' }`);
    await sender.expect("50 { 0007 * }");
    sender.send("62 { 0007 }");
    await sender.expect("70 { 0007 * }");
    await receiver.expectPublish({ topic, payload: "new" });
  },
};

const repeatedAcrossReconnect: Scenario = {
  title: "QoS 2: a PUBLISH repeated after a reconnect is not delivered again",
  statements: {
    v5: ["MQTT-4.3.3-10", "MQTT-4.4.0-1", "U-4.1-3"],
    v3: ["MQTT-4.3.3-2", "MQTT-4.4.0-1"],
  },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId();
    const receiver = await context.subscriber(topic);
    const first = await context.connect({ clientId, durable: true });
    first.send(`34 { "${topic}" 0007 <{}> 'once' }`);
    await first.expect("50 { 0007 * }");
    first.drop();
    const second = await context.connect({ clientId, durable: true });
    second.send(`3C { "${topic}" 0007 <{}> 'once' }`);
    await second.expect("50 { 0007 * }");
    second.send("62 { 0007 }");
    await second.expect("70 { 0007 * }");
    await receiver.expectPublish({ topic, payload: "once" });
    await context.publish(second, topic, "after");
    await receiver.expectPublish({ topic, payload: "after" });
  },
};

const unknownPubrel: Scenario = {
  title: "PUBREL for an identifier that is not known is answered by PUBCOMP 0x92",
  statements: {
    v5: ["MQTT-4.3.3-11", "U-3.7.2.1-1", "MQTT-3.7.2-1"],
    v3: ["MQTT-4.3.3-2"],
  },
  run: async (context) => {
    const peer = await context.connect();
    peer.send("62 { 0BAD }");
    const pubcomp = await peer.expectAcknowledgement(PUBCOMP, 0x0bad);
    if (context.isV5) context.recommend(pubcomp.codes[0] === 0x92, "PUBCOMP does not say 0x92");
    await peer.expectNothing();
  },
};

const unknownPubrec: Scenario = {
  title: "PUBREC for an identifier that is not known is answered by PUBREL 0x92",
  statements: { v5: ["U-3.6.2.1-1", "MQTT-3.6.2-1"] },
  run: async (context) => {
    const peer = await context.connect();
    peer.send("50 { 0BAD }");
    const pubrel = await peer.expectAcknowledgement(PUBREL, 0x0bad);
    context.recommend(pubrel.codes[0] === 0x92, "PUBREL does not say 0x92");
  },
};

// The standard has no rule for these two. Ours: they are ignored.
const unknownFinal: Scenario = {
  title: "PUBACK and PUBCOMP for an identifier that is not known disturb nothing",
  statements: { v5: ["U-4.4-1"], v3: ["MQTT-2.3.1-6"] },
  run: async (context) => {
    const peer = await context.connect();
    peer.send("40 { 0BAD } 70 { 0BAD }");
    await peer.expectNothing();
  },
};

const flowToClient: Scenario = {
  title:
    "QoS 2 to a client: PUBREL after PUBREC, with the same identifier, and nothing after PUBCOMP",
  statements: {
    v5: ["MQTT-4.3.3-4", "MQTT-2.2.1-5", "MQTT-3.6.2-1", "U-2.2.1-2"],
    v3: ["MQTT-4.3.3-1", "MQTT-2.3.1-6"],
  },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 2);
    await context.publish(await context.connect(), topic, "x", { qos: 2 });
    const { id } = await receiver.expect(`34 { "${topic}" id:2 <{}> 'x' }`);
    receiver.send(`50 { ${id} }`);
    await receiver.expect(`62 { ${id} * }`);
    receiver.send(`70 { ${id} }`);
    await receiver.expectNothing();
  },
};

/** A subscriber that got one message and has not answered; its session is kept. */
async function unanswered(
  context: ScenarioContext,
  topic: string,
  qos: 1 | 2,
): Promise<{ readonly receiver: Peer; readonly clientId: string; readonly id: string }> {
  const clientId = context.clientId("receiver");
  const receiver = await context.subscriber(topic, qos, { clientId, durable: true });
  await context.publish(await context.connect(), topic, "x", { qos });
  const first = qos === 1 ? "32" : "34";
  const { id = "" } = await receiver.expect(`${first} { "${topic}" id:2 <{*}> 'x' }`);
  return { receiver, clientId, id };
}

function resent(qos: 1 | 2): Scenario {
  return {
    title: `an unacknowledged QoS ${qos} PUBLISH comes again after a reconnect: same identifier, DUP 1`,
    statements: {
      v5: ["MQTT-4.4.0-1", "MQTT-3.3.1-1", qos === 1 ? "MQTT-4.3.2-3" : "MQTT-4.3.3-3", "U-4.1-3"],
      v3: [
        "MQTT-4.4.0-1",
        "MQTT-3.3.1-1",
        qos === 1 ? "MQTT-4.3.2-1" : "MQTT-4.3.3-1",
        "MQTT-2.3.1-4",
      ],
    },
    run: async (context) => {
      const topic = context.topic();
      const { receiver, clientId, id } = await unanswered(context, topic, qos);
      receiver.drop();
      const again = await context.connect({ clientId, durable: true });
      await again.expect(`${qos === 1 ? "3A" : "3C"} { "${topic}" ${id} <{*}> 'x' }`);
      again.send(qos === 1 ? `40 { ${id} }` : `50 { ${id} }`);
      if (qos === 2) {
        await again.expect(`62 { ${id} * }`);
        again.send(`70 { ${id} }`);
      }
      await again.expectNothing();
      again.drop();
      const third = await context.connect({ clientId, durable: true });
      await third.expectNothing();
    },
  };
}

const pubrelResent: Scenario = {
  title: "after PUBREC the PUBREL comes again after a reconnect, not the PUBLISH",
  statements: {
    v5: ["MQTT-4.3.3-5", "MQTT-4.3.3-6", "MQTT-4.4.0-1"],
    v3: ["MQTT-4.3.3-1", "MQTT-4.4.0-1"],
  },
  run: async (context) => {
    const { receiver, clientId, id } = await unanswered(context, context.topic(), 2);
    receiver.send(`50 { ${id} }`);
    await receiver.expect(`62 { ${id} * }`);
    receiver.drop();
    const again = await context.connect({ clientId, durable: true });
    await again.expect(`62 { ${id} * }`);
    again.send(`70 { ${id} }`);
    await again.expectNothing();
  },
};

const notResentMeanwhile: Scenario = {
  title: "nothing is sent again on a connection that stays open",
  statements: { v5: ["MQTT-4.4.0-1"] },
  slow: true,
  run: async (context) => {
    const { receiver, id } = await unanswered(context, context.topic(), 2);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    receiver.send(`50 { ${id} }`);
    await receiver.expect(`62 { ${id} * }`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await receiver.expectNothing();
  },
};

function refusedByClient(qos: 1 | 2): Scenario {
  return {
    title: `a QoS ${qos} PUBLISH that the client answers with 0x80 or above is done with`,
    statements: { v5: ["MQTT-4.4.0-2", "U-2.2.1-2"] },
    run: async (context) => {
      const { receiver, clientId, id } = await unanswered(context, context.topic(), qos);
      receiver.send(qos === 1 ? `40 { ${id} 80 {} }` : `50 { ${id} 80 {} }`);
      await receiver.expectNothing();
      receiver.drop();
      const again = await context.connect({ clientId, durable: true });
      await again.expectNothing();
    },
  };
}

const longForms: Scenario = {
  title: "acknowledgements are understood in each of their forms",
  statements: { v5: ["MQTT-2.2.2-1", "MQTT-3.6.2-1"] },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 2);
    const sender = await context.connect();
    for (const tail of ["", "00", "00 {}", '00 { 1F "fine" 26 "n" "v" }']) {
      await context.publish(sender, topic, "x", { qos: 2 });
      const { id } = await receiver.expect(`34 { "${topic}" id:2 {} 'x' }`);
      receiver.send(`50 { ${id} ${tail} }`);
      await receiver.expect(`62 { ${id} * }`);
      receiver.send(`70 { ${id} ${tail} }`);
      sender.send(`34 { "${topic}/up" 0009 {} 'x' }`);
      await sender.expect("50 { 0009 * }");
      sender.send(`62 { 0009 ${tail} }`);
      await sender.expect("70 { 0009 * }");
    }
    await receiver.expectNothing();
  },
};

const ordered: Scenario = {
  title: "messages of one topic and QoS come in the order in which they were sent",
  statements: {
    v5: ["MQTT-4.6.0-5", "MQTT-4.6.0-6"],
    v3: ["MQTT-4.6.0-5", "MQTT-4.6.0-6"],
  },
  run: async (context) => {
    for (const qos of [0, 1, 2] as const) {
      const topic = context.topic(`qos${qos}`);
      const receiver = await context.subscriber(topic, qos);
      const sender = await context.connect();
      for (let count = 0; count < 15; count++) {
        await context.publish(sender, topic, `${count}`, { qos });
      }
      for (let count = 0; count < 15; count++) {
        await receiver.expectPublish({ topic, qos, payload: `${count}` });
      }
    }
  },
};

const orderedAcrossResume: Scenario = {
  title: "the order is kept through an offline session, and what was unacknowledged comes first",
  statements: {
    v5: ["MQTT-4.6.0-5", "MQTT-4.4.0-1"],
    v3: ["MQTT-4.6.0-6", "MQTT-4.4.0-1"],
  },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("ordered");
    const receiver = await context.subscriber(topic, 1, { clientId, durable: true });
    const sender = await context.connect();
    for (const payload of ["1", "2", "3"]) {
      await context.publish(sender, topic, payload, { qos: 1 });
      await receiver.expectPublish({ payload });
    }
    receiver.drop();
    for (const payload of ["4", "5"]) await context.publish(sender, topic, payload, { qos: 1 });
    const again = await context.connect({ clientId, durable: true });
    for (const payload of ["1", "2", "3"]) await again.expectPublish({ payload, duplicate: true });
    for (const payload of ["4", "5"]) await again.expectPublish({ payload });
  },
};

export const ACKNOWLEDGEMENT_SCENARIOS: readonly Scenario[] = [
  newIdentifiers,
  wrapsAround,
  bothWays,
  repeatedQos1,
  repeatedQos2,
  repeatedAcrossReconnect,
  unknownPubrel,
  unknownPubrec,
  unknownFinal,
  flowToClient,
  resent(1),
  resent(2),
  pubrelResent,
  notResentMeanwhile,
  refusedByClient(1),
  refusedByClient(2),
  longForms,
  ordered,
  orderedAcrossResume,
];
