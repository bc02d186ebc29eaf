/** Retained messages: stored, replaced, removed, and sent to new subscribers (3.3.1.3, 3.8.3.1). */
import { equal } from "node:assert/strict";

import type { Scenario, ScenarioContext } from "../scenario.ts";
import type { Peer } from "../wire/peer.ts";

const RETAIN_AS_PUBLISHED = 0x08;
const SEND_IF_NEW = 0x10;
const DO_NOT_SEND = 0x20;

const stored: Scenario = {
  title:
    "a message with RETAIN 1 is stored with its QoS and sent to later subscribers with RETAIN 1",
  statements: {
    v5: ["MQTT-3.3.1-5", "U-3.3.1.3-1", "U-3.3.1.3-2", "MQTT-3.3.1-9", "U-3.8.4-2"],
    v3: ["MQTT-3.3.1-5", "MQTT-3.3.1-6", "MQTT-3.3.1-8"],
  },
  run: async (context) => {
    const sender = await context.connect();
    for (const qos of [0, 1, 2] as const) {
      const topic = context.topic(`qos${qos}`);
      await context.publish(sender, topic, "kept", { qos, retain: true });
      const reader = await context.subscriber(topic, 2);
      await reader.expectPublish({ topic, payload: "kept", qos, retain: true, duplicate: false });
    }
  },
};

const replaced: Scenario = {
  title: "a newer message with RETAIN 1 replaces the older one, whatever their QoS",
  statements: { v5: ["MQTT-3.3.1-5"], v3: ["MQTT-3.3.1-5", "MQTT-3.3.1-7", "MQTT-3.3.1-6"] },
  run: async (context) => {
    const topic = context.topic();
    const sender = await context.connect();
    await context.publish(sender, topic, "old", { qos: 2, retain: true });
    await context.publish(sender, topic, "new", { qos: 0, retain: true });
    const reader = await context.subscriber(topic, 2);
    await reader.expectPublish({ payload: "new", qos: 0, retain: true });
    await reader.expectNothing();
  },
};

const removed: Scenario = {
  title: "an empty payload with RETAIN 1 is delivered, removes the message, and is not stored",
  statements: {
    v5: ["MQTT-3.3.1-6", "MQTT-3.3.1-7"],
    v3: ["MQTT-3.3.1-10", "MQTT-3.3.1-11"],
  },
  run: async (context) => {
    const topic = context.topic();
    const sender = await context.connect();
    await context.publish(sender, topic, "old", { retain: true });
    const reader = await context.subscriber(topic);
    await reader.expectPublish({ payload: "old" });
    await context.publish(sender, topic, "", { retain: true });
    await reader.expectPublish({ topic, payload: "", retain: false });
    const later = await context.subscriber(topic);
    await later.expectNothing();
  },
};

const untouched: Scenario = {
  title: "a message with RETAIN 0 is not stored and leaves the stored one alone, even when empty",
  statements: { v5: ["MQTT-3.3.1-8"], v3: ["MQTT-3.3.1-12"] },
  run: async (context) => {
    const topic = context.topic();
    const sender = await context.connect();
    await context.publish(sender, `${topic}/none`, "passing");
    await context.publish(sender, topic, "kept", { retain: true });
    await context.publish(sender, topic, "passing");
    await context.publish(sender, topic, "");
    const reader = await context.subscriber(`${topic}/#`);
    await reader.expectPublish({ topic, payload: "kept" });
    await reader.expectNothing();
  },
};

const established: Scenario = {
  title: "an established subscription gets the message with RETAIN 0",
  statements: { v5: ["MQTT-3.3.1-12"], v3: ["MQTT-3.3.1-9"] },
  run: async (context) => {
    const topic = context.topic();
    const reader = await context.subscriber(topic);
    await context.publish(reader, topic, "x", { retain: true });
    await reader.expectPublish({ topic, payload: "x", retain: false });
  },
};

const asPublished: Scenario = {
  title: "with Retain As Published the RETAIN flag comes as it was sent",
  statements: { v5: ["MQTT-3.3.1-13", "MQTT-3.3.1-12"] },
  run: async (context) => {
    const topic = context.topic();
    const plain = await context.subscriber(topic);
    const faithful = await context.subscriber(topic, RETAIN_AS_PUBLISHED);
    for (const retain of [true, false]) {
      await context.publish(plain, topic, "x", { retain });
      await plain.expectPublish({ retain: false });
      await faithful.expectPublish({ retain });
    }
  },
};

const asPublishedAtSubscribe: Scenario = {
  title: "a retained message sent at subscribe has RETAIN 1 whatever Retain As Published says",
  statements: { v5: ["U-3.3.1.3-1"] },
  run: async (context) => {
    const topic = context.topic();
    await context.publish(await context.connect(), topic, "kept", { retain: true, qos: 1 });
    for (const options of [0, RETAIN_AS_PUBLISHED]) {
      const reader = await context.subscriber(topic, options);
      await reader.expectPublish({ payload: "kept", retain: true });
    }
  },
};

