/** SUBSCRIBE and SUBACK, subscription options, overlapping subscriptions (3.8, 3.9, 3.3.4). */
import { deepEqual, equal } from "node:assert/strict";

import type { Scenario, Statements } from "../scenario.ts";
import { integer } from "../wire/notation.ts";

const SUBACK = 9;
const NO_LOCAL = 0x04;

interface BadSubscribe {
  readonly title: string;
  readonly packet: string;
  readonly codes: readonly number[];
  readonly statements: Statements;
}

const BAD_SUBSCRIBES: readonly BadSubscribe[] = [
  {
    title: "SUBSCRIBE without a filter ends the connection",
    packet: "82 { 0001 <{}> }",
    codes: [0x82, 0x81],
    statements: { v5: ["MQTT-3.8.3-2", "U-3.8.3-1"], v3: ["MQTT-3.8.3-3"] },
  },
  {
    title: "SUBSCRIBE asking for QoS 3 ends the connection",
    packet: '82 { 0001 <{}> "a" 03 }',
    codes: [0x82, 0x81],
    statements: { v5: ["U-3.8.3.1-1"], v3: ["MQTT-3.8.3-4"] },
  },
  {
    title: "SUBSCRIBE with reserved option bit 6 ends the connection",
    packet: '82 { 0001 <{}> "a" 40 }',
    codes: [0x81],
    statements: { v5: ["MQTT-3.8.3-5", "U-3.8.3.1-3"], v3: ["MQTT-3.8.3-4"] },
  },
  {
    title: "SUBSCRIBE with reserved option bit 7 ends the connection",
    packet: '82 { 0001 <{}> "a" 81 }',
    codes: [0x81],
    statements: { v5: ["MQTT-3.8.3-5", "U-3.8.3.1-3"], v3: ["MQTT-3.8.3-4"] },
  },
  {
    title: "SUBSCRIBE with the bits that are options in 5.0 only ends the connection",
    packet: '82 { 0001 "a" 04 }',
    codes: [],
    statements: { v3: ["MQTT-3.8.3-4"] },
  },
  {
    title: "SUBSCRIBE with Retain Handling 3 ends the connection",
    packet: '82 { 0001 {} "a" 30 }',
    codes: [0x82, 0x81],
    statements: { v5: ["U-3.8.3.1-2"] },
  },
  {
    title: "SUBSCRIBE with Packet Identifier 0 ends the connection",
    packet: '82 { 0000 <{}> "a" 00 }',
    codes: [0x82, 0x81],
    statements: { v5: ["MQTT-2.2.1-3"], v3: ["MQTT-2.3.1-1"] },
  },
  {
    title: "SUBSCRIBE with an empty filter ends the connection",
    packet: '82 { 0001 <{}> "" 00 }',
    codes: [0x8f, 0x81, 0x82],
    statements: { v5: ["MQTT-4.7.3-1"], v3: ["MQTT-4.7.3-1"] },
  },
  {
    title: "SUBSCRIBE with No Local on a Shared Subscription ends the connection",
    packet: '82 { 0001 {} "$share/group/a" 04 }',
    codes: [0x82],
    statements: { v5: ["MQTT-3.8.3-4", "U-3.8.3.1-4"] },
  },
];

const refusals: readonly Scenario[] = BAD_SUBSCRIBES.map(
  ({ title, packet, codes, statements }) => ({
    title,
    statements,
    run: async (context) => {
      const peer = await context.connect();
      peer.send(packet);
      await peer.expectDisconnect(...codes);
    },
  }),
);

const answered: Scenario = {
  title: "SUBSCRIBE is answered by SUBACK with its identifier and the granted QoS",
  statements: {
    v5: ["MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.2.1-6", "MQTT-3.8.4-7", "MQTT-3.9.3-2"],
    v3: ["MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.3.1-7", "MQTT-3.8.4-5", "MQTT-3.9.3-2"],
  },
  run: async (context) => {
    const peer = await context.connect();
    for (const [id, qos] of [
      ["0001", 0],
      ["1234", 1],
      ["FFFF", 2],
    ] as const) {
      peer.send(`82 { ${id} <{}> "${context.topic()}" ${integer(qos, 1)} }`);
      await peer.expect(`90 { ${id} <{*}> ${integer(qos, 1)} }`);
    }
  },
};

