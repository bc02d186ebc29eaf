/** Topic Aliases in both directions (3.3.2.3.4, 3.1.2.11.5, 3.2.2.3.8). */
import { equal, ok } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";
import { integer } from "../wire/notation.ts";

const TOPIC_ALIAS = 0x23;

const setAndUse: Scenario = {
  title: "an alias is set with a topic, used without one, and changed by another topic",
  statements: { v5: ["U-3.3.2.3.4-2", "MQTT-3.3.2-12", "MQTT-3.3.2-1"] },
  needs: { topicAliasMaximum: 5 },
  run: async (context) => {
    const receiver = await context.subscriber(context.topic("#"));
    const { peer, connack } = await context.connectAndRead();
    equal(connack.properties.get(0x22)?.[0], 5);
    const [a, b] = [context.topic("a"), context.topic("b")];
    for (const alias of ["0001", "0005"]) {
      peer.send(`30 { "${a}" { 23 ${alias} } '1' }  30 { "" { 23 ${alias} } '2' }`);
      peer.send(`30 { "${b}" { 23 ${alias} } '3' }  30 { "" { 23 ${alias} } '4' }`);
      await receiver.expect(`30 { "${a}" {} '1' }`);
      await receiver.expect(`30 { "${a}" {} '2' }`);
      await receiver.expect(`30 { "${b}" {} '3' }`);
      await receiver.expect(`30 { "${b}" {} '4' }`);
    }
  },
};

const severalAtOnce: Scenario = {
  title: "several aliases stand side by side, at every QoS",
  statements: { v5: ["MQTT-3.3.2-12", "U-3.3.2.3.4-2"] },
  needs: { topicAliasMaximum: 5 },
  run: async (context) => {
    const receiver = await context.subscriber(context.topic("#"), 2);
    const sender = await context.connect();
    for (const alias of [1, 2, 3, 4, 5]) {
      sender.send(`30 { "${context.topic(`${alias}`)}" { 23 ${integer(alias, 2)} } 'set' }`);
      await receiver.expectPublish({ topic: context.topic(`${alias}`) });
    }
    for (const alias of [5, 3, 1]) {
      sender.send(`32 { "" 0001 { 23 ${integer(alias, 2)} } 'one' }`);
      await sender.expect("40 { 0001 * }");
      await receiver.expectPublish({ topic: context.topic(`${alias}`), qos: 1 });
      sender.send(`34 { "" 0002 { 23 ${integer(alias, 2)} } 'two' }`);
      await sender.expect("50 { 0002 * }");
      sender.send("62 { 0002 }");
      await sender.expect("70 { 0002 * }");
      await receiver.expectPublish({ topic: context.topic(`${alias}`), qos: 2 });
    }
  },
};

/** A PUBLISH whose alias the server must not take. */
const BAD_ALIASES: readonly (readonly [string, string, number, readonly string[]])[] = [
  ["alias 0", "30 { \"a\" { 23 0000 } 'x' }", 0x94, ["MQTT-3.3.2-8", "U-3.3.4-1"]],
  [
    "an alias above the maximum",
    "30 { \"a\" { 23 0006 } 'x' }",
    0x94,
    ["MQTT-3.3.2-9", "MQTT-3.2.2-17", "U-3.3.4-1"],
  ],
  ["the alias FFFF", "30 { \"a\" { 23 FFFF } 'x' }", 0x94, ["MQTT-3.3.2-9", "U-3.3.4-1"]],
  ["an alias that was never set", "30 { \"\" { 23 0003 } 'x' }", 0x82, ["U-3.3.4-2"]],
];

const refusals: readonly Scenario[] = BAD_ALIASES.map(([name, packet, code, statements]) => ({
  title: `PUBLISH with ${name} ends the connection`,
  statements: { v5: statements },
  needs: { topicAliasMaximum: 5 },
  run: async (context) => {
    const peer = await context.connect();
    peer.send(packet);
    await peer.expectDisconnect(code);
  },
}));

const noAliases: Scenario = {
  title: "a server with Topic Alias Maximum 0 takes no alias at all",
  statements: { v5: ["MQTT-3.2.2-18", "U-3.3.4-1"] },
  needs: { topicAliasMaximum: 0 },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead();
    equal(connack.properties.get(0x22)?.[0] ?? 0, 0);
    peer.send("30 { \"a\" { 23 0001 } 'x' }");
    await peer.expectDisconnect(0x94);
  },
};

