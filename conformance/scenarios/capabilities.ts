/** Servers that leave something out, and say so in CONNACK (3.2.2.3.4 to .13). */
import { equal } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";
import { integer } from "../wire/notation.ts";

const maximumQosTold = ([0, 1] as const).map((maximumQos): Scenario => ({
  title: `a server with Maximum QoS ${maximumQos} says so, grants less, and refuses more`,
  statements: {
    v5: ["MQTT-3.2.2-9", "MQTT-3.2.2-10", "MQTT-3.2.2-11", "U-3.2.2.3.4-2", "U-3.8.4-3"],
  },
  needs: { maximumQos },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead();
    equal(connack.properties.get(0x24)?.[0], maximumQos);
    for (const qos of [0, 1, 2]) {
      peer.send(`82 { 0001 {} "${context.topic()}" ${integer(qos, 1)} }`);
      const { codes } = await peer.expectAcknowledgement(9, 1);
      equal(codes[0] !== undefined && codes[0] <= qos, true);
    }
    const first = integer(0x30 + (maximumQos + 1) * 2, 1);
    peer.send(`${first} { "${context.topic()}" 0001 {} 'x' }`);
    await peer.expectDisconnect(0x9b);
  },
}));

const maximumQosWill: Scenario = {
  title: "a Will above the server's Maximum QoS is refused",
  statements: { v5: ["MQTT-3.2.2-12", "U-3.2.2.3.4-3"] },
  needs: { maximumQos: 1 },
  run: async (context) => {
    await context.connect({ will: { topic: context.topic(), qos: 1 } });
    const peer = await context.open();
    peer.send(context.connectPacket({ will: { topic: context.topic(), qos: 2 } }));
    await peer.expectRefusal(0x9b);
  },
};

const noRetain: Scenario = {
  title: "a server without retained messages says so and refuses RETAIN 1",
  statements: { v5: ["MQTT-3.2.2-14", "U-3.2.2.3.5-2"] },
  needs: { retainAvailable: false },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead();
    equal(connack.properties.get(0x25)?.[0], 0);
    peer.send(`31 { "${context.topic()}" {} 'x' }`);
    await peer.expectDisconnect(0x9a);
  },
};

const noRetainWill: Scenario = {
  title: "a server without retained messages refuses a Will that is to be retained",
  statements: { v5: ["MQTT-3.2.2-13", "U-3.2.2.3.5-3"] },
  needs: { retainAvailable: false },
  run: async (context) => {
    const peer = await context.open();
    peer.send(context.connectPacket({ will: { topic: context.topic(), retain: true } }));
    await peer.expectRefusal(0x9a);
  },
};

const noRetainOptions: Scenario = {
  title: "a server without retained messages takes every retain option and sends RETAIN 0",
  statements: { v5: ["U-3.8.3.1-5"] },
  needs: { retainAvailable: false },
  run: async (context) => {
    for (const options of [0x00, 0x08, 0x10, 0x28]) {
      const topic = context.topic(`${options}`);
      const peer = await context.subscriber(topic, options);
      await context.publish(peer, topic, "x");
      await peer.expectPublish({ retain: false });
    }
  },
};

const noWildcards: Scenario = {
  title: "a server without wildcards says so and refuses them",
  statements: { v5: ["U-3.2.2.3.11-2", "U-3.2.2.3.11-3"], v3: ["MQTT-3.8.3-2"] },
  needs: { wildcardSubscriptionAvailable: false },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead();
    if (context.isV5) equal(connack.properties.get(0x28)?.[0], 0);
    await context.subscribe(peer, context.topic("plain"));
    peer.send(`82 { 0001 <{}> "${context.topic("+")}" 00 }`);
    if (context.isV5) await peer.expectDisconnect(0xa2);
    else await peer.expect("90 { 0001 80 }");
  },
};

const noIdentifiers: Scenario = {
  title: "a server without Subscription Identifiers says so and refuses them",
  statements: { v5: ["U-3.2.2.3.12-1"] },
  needs: { subscriptionIdentifierAvailable: false },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead();
    equal(connack.properties.get(0x29)?.[0], 0);
    peer.send(`82 { 0001 { 0B 01 } "${context.topic()}" 00 }`);
    await peer.expectDisconnect(0xa1);
  },
};

const noShared: Scenario = {
  title: "a server without Shared Subscriptions says so and refuses them",
  statements: { v5: ["U-3.2.2.3.13-1"] },
  needs: { sharedSubscriptionAvailable: false },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead();
    equal(connack.properties.get(0x2a)?.[0], 0);
    peer.send(`82 { 0001 {} "$share/group/${context.topic()}" 00 }`);
    await peer.expectDisconnect(0x9e);
  },
};

const shorterExpiry: Scenario = {
  title: "a server that grants a shorter session than asked for says so, and keeps to it",
  statements: { v5: ["U-3.2.2.3.2-1", "MQTT-4.1.0-2"] },
  needs: { sessionExpiryIntervalMaximumSeconds: 1 },
  slow: true,
  run: async (context) => {
    const clientId = context.clientId("shorter");
    const { peer, connack } = await context.connectAndRead({ clientId, durable: true });
    equal(connack.properties.get(0x11)?.[0], 1);
    peer.drop();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const again = await context.connectAndRead({ clientId, cleanStart: false });
    equal(again.connack.sessionPresent, false);
  },
};

const nothingToTell: Scenario = {
  title: "the values of CONNACK are each legal and come once",
  statements: { v5: ["MQTT-3.2.2-8", "MQTT-2.2.2-1", "U-3.2.2.3.2-1"] },
  run: async (context) => {
    const { connack } = await context.connectAndRead({ properties: "11 0000000A" });
    for (const [id, values] of connack.properties) {
      if (id !== 0x26) equal(values.length, 1);
    }
    const maximumQos = connack.properties.get(0x24)?.[0] ?? 1;
    equal(maximumQos === 0 || maximumQos === 1, true);
    equal(connack.properties.get(0x21)?.[0] === 0, false);
    equal(connack.properties.get(0x27)?.[0] === 0, false);
    equal(connack.properties.has(0x12), false);
  },
};

export const CAPABILITY_SCENARIOS: readonly Scenario[] = [
  ...maximumQosTold,
  maximumQosWill,
  noRetain,
  noRetainWill,
  noRetainOptions,
  noWildcards,
  noIdentifiers,
  noShared,
  shorterExpiry,
  nothingToTell,
];
