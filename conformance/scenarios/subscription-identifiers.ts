/** Subscription Identifiers (3.3.4, 3.8.2.1.2, 3.8.4). */
import { equal } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";
import type { Publish } from "../wire/packet-reader.ts";

const SUBSCRIPTION_IDENTIFIER = 0x0b;

function identifiersOf(message: Publish): string {
  const values = message.properties.get(SUBSCRIPTION_IDENTIFIER) ?? [];
  return values
    .map(Number)
    .sort((left, right) => left - right)
    .join();
}

const smallAndLarge: Scenario = {
  title: "the smallest and the largest identifier come back with the message",
  statements: { v5: ["MQTT-3.3.4-3", "U-3.3.4-10"] },
  run: async (context) => {
    const peer = await context.connect();
    for (const [name, bytes] of [
      ["least", "01"],
      ["most", "FF FF FF 7F"],
      ["step", "80 01"],
    ]) {
      const topic = context.topic(name);
      await context.subscribe(peer, topic, 0, `0B ${bytes}`);
      await context.publish(peer, topic, "x");
      await peer.expect(`30 { "${topic}" { 0B ${bytes} } 'x' }`);
    }
  },
};

const overlapping: Scenario = {
  title: "overlapping subscriptions: the identifiers of all that match reach the client",
  statements: { v5: ["MQTT-3.3.4-3", "MQTT-3.3.4-4", "MQTT-3.3.4-5"] },
  run: async (context) => {
    const topic = context.topic("a/b");
    const peer = await context.connect();
    await context.subscribe(peer, context.topic("a/#"), 0, "0B 01");
    await context.subscribe(peer, context.topic("+/b"), 0, "0B 02");
    await context.subscribe(peer, topic, 0);
    await context.subscribe(peer, context.topic("end"), 0);
    const sender = await context.connect();
    await context.publish(sender, topic, "x");
    await context.publish(sender, context.topic("end"), "end");
    const found: string[] = [];
    for (;;) {
      const message = await peer.expectPublish();
      if (message.payload === "end") break;
      found.push(identifiersOf(message));
    }
    equal(["1,2", ",1,2"].includes(found.sort().join()), true);
  },
};

const sameTwice: Scenario = {
  title: "the same identifier on two matching subscriptions comes twice, in one copy or in two",
  statements: { v5: ["U-3.3.4-8"] },
  run: async (context) => {
    const topic = context.topic("a/b");
    const peer = await context.connect();
    await context.subscribe(peer, context.topic("a/#"), 0, "0B 07");
    await context.subscribe(peer, context.topic("+/b"), 0, "0B 07");
    await context.publish(peer, topic, "x");
    const first = identifiersOf(await peer.expectPublish());
    if (first === "7,7") return await peer.expectNothing();
    equal(first, "7");
    equal(identifiersOf(await peer.expectPublish()), "7");
  },
};

const severalFilters: Scenario = {
  title: "the identifier belongs to every filter of its SUBSCRIBE",
  statements: { v5: ["U-3.8.2.1.2-2"] },
  run: async (context) => {
    const peer = await context.connect();
    peer.send(`82 { 0001 { 0B 05 } "${context.topic("a")}" 00 "${context.topic("b")}" 00 }`);
    await peer.expect("90 { 0001 {} 00 00 }");
    for (const name of ["a", "b"]) {
      await context.publish(peer, context.topic(name), "x");
      await peer.expect(`30 { "${context.topic(name)}" { 0B 05 } 'x' }`);
    }
  },
};

const replaced: Scenario = {
  title: "a new SUBSCRIBE of the filter changes the identifier, or takes it away",
  statements: { v5: ["U-3.8.2.1.2-2", "U-3.8.4-4", "MQTT-3.8.4-3"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.connect();
    for (const properties of ["0B 05", "0B 06", "", "0B 07"]) {
      await context.subscribe(peer, topic, 0, properties);
      await context.publish(peer, topic, "x");
      await peer.expect(`30 { "${topic}" { ${properties} } 'x' }`);
    }
  },
};

const afterUnsubscribe: Scenario = {
  title: "an identifier is gone after UNSUBSCRIBE, the one of another matching filter is not",
  statements: { v5: ["U-3.8.4-4", "MQTT-3.10.4-1"] },
  run: async (context) => {
    const topic = context.topic("a");
    const peer = await context.connect();
    await context.subscribe(peer, topic, 0, "0B 05");
    await context.subscribe(peer, context.topic("#"), 0, "0B 06");
    peer.send(`A2 { 0001 {} "${topic}" }`);
    await peer.expect("B0 { 0001 {} 00 }");
    await context.publish(peer, topic, "x");
    await peer.expect(`30 { "${topic}" { 0B 06 } 'x' }`);
  },
};

const retained: Scenario = {
  title: "a retained message carries the identifier of the SUBSCRIBE that it answers",
  statements: { v5: ["U-3.3.4-10"] },
  run: async (context) => {
    const topic = context.topic();
    const sender = await context.connect();
    await context.publish(sender, topic, "x", { retain: true });
    const peer = await context.connect();
    await context.subscribe(peer, topic, 0, "0B 2A");
    await peer.expect(`31 { "${topic}" { 0B 2A } 'x' }`);
  },
};

const queued: Scenario = {
  title: "a message that waited for an offline session carries the identifier",
  statements: { v5: ["U-4.1-3", "U-3.8.4-4"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("queued");
    const first = await context.connect({ clientId, durable: true });
    await context.subscribe(first, topic, 1, "0B 2A");
    first.drop();
    await context.publish(await context.connect(), topic, "x", { qos: 1 });
    const again = await context.connect({ clientId, durable: true });
    await again.expect(`32 { "${topic}" id:2 { 0B 2A } 'x' }`);
  },
};

const retransmitted: Scenario = {
  title: "a message sent again carries the identifier of before, or the newer one",
  statements: { v5: ["U-3.8.4-5"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("again");
    const first = await context.connect({ clientId, durable: true });
    await context.subscribe(first, topic, 1, "0B 05");
    await context.publish(await context.connect(), topic, "x", { qos: 1 });
    await first.expectPublish({ qos: 1 });
    first.drop();
    const again = await context.connect({ clientId, durable: true });
    const message = await again.expectPublish({ topic, duplicate: true });
    equal(identifiersOf(message), "5");
  },
};

const perClient: Scenario = {
  title: "two clients with their own identifiers each get their own",
  statements: { v5: ["MQTT-3.3.4-3", "U-3.3.4-10"] },
  run: async (context) => {
    const topic = context.topic();
    const left = await context.connect();
    const right = await context.connect();
    await context.subscribe(left, topic, 0, "0B 01");
    await context.subscribe(right, topic, 0, "0B 02");
    await context.publish(left, topic, "x");
    await left.expect(`30 { "${topic}" { 0B 01 } 'x' }`);
    await right.expect(`30 { "${topic}" { 0B 02 } 'x' }`);
  },
};

export const SUBSCRIPTION_IDENTIFIER_SCENARIOS: readonly Scenario[] = [
  smallAndLarge,
  overlapping,
  sameTwice,
  severalFilters,
  replaced,
  afterUnsubscribe,
  retained,
  queued,
  retransmitted,
  perClient,
];
