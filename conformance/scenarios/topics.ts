/** Topic Names and Topic Filters: matching (4.7). */
import { equal } from "node:assert/strict";

import type { Scenario, ScenarioContext } from "../scenario.ts";

/** Filters and topics without a common prefix: each row is tried under a first level of its own. */
const MATCHES: readonly (readonly [filter: string, topics: string, others: string])[] = [
  ["p1/#", "p1|p1/ranking|p1/score/wimbledon|p1/", "p2|p11|P1"],
  ["tennis/+", "tennis/p1|tennis/", "tennis/p1/ranking|tennis"],
  ["+/+", "/finance|a/b|/", "finance|a/b/c|//"],
  ["/+", "/finance|/", "finance|a/finance|//"],
  ["+", "finance", "/finance|a/b"],
  ["a//b", "a//b", "a/b|a///b"],
  ["a/+/b", "a//b|a/x/b", "a/b|a/x/y/b"],
  ["/", "/", "//"],
  ["//", "//", "/"],
  ["Accounts", "Accounts", "ACCOUNTS|accounts"],
  ["a b", "a b", "a  b|ab"],
  ["+/p/#", "x/p|x/p/1/2|/p", "p|x/q/p"],
  ["a/b/", "a/b/", "a/b"],
  ["/a", "/a", "a|//a"],
];

const matching: readonly Scenario[] = MATCHES.map(([filter, topics, others]) => ({
  title: `the filter ${filter} matches ${topics.split("|").join(", ")} and not ${others.split("|").join(", ")}`,
  statements: { v5: ["U-4.7.1-1", "U-4.7.3-1", "MQTT-3.3.2-3"], v3: ["MQTT-3.3.2-3"] },
  run: async (context) => {
    const peer = await context.subscriber(context.topic(filter));
    const sender = await context.connect();
    for (const topic of others.split("|"))
      await context.publish(sender, context.topic(topic), "no");
    for (const topic of topics.split("|"))
      await context.publish(sender, context.topic(topic), "yes");
    for (const topic of topics.split("|")) {
      await peer.expectPublish({ topic: context.topic(topic), payload: "yes" });
    }
    await peer.expectNothing();
  },
}));

const firstLevel: Scenario = {
  title: "wildcards at the first level match, but no topic that begins with $",
  statements: { v5: ["MQTT-4.7.2-1", "U-4.7.2-1"], v3: ["MQTT-4.7.2-1"] },
  needs: { alone: true },
  run: async (context) => {
    const peer = await context.subscriber("#");
    await context.subscribe(peer, "+/second");
    await tryDollarTopic(context);
    await context.publish(peer, "plain", "x");
    await peer.expectPublish({ topic: "plain" });
    await peer.expectNothing();
  },
};

/** A server may well refuse this; what counts is that nobody with # hears of it. */
async function tryDollarTopic(context: ScenarioContext): Promise<void> {
  const sender = await context.connect();
  sender.send(`32 { "$other/second" 0001 <{}> 'x' }`);
  await sender.collect(1);
}

const noSystemTopics: Scenario = {
  title: "a subscription to # does not bring the messages under $SYS",
  statements: { v5: ["MQTT-4.7.2-1"], v3: ["MQTT-4.7.2-1"] },
  needs: { alone: true },
  slow: true,
  run: async (context) => {
    const peer = await context.subscriber("#");
    await context.subscribe(peer, "+/broker/#");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await peer.expectNothing();
  },
};

const notNormalized: Scenario = {
  title: "composed and decomposed letters are two topics, and nothing is trimmed or folded",
  statements: { v5: ["MQTT-4.7.3-4"], v3: ["MQTT-4.7.3-4"] },
  run: async (context) => {
    const composed = context.topic("caf\u00e9");
    const peer = await context.subscriber(composed);
    const sender = await context.connect();
    for (const other of ["cafe\u0301", "caf\u00e9 ", "CAF\u00c9", "cafe"]) {
      await context.publish(sender, context.topic(other), "no");
    }
    await context.publish(sender, composed, "yes");
    await peer.expectPublish({ topic: composed, payload: "yes" });
    await peer.expectNothing();
  },
};

const wildcardsAlone: Scenario = {
  title: "wildcards that stand as a whole level are accepted wherever they may stand",
  statements: { v5: ["MQTT-4.7.1-1", "MQTT-4.7.1-2"], v3: ["MQTT-4.7.1-2", "MQTT-4.7.1-3"] },
  run: async (context) => {
    const peer = await context.connect();
    for (const filter of ["#", "+", "+/#", "a/+/b/#", "+/+/+", "a/#", "/+", "/#"]) {
      await context.subscribe(peer, context.topic(filter));
    }
  },
};

const manyLevels: Scenario = {
  title: "a topic of many levels is matched level by level",
  statements: { v5: ["U-4.7.3-1"], v3: ["MQTT-3.3.2-3"] },
  run: async (context) => {
    const topic = context.topic("a/".repeat(90));
    const peer = await context.subscriber(context.topic("+/".repeat(90)));
    await context.subscribe(peer, context.topic(`${"a/".repeat(89)}#`));
    await context.publish(peer, topic, "x");
    const { topic: found } = await peer.expectPublish();
    equal(found, topic);
  },
};

const springUp: Scenario = {
  title: "a topic needs no preparation: it is there when it is first used",
  statements: { v5: ["U-4.7.3-2"], v3: ["MQTT-3.3.2-3"] },
  run: async (context) => {
    const topic = context.topic("never/seen/before");
    const peer = await context.subscriber(topic);
    await context.publish(peer, topic, "x");
    await peer.expectPublish({ topic });
  },
};

export const TOPIC_SCENARIOS: readonly Scenario[] = [
  ...matching,
  firstLevel,
  noSystemTopics,
  notNormalized,
  wildcardsAlone,
  manyLevels,
  springUp,
];
