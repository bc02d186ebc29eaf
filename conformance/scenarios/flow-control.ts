/** Receive Maximum in both directions (3.1.2.11.3, 3.3.4, 4.9). */
import { equal } from "node:assert/strict";

import type { Scenario, ScenarioContext } from "../scenario.ts";
import { integer } from "../wire/notation.ts";
import type { Peer } from "../wire/peer.ts";

/** A subscriber with a Receive Maximum, and somebody who has published this many messages to it. */
async function flooded(
  context: ScenarioContext,
  receiveMaximum: number,
  messages: readonly (0 | 1 | 2)[],
): Promise<{ readonly receiver: Peer; readonly sender: Peer; readonly topic: string }> {
  const topic = context.topic();
  const properties = `21 ${integer(receiveMaximum, 2)}`;
  const receiver = await context.subscriber(topic, 2, { properties });
  const sender = await context.connect();
  for (const [index, qos] of messages.entries()) {
    await context.publish(sender, topic, `${index}`, { qos });
  }
  return { receiver, sender, topic };
}

async function identifierOf(receiver: Peer, payload: string): Promise<string> {
  const message = await receiver.expectPublish({ payload });
  return integer(message.packetIdentifier, 2);
}

const serverStops: Scenario = {
  title: "the server has no more messages open than the client's Receive Maximum",
  statements: { v5: ["MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2", "U-4.9-1"] },
  run: async (context) => {
    const { receiver } = await flooded(context, 2, [1, 1, 1, 1]);
    const first = await identifierOf(receiver, "0");
    const second = await identifierOf(receiver, "1");
    await receiver.expectNothing();
    receiver.send(`40 { ${second} }`);
    const third = await identifierOf(receiver, "2");
    await receiver.expectNothing();
    receiver.send(`40 { ${first} } 40 { ${third} }`);
    await identifierOf(receiver, "3");
    await receiver.expectNothing();
  },
};

const pubrecHolds: Scenario = {
  title: "a QoS 2 message is open until PUBCOMP, or until a PUBREC of 0x80 and above",
  statements: { v5: ["MQTT-3.3.4-9", "U-4.9-1", "U-2.2.1-2"] },
  run: async (context) => {
    const { receiver } = await flooded(context, 1, [2, 2, 2]);
    const first = await identifierOf(receiver, "0");
    receiver.send(`50 { ${first} }`);
    await receiver.expect(`62 { ${first} * }`);
    await receiver.expectNothing();
    receiver.send(`70 { ${first} }`);
    const second = await identifierOf(receiver, "1");
    await receiver.expectNothing();
    receiver.send(`50 { ${second} 80 {} }`);
    await identifierOf(receiver, "2");
  },
};

const noMoreThanStart: Scenario = {
  title: "acknowledgements that acknowledge nothing do not raise the quota",
  statements: { v5: ["U-4.9-1", "MQTT-4.9.0-1"] },
  run: async (context) => {
    const { receiver, sender, topic } = await flooded(context, 1, []);
    receiver.send("40 { 0001 } 40 { 0002 } 70 { 0003 }");
    await receiver.expectNothing();
    for (const payload of ["a", "b"]) await context.publish(sender, topic, payload, { qos: 1 });
    await identifierOf(receiver, "a");
    await receiver.expectNothing();
  },
};

const othersGoOn: Scenario = {
  title: "at the limit the server answers every other packet of the client",
  statements: { v5: ["MQTT-3.3.4-10", "MQTT-4.9.0-3"] },
  run: async (context) => {
    const { receiver } = await flooded(context, 1, [1, 1]);
    await identifierOf(receiver, "0");
    const other = context.topic("other");
    receiver.send(`C0 00 82 { 0001 {} "${other}" 01 } A2 { 0002 {} "${other}" }`);
    await receiver.expect("D0 00");
    await receiver.expect("90 { 0001 {*} 01 }");
    await receiver.expect("B0 { 0002 {*} 00 }");
    receiver.send(`32 { "${other}" 0003 {} 'x' } 34 { "${other}" 0004 {} 'x' }`);
    await receiver.expect("40 { 0003 * }");
    await receiver.expect("50 { 0004 * }");
    receiver.send("62 { 0004 }");
    await receiver.expect("70 { 0004 * }");
  },
};