const perConnection: Scenario = {
  title: "an alias ends with its connection, whether or not the session goes on",
  statements: { v5: ["MQTT-3.3.2-7", "U-3.3.4-2"] },
  needs: { topicAliasMaximum: 5 },
  run: async (context) => {
    const clientId = context.clientId("alias");
    const first = await context.connect({ clientId, durable: true });
    first.send(`32 { "${context.topic()}" 0001 { 23 0001 } 'x' }`);
    await first.expect("40 { 0001 * }");
    first.drop();
    const again = await context.connect({ clientId, durable: true });
    again.send("30 { \"\" { 23 0001 } 'x' }");
    await again.expectDisconnect(0x82);
  },
};

const directionsApart: Scenario = {
  title: "the aliases of one client are not those of another, nor those of the server",
  statements: { v5: ["U-3.3.2.3.4-2"] },
  needs: { topicAliasMaximum: 5 },
  run: async (context) => {
    const receiver = await context.subscriber(context.topic("#"), 0, { properties: "22 0005" });
    const left = await context.connect();
    const right = await context.connect();
    left.send(`30 { "${context.topic("left")}" { 23 0001 } 'x' }`);
    await receiver.expectPublish({ topic: context.topic("left") });
    right.send(`30 { "${context.topic("right")}" { 23 0001 } 'x' }`);
    await receiver.expectPublish({ topic: context.topic("right") });
    receiver.send(`30 { "" { 23 0002 } 'x' }`);
    await receiver.expectDisconnect(0x82);
  },
};

const noneToOthers: Scenario = {
  title: "a client that offered no aliases gets none, however often a topic comes",
  statements: { v5: ["MQTT-3.1.2-27"] },
  run: async (context) => {
    const topic = context.topic();
    for (const properties of ["", "22 0000"]) {
      const receiver = await context.subscriber(topic, 0, { properties });
      for (let count = 0; count < 20; count++) {
        await context.publish(receiver, topic, "x");
        await receiver.expect(`30 { "${topic}" {} 'x' }`);
      }
      receiver.drop();
    }
  },
};

const withinLimit: Scenario = {
  title: "aliases of the server stay within the client's maximum and stand for the right topics",
  statements: { v5: ["MQTT-3.1.2-26", "MQTT-3.3.2-11", "MQTT-3.3.2-8"] },
  needs: { outgoingTopicAliasMaximum: 10 },
  run: async (context) => {
    const receiver = await context.subscriber(context.topic("#"), 0, { properties: "22 0002" });
    const sender = await context.connect();
    const names = new Map<number, string>();
    for (let count = 0; count < 60; count++) {
      const topic = context.topic(count % 3 === 0 ? `rare${count}` : `often${count % 4}`);
      await context.publish(sender, topic, `${count}`);
      const message = await receiver.expectPublish({ payload: `${count}` });
      const alias = Number(message.properties.get(TOPIC_ALIAS)?.[0] ?? 0);
      ok(alias <= 2, `alias ${alias}`);
      if (alias > 0 && message.topic !== "") names.set(alias, message.topic);
      equal(message.topic === "" ? names.get(alias) : message.topic, topic);
    }
  },
};

// Ours: the server gives an alias to a topic that comes again, so that the topic travels once.
const used: Scenario = {
  title: "the server uses the aliases that a client offers, for the topics that come often",
  statements: { v5: ["MQTT-3.3.2-11"] },
  needs: { outgoingTopicAliasMaximum: 10 },
  run: async (context) => {
    const topic = context.topic("a/topic/that/is/long/enough/to/be/worth/it");
    const receiver = await context.subscriber(topic, 0, { properties: "22 000A" });
    let short = 0;
    for (let count = 0; count < 20; count++) {
      await context.publish(receiver, topic, "x");
      if ((await receiver.expectPublish()).topic === "") short += 1;
    }
    context.recommend(short > 10, "the server uses no Topic Aliases");
  },
};

export const TOPIC_ALIAS_SCENARIOS: readonly Scenario[] = [
  setAndUse,
  severalAtOnce,
  ...refusals,
  noAliases,
  perConnection,
  directionsApart,
  noneToOthers,
  withinLimit,
  used,
];