const several: Scenario = {
  title: "several filters in one SUBSCRIBE get one SUBACK, one code for each, in their order",
  statements: {
    v5: ["MQTT-3.8.4-5", "MQTT-3.8.4-6", "MQTT-3.9.3-1"],
    v3: ["MQTT-3.8.4-4", "MQTT-3.8.4-5", "MQTT-3.9.3-1"],
  },
  run: async (context) => {
    const peer = await context.connect();
    const filters = ["c", "a", "b/#", "+", "a"].map((filter) => `"${context.topic(filter)}"`);
    const options = ["02", "00", "01", "02", "01"];
    const pairs = filters.map((filter, index) => `${filter} ${options[index] ?? ""}`);
    peer.send(`82 { 0001 <{}> ${pairs.join(" ")} }`);
    await peer.expect(`90 { 0001 <{*}> ${options.join(" ")} }`);
    await context.publish(await context.connect(), context.topic("b/x"), "x", { qos: 2 });
    await peer.expectPublish({ topic: context.topic("b/x"), qos: 1 });
    await peer.expectNothing();
  },
};

// A filter that breaks the grammar breaks a MUST, and the standard gives no code. Ours ends the connection, as an empty
// filter does; a refusal at its place in SUBACK is right too.
const INVALID_FILTERS = ["a#", "#/a", "a/#/b", "a+", "+a", "a/+b", "a/b#", "##"];

const invalidFilters: Scenario = {
  title: "a filter with a misplaced wildcard is refused",
  statements: {
    v5: ["MQTT-4.7.1-1", "MQTT-4.7.1-2", "U-3.9.3-1"],
    v3: ["MQTT-4.7.1-2", "MQTT-4.7.1-3"],
  },
  run: async (context) => {
    for (const filter of INVALID_FILTERS) {
      const peer = await context.connect();
      peer.send(`82 { 0001 <{}> "${context.topic()}/${filter}" 00 }`);
      const first = (await peer.collect(1))[0];
      const code = first?.at(-1) ?? 0x80;
      const closed = first === undefined || first[0] === 0xe0;
      equal(closed || (first[0] === 0x90 && code >= 0x80), true, `${filter} was accepted`);
    }
  },
};

const SHARE_FILTERS = ["$share/group", "$share/group/", "$share//a", "$share/a+b/x", "$share/a#/x"];

const invalidShares: Scenario = {
  title: "a malformed Shared Subscription is refused",
  statements: { v5: ["MQTT-4.8.2-1", "MQTT-4.8.2-2"] },
  run: async (context) => {
    for (const filter of SHARE_FILTERS) {
      const peer = await context.connect();
      peer.send(`82 { 0001 {} "${filter}" 00 }`);
      const first = (await peer.collect(1))[0];
      const code = first?.at(-1) ?? 0x80;
      const closed = first === undefined || first[0] === 0xe0;
      equal(closed || (first[0] === 0x90 && code >= 0x80), true, `${filter} was accepted`);
    }
  },
};

const mixed: Scenario = {
  title: "a refused filter has its failure at its own place in SUBACK, and the others hold",
  statements: {
    v5: ["MQTT-3.9.3-1", "MQTT-3.8.4-6", "MQTT-3.8.4-7", "U-3.9.3-1"],
    v3: ["MQTT-3.9.3-1", "MQTT-3.8.4-5", "MQTT-3.9.3-2"],
  },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await context.connect();
    const [good, bad, better] = [
      context.topic("a"),
      context.topic("forbidden"),
      context.topic("b"),
    ];
    peer.send(`82 { 0001 <{}> "${good}" 00 "${bad}" 01 "${better}" 02 }`);
    await peer.expect("90 { 0001 <{*}> 00 <87|80> 02 }");
    await context.publish(peer, better, "x");
    await peer.expectPublish({ topic: better });
  },
};

const replaces: Scenario = {
  title: "the same filter again replaces the subscription: one copy, by the new options",
  statements: {
    v5: ["MQTT-3.8.4-3", "U-4.8.1-1"],
    v3: ["MQTT-3.8.4-3"],
  },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.subscriber(topic, 0);
    await context.subscribe(peer, topic, 1);
    const sender = await context.connect();
    await context.publish(sender, topic, "x", { qos: 2 });
    await peer.expectPublish({ topic, qos: 1 });
    await context.subscribe(peer, topic, 0);
    await context.publish(sender, topic, "y", { qos: 2 });
    await peer.expectPublish({ topic, payload: "y", qos: 0 });
    await peer.expectNothing();
  },
};

