/** SUBSCRIBE and UNSUBSCRIBE of the client, and answers to them that break a rule (3.8 to 3.11). */
import { deepEqual, equal, ok } from "node:assert/strict";

import { rejected, type ClientScenario } from "./client-scenario.ts";

const bytes: ClientScenario = {
  title: "SUBSCRIBE has the flags 0010, an identifier, and each filter with its options",
  statements: {
    v5: [
      "MQTT-3.8.1-1",
      "MQTT-3.8.3-1",
      "MQTT-3.8.3-2",
      "MQTT-2.2.1-3",
      "MQTT-3.8.3-5",
      "MQTT-2.1.3-1",
    ],
    v3: ["MQTT-3.8.1-1", "MQTT-3.8.3-1", "MQTT-3.8.3-3", "MQTT-2.3.1-1", "MQTT-2.2.2-1"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const subscription = client.subscribe(["a/é", "b/#"], { qos: 2 });
    const { id } = await peer.expect('82 { id:2 <{}> "a/é" 02 "b/#" 02 }');
    peer.send(`90 { ${id} <{}> 02 01 }`);
    deepEqual((await subscription).reasonCodes, [2, 1]);
  },
};

const options: ClientScenario = {
  title: "the subscription options and the identifier are sent as they were asked for",
  statements: { v5: ["MQTT-3.8.3-5", "U-3.8.2.1.2-2", "MQTT-3.1.2-27"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    client.subscribe("a", {
      qos: 1,
      noLocal: true,
      retainAsPublished: true,
      retainHandling: 2,
      subscriptionIdentifier: 268_435_455,
      userProperties: [["n", "v"]],
    });
    const packet = await peer.next();
    equal(packet.at(-1), 0x2d);
    equal(packet[0], 0x82);
  },
};

const before: ClientScenario = {
  title: "messages that come before SUBACK, or after UNSUBSCRIBE, are taken",
  statements: { v5: ["U-3.8.4-1", "U-4.5-1", "U-3.10.4-1"], v3: ["MQTT-4.5.0-2"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const texts: string[] = [];
    client.on("message", (message) => texts.push(message.text));
    const subscription = client.subscribe("a", { qos: 1 });
    const { id } = await peer.expect('82 { id:2 <{}> "a" 01 }');
    peer.send(`32 { "a" 0001 <{}> 'early' } 90 { ${id} <{}> 01 }`);
    await peer.expect("40 { 0001 * }");
    await subscription;
    const leaving = subscription.unsubscribe();
    const { id: leave } = await peer.expect('A2 { id:2 <{}> "a" }');
    peer.send(`32 { "a" 0002 <{}> 'late' } B0 { ${leave} <{} 00> }`);
    await peer.expect("40 { 0002 * }");
    await leaving;
    deepEqual(texts, ["early", "late"]);
  },
};

const unsubscribe: ClientScenario = {
  title: "UNSUBSCRIBE has the flags 0010, an identifier, and at least one filter",
  statements: {
    v5: ["MQTT-3.10.1-1", "MQTT-3.10.3-1", "MQTT-3.10.3-2", "MQTT-2.1.3-1"],
    v3: ["MQTT-3.10.1-1", "MQTT-3.10.3-1", "MQTT-3.10.3-2", "MQTT-2.2.2-1"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const subscription = client.subscribe(["a", "b"]);
    const { id } = await peer.expect('82 { id:2 <{}> "a" 00 "b" 00 }');
    peer.send(`90 { ${id} <{}> 00 00 }`);
    await subscription;
    const leaving = client.unsubscribe(["a", "b"]);
    const { leave } = await peer.expect('A2 { leave:2 <{}> "a" "b" }');
    peer.send(`B0 { ${leave} <{} 00 11> }`);
    await leaving;
    await rejected(Promise.resolve().then(() => client.unsubscribe([])));
  },
};

const refusedFilter: ClientScenario = {
  title: "a filter that the server refuses rejects the subscription, the connection stays",
  statements: { v5: ["U-3.9.3-1", "MQTT-3.9.3-1"], v3: ["MQTT-3.8.4-5"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const subscription = client.subscribe(["a", "b"]);
    const { id } = await peer.expect('82 { id:2 <{}> "a" 00 "b" 00 }');
    peer.send(`90 { ${id} <{}> 00 <87 | 80> }`);
    await rejected(subscription);
    ok(client.connected);
  },
};

const BAD_FILTERS = [
  "",
  "a#",
  "#/a",
  "a/#/b",
  "a+",
  "+a",
  "a\u0000",
  "a\ud800",
  "x".repeat(65_536),
];
const BAD_SHARES = ["$share/g", "$share/g/", "$share//a", "$share/a+b/x", "$share/a#/x"];

const badFilters: ClientScenario = {
  title: "filters that break the grammar are not sent",
  statements: {
    v5: [
      "MQTT-4.7.1-1",
      "MQTT-4.7.1-2",
      "MQTT-4.7.3-1",
      "MQTT-4.7.3-2",
      "MQTT-4.7.3-3",
      "MQTT-3.8.3-1",
      "MQTT-3.10.3-1",
      "MQTT-3.8.3-2",
      "MQTT-4.8.2-1",
      "MQTT-4.8.2-2",
    ],
    v3: [
      "MQTT-4.7.1-2",
      "MQTT-4.7.1-3",
      "MQTT-4.7.3-1",
      "MQTT-4.7.3-2",
      "MQTT-4.7.3-3",
      "MQTT-3.8.3-1",
      "MQTT-3.10.3-1",
      "MQTT-3.8.3-3",
    ],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const bad = context.isV5 ? [...BAD_FILTERS, ...BAD_SHARES] : BAD_FILTERS;
    for (const filter of bad) {
      await rejected(Promise.resolve().then(() => client.subscribe(filter)));
      await rejected(Promise.resolve().then(() => client.unsubscribe(filter)));
    }
    await rejected(Promise.resolve().then(() => client.subscribe([])));
    await client.publish("next", "x");
    await peer.expectPublish({ topic: "next" });
  },
};

const sharedNoLocal: ClientScenario = {
  title: "No Local on a Shared Subscription is not sent",
  statements: { v5: ["MQTT-3.8.3-4", "U-3.8.3.1-4"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    await rejected(
      Promise.resolve().then(() => client.subscribe("$share/group/a", { noLocal: true })),
    );
    await client.publish("next", "x");
    await peer.expectPublish({ topic: "next" });
  },
};

/** What the server has ruled out in CONNACK must not leave the client. */
const RULED_OUT = [
  ["a wildcard", "28 00", "a/+", {}, ["U-3.2.2.3.11-2"]],
  ["a Subscription Identifier", "29 00", "a", { subscriptionIdentifier: 1 }, ["U-3.2.2.3.12-1"]],
  ["a Shared Subscription", "2A 00", "$share/group/a", {}, ["U-3.2.2.3.13-1"]],
  ["the Subscription Identifier 0", "", "a", { subscriptionIdentifier: 0 }, ["U-3.8.2.1.2-1"]],
] as const;

const ruledOut: readonly ClientScenario[] = RULED_OUT.map(([name, connack, filter, how, v5]) => ({
  title: `${name} is not sent to a server that does not take it`,
  statements: { v5: [...v5] },
  run: async (context) => {
    const { client, peer } = await context.connected({}, connack);
    await rejected(Promise.resolve().then(() => client.subscribe(filter, how)));
    await client.publish("next", "x");
    await peer.expectPublish({ topic: "next" });
  },
}));

// The standard has no rule for these. Ours: the server does not follow the exchange any more, so the
// client cannot know what it is subscribed to. A Protocol Error.
const BAD_ANSWERS = [
  ["SUBACK without codes", "90 { $ <{}> }"],
  ["SUBACK with too many codes", "90 { $ <{}> 00 00 }"],
  ["SUBACK for an unknown identifier", "90 { 7777 <{}> 00 }"],
  ["UNSUBACK for an unknown identifier", "B0 { 7777 <{} 00> }"],
  ["SUBACK with an unknown code", "90 { $ <{}> 03 }"],
] as const;

const badAnswers: readonly ClientScenario[] = BAD_ANSWERS.map(([name, answer]) => ({
  title: `${name} ends the connection`,
  statements: {
    v5: ["MQTT-3.8.4-6", "MQTT-3.9.3-2", "MQTT-4.13.2-1"],
    v3: ["MQTT-3.8.4-5", "MQTT-3.9.3-2", "MQTT-4.8.0-1"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const subscription = client.subscribe("a");
    const { id } = await peer.expect('82 { id:2 <{}> "a" 00 }');
    peer.send(answer.replace("$", () => id ?? ""));
    await rejected(subscription);
    await peer.expectDisconnect(0x82, 0x81);
  },
}));

const badUnsuback: ClientScenario = {
  title: "UNSUBACK with a wrong number of codes, or an unknown one, ends the connection",
  statements: { v5: ["MQTT-3.11.3-2", "MQTT-4.13.2-1"] },
  run: async (context) => {
    for (const codes of ["00 00", "01", ""]) {
      const { client, peer } = await context.connected();
      const subscription = client.subscribe("a");
      const { id } = await peer.expect('82 { id:2 {} "a" 00 }');
      peer.send(`90 { ${id} {} 00 }`);
      await subscription;
      const leaving = client.unsubscribe("a");
      leaving.catch(() => {});
      const { leave } = await peer.expect('A2 { leave:2 {} "a" }');
      peer.send(`B0 { ${leave} {} ${codes} }`);
      await peer.expectDisconnect(0x82, 0x81);
    }
  },
};

export const CLIENT_SUBSCRIBING_SCENARIOS: readonly ClientScenario[] = [
  bytes,
  options,
  before,
  unsubscribe,
  refusedFilter,
  badFilters,
  sharedNoLocal,
  ...ruledOut,
  ...badAnswers,
  badUnsuback,
];