const byWildcard: Scenario = {
  title: "a new subscription with a wildcard gets every matching retained message and no other",
  statements: { v5: ["MQTT-3.3.1-9", "U-3.8.4-2"], v3: ["MQTT-3.3.1-6"] },
  run: async (context) => {
    const sender = await context.connect();
    const topics = ["a", "a/b", "a/c", "a/b/d", "b"].map((levels) => context.topic(levels));
    for (const topic of topics) await context.publish(sender, topic, "x", { qos: 1, retain: true });
    const expected: readonly [string, readonly string[]][] = [
      ["a/#", ["a", "a/b", "a/c", "a/b/d"]],
      ["a/+", ["a/b", "a/c"]],
      ["+/b", ["a/b"]],
      ["+", ["a", "b"]],
    ];
    for (const [filter, levels] of expected) {
      const reader = await context.subscriber(context.topic(filter));
      const found = await topicsOf(reader, levels.length);
      equal(
        found,
        levels
          .map((level) => context.topic(level))
          .sort()
          .join(),
      );
      await reader.expectNothing();
    }
  },
};

async function topicsOf(reader: Peer, count: number): Promise<string> {
  const topics: string[] = [];
  for (let index = 0; index < count; index++) {
    topics.push((await reader.expectPublish({ retain: true })).topic);
  }
  return topics.sort().join();
}

/** One retained message, then a subscription made and made again with the same options. */
async function subscribeTwice(context: ScenarioContext, options: number): Promise<number> {
  const topic = context.topic();
  const sender = await context.connect();
  await context.publish(sender, topic, "kept", { retain: true, qos: 1 });
  const reader = await context.connect();
  let received = 0;
  for (let round = 0; round < 2; round++) {
    await context.subscribe(reader, topic, options);
    await context.publish(sender, topic, "marker", { qos: 1 });
    while ((await reader.expectPublish()).payload !== "marker") received += 1;
  }
  return received;
}

const handling0: Scenario = {
  title: "Retain Handling 0: the retained message is sent at every SUBSCRIBE",
  statements: {
    v5: ["MQTT-3.3.1-9", "MQTT-3.8.4-4"],
    v3: ["MQTT-3.3.1-6", "MQTT-3.8.4-3"],
  },
  run: async (context) => equal(await subscribeTwice(context, 0), 2),
};

const handling1: Scenario = {
  title: "Retain Handling 1: the retained message is sent for a new subscription only",
  statements: { v5: ["MQTT-3.3.1-10"] },
  run: async (context) => equal(await subscribeTwice(context, SEND_IF_NEW), 1),
};

const handling2: Scenario = {
  title: "Retain Handling 2: the retained message is never sent at SUBSCRIBE",
  statements: { v5: ["MQTT-3.3.1-11"] },
  run: async (context) => equal(await subscribeTwice(context, DO_NOT_SEND), 0),
};

const handlingAfterResume: Scenario = {
  title: "Retain Handling 1 on a subscription of a resumed session sends nothing",
  statements: { v5: ["MQTT-3.3.1-10"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("resumed");
    const first = await context.subscriber(topic, SEND_IF_NEW, { clientId, durable: true });
    first.drop();
    await context.publish(await context.connect(), topic, "kept", { retain: true });
    const again = await context.connect({ clientId, durable: true });
    await context.subscribe(again, topic, SEND_IF_NEW);
    await again.expectNothing();
  },
};

const onlyAtSubscribe: Scenario = {
  title: "Retain Handling 2 does not hold back messages that are retained later",
  statements: { v5: ["U-3.8.3.1-6"] },
  run: async (context) => {
    const topic = context.topic();
    const reader = await context.subscriber(topic, DO_NOT_SEND);
    await context.publish(reader, topic, "later", { retain: true });
    await reader.expectPublish({ payload: "later", retain: false });
  },
};

const properties: Scenario = {
  title: "a retained message keeps its properties",
  statements: { v5: ["MQTT-3.3.2-15", "MQTT-3.3.2-17", "MQTT-3.3.2-4"] },
  run: async (context) => {
    const topic = context.topic();
    const how = { properties: '01 01 08 "r" 26 "n" "1" 26 "n" "2"', retain: true };
    await context.publish(await context.connect(), topic, "kept", how);
    const reader = await context.subscriber(topic);
    const message = await reader.expectPublish({ payload: "kept" });
    equal(message.properties.get(0x01)?.[0], 1);
    equal(message.properties.get(0x08)?.[0], "r");
    equal(JSON.stringify(message.properties.get(0x26)), '[["n","1"],["n","2"]]');
  },
};

const expired: Scenario = {
  title: "a retained message that has expired is gone; before that its interval counts down",
  statements: { v5: ["U-3.3.1.3-3", "MQTT-3.3.2-6", "MQTT-3.3.2-5"] },
  slow: true,
  run: async (context) => {
    const topic = context.topic();
    const sender = await context.connect();
    await context.publish(sender, `${topic}/soon`, "x", {
      properties: "02 00000001",
      retain: true,
    });
    await context.publish(sender, `${topic}/late`, "x", {
      properties: "02 00000064",
      retain: true,
    });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const reader = await context.subscriber(`${topic}/#`);
    const message = await reader.expectPublish({ topic: `${topic}/late` });
    const left = Number(message.properties.get(0x02)?.[0]);
    equal(left >= 40 && left <= 98, true);
    await reader.expectNothing();
  },
};

export const RETAINED_SCENARIOS: readonly Scenario[] = [
  stored,
  replaced,
  removed,
  untouched,
  established,
  asPublished,
  asPublishedAtSubscribe,
  byWildcard,
  handling0,
  handling1,
  handling2,
  handlingAfterResume,
  onlyAtSubscribe,
  properties,
  expired,
];