const replacedUnderLoad: Scenario = {
  title: "no message is lost while a subscription is being replaced",
  statements: { v5: ["MQTT-3.8.4-4"], v3: ["MQTT-3.8.4-3"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.subscriber(topic, 0);
    const sender = await context.connect();
    for (let count = 0; count < 50; count++) {
      sender.send(`30 { "${topic}" <{}> '${count}' }`);
      if (count % 10 === 5) peer.send(`82 { 0001 <{}> "${topic}" 00 }`);
    }
    const packets = await peer.collect(55);
    equal(packets.filter((packet) => packet[0] === 0x30).length, 50);
    equal(packets.filter((packet) => packet[0] === 0x90).length, 5);
  },
};

const overlapping: Scenario = {
  title:
    "overlapping subscriptions: one copy at the highest QoS, or one per subscription at its own",
  statements: {
    v5: ["MQTT-3.3.4-2", "U-3.3.4-7"],
    v3: ["MQTT-3.3.5-1"],
  },
  run: async (context) => {
    const topic = context.topic("a/b");
    const peer = await context.subscriber(context.topic("a/#"), 0);
    await context.subscribe(peer, context.topic("+/b"), 2);
    await context.subscribe(peer, topic, 1);
    const sender = await context.connect();
    await context.publish(sender, topic, "x", { qos: 2 });
    await context.publish(sender, context.topic("a/end"), "end", { qos: 0 });
    const levels: number[] = [];
    for (;;) {
      const { payload, qos } = await peer.expectPublish();
      if (payload === "end") break;
      levels.push(qos);
    }
    equal(Math.max(...levels), 2);
    equal(levels.length === 1 || new Set(levels).size === 3, true);
  },
};

// Ours: one copy for a client, whatever the number of its subscriptions that match.
const noLocal: Scenario = {
  title: "with No Local a client does not get its own messages; others do, and it gets theirs",
  statements: { v5: ["MQTT-3.8.3-3"] },
  run: async (context) => {
    const topic = context.topic();
    const left = await context.subscriber(topic, NO_LOCAL);
    const right = await context.subscriber(topic, 0);
    await context.publish(left, topic, "from left");
    await right.expectPublish({ payload: "from left" });
    await context.publish(right, topic, "from right");
    await right.expectPublish({ payload: "from right" });
    await left.expectPublish({ payload: "from right" });
    await left.expectNothing();
  },
};

const noLocalAfterReconnect: Scenario = {
  title: "No Local goes by the ClientID, so it holds across a reconnect",
  statements: { v5: ["MQTT-3.8.3-3"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("local");
    const first = await context.subscriber(topic, NO_LOCAL, { clientId, durable: true });
    first.send("E0 00");
    await first.expectClosed();
    const again = await context.connect({ clientId, durable: true });
    await context.publish(again, topic, "own", { qos: 1 });
    await context.publish(await context.connect(), topic, "other");
    await again.expectPublish({ payload: "other" });
  },
};

const acrossReconnect: Scenario = {
  title: "subscription options are part of the session",
  statements: { v5: ["U-4.1-3", "MQTT-3.1.2-5", "MQTT-3.3.1-13"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("options");
    const first = await context.connect({ clientId, durable: true });
    await context.subscribe(first, topic, 0x09, "0B 2A");
    first.drop();
    const again = await context.connect({ clientId, durable: true });
    await context.publish(await context.connect(), topic, "x", { qos: 2, retain: true });
    await again.expect(`33 { "${topic}" id:2 { 0B 2A } 'x' }`);
  },
};

const grantedInOrder: Scenario = {
  title: "every SUBSCRIBE of a run gets its own SUBACK",
  statements: { v5: ["MQTT-3.8.4-1"], v3: ["MQTT-3.8.4-1"] },
  run: async (context) => {
    const peer = await context.connect();
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);
    for (const id of ids) peer.send(`82 { ${integer(id, 2)} <{}> "${context.topic(`${id}`)}" 01 }`);
    for (const id of ids) {
      const { codes } = await peer.expectAcknowledgement(SUBACK, id);
      deepEqual(codes, [1]);
    }
  },
};

export const SUBSCRIBING_SCENARIOS: readonly Scenario[] = [
  ...refusals,
  answered,
  several,
  invalidFilters,
  invalidShares,
  mixed,
  replaces,
  replacedUnderLoad,
  overlapping,
  noLocal,
  noLocalAfterReconnect,
  acrossReconnect,
  grantedInOrder,
];