const qos0GoesOn: Scenario = {
  title: "messages of QoS 0 are not counted",
  statements: { v5: ["U-3.1.2.11.3-2", "U-4.9-2"] },
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 0, { properties: "21 0001" });
    const sender = await context.connect();
    for (let count = 0; count < 5; count++) await context.publish(sender, topic, `${count}`);
    for (let count = 0; count < 5; count++) await receiver.expectPublish({ payload: `${count}` });
  },
};

// Ours at quota 0: QoS 0 goes on, since nothing in the standard holds it back.
const anewPerConnection: Scenario = {
  title: "the quota begins anew with each connection, at the limit of that CONNECT",
  statements: { v5: ["U-4.9-1", "U-3.1.2.11.3-2", "MQTT-4.4.0-1"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("quota");
    const properties = "11 0000003C 21 0004";
    const connect = { clientId, properties, cleanStart: false };
    const receiver = await context.subscriber(topic, 1, connect);
    const sender = await context.connect();
    for (let count = 0; count < 4; count++) {
      await context.publish(sender, topic, `${count}`, { qos: 1 });
      await receiver.expectPublish({ payload: `${count}` });
    }
    receiver.drop();
    const again = await context.connect({ ...connect, properties: "11 0000003C 21 0002" });
    const first = await again.expectPublish({ payload: "0", duplicate: true });
    await again.expectPublish({ payload: "1", duplicate: true });
    await again.expectNothing();
    again.send(`40 { ${integer(first.packetIdentifier, 2)} }`);
    await again.expectPublish({ payload: "2", duplicate: true });
    await again.expectNothing();
  },
};

const clientExceeds: Scenario = {
  title: "a client with more open QoS 2 messages than the server's Receive Maximum is cut off",
  statements: { v5: ["MQTT-3.3.4-7", "U-3.3.4-3"] },
  needs: { receiveMaximum: 3 },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead();
    equal(connack.properties.get(0x21)?.[0], 3);
    for (const id of ["0001", "0002", "0003"]) {
      peer.send(`34 { "${context.topic()}" ${id} {} 'x' }`);
      await peer.expect(`50 { ${id} * }`);
    }
    peer.send(`34 { "${context.topic()}" 0004 {} 'x' }`);
    await peer.expectDisconnect(0x93);
  },
};

const clientWithin: Scenario = {
  title: "a client that stays within the server's Receive Maximum can go on for ever",
  statements: { v5: ["MQTT-3.3.4-7", "MQTT-4.9.0-2", "MQTT-4.9.0-3"] },
  needs: { receiveMaximum: 3 },
  run: async (context) => {
    const peer = await context.connect();
    const topic = context.topic();
    for (let round = 0; round < 5; round++) {
      for (const id of ["0001", "0002", "0003"]) {
        peer.send(`34 { "${topic}" ${id} {} 'x' }`);
        await peer.expect(`50 { ${id} * }`);
      }
      // A repetition of an open message is no further one.
      peer.send(`3C { "${topic}" 0003 {} 'x' }`);
      await peer.expect("50 { 0003 * }");
      await context.publish(peer, topic, "uncounted");
      peer.send("62 { 0001 } 62 { 0002 } 62 { 0003 }");
      for (const id of ["0001", "0002", "0003"]) await peer.expect(`70 { ${id} * }`);
    }
  },
};

// The text for the receiver counts PUBACK and PUBCOMP only. Ours: its own PUBREC of 0x80 or above
// frees a place too, as it does on the sender's side.
const refusedFrees: Scenario = {
  title: "a message that the server refuses by PUBREC is not open any more",
  statements: { v5: ["MQTT-3.3.4-7", "MQTT-4.3.3-9", "U-2.2.1-2"] },
  needs: { receiveMaximum: 2, houseRules: true },
  run: async (context) => {
    const peer = await context.connect();
    for (let count = 0; count < 5; count++) {
      peer.send(`34 { "${context.topic("forbidden")}" 0001 {} 'x' }`);
      const { codes } = await peer.expectAcknowledgement(5, 1);
      equal(codes[0], 0x87);
    }
    await peer.expectNothing();
  },
};

export const FLOW_CONTROL_SCENARIOS: readonly Scenario[] = [
  serverStops,
  pubrecHolds,
  noMoreThanStart,
  othersGoOn,
  qos0GoesOn,
  anewPerConnection,
  clientExceeds,
  clientWithin,
  refusedFrees,
];
