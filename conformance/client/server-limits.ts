/** The limits that a server states in CONNACK, and the client's aliases (3.2.2.3, 3.3.2.3.4, 4.9). */
import { equal, ok } from "node:assert/strict";

import {
  ping,
  rejected,
  resume,
  resuming,
  untilConnected,
  type ClientScenario,
} from "./client-scenario.ts";

const receiveMaximum: ClientScenario = {
  title: "no more messages are open than the server's Receive Maximum, other packets go on",
  statements: {
    v5: ["MQTT-3.3.4-7", "MQTT-3.3.4-8", "MQTT-4.9.0-1", "MQTT-4.9.0-2", "MQTT-4.9.0-3", "U-4.9-1"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected({}, "21 0002");
    for (const payload of ["1", "2", "3", "4"]) void client.publish("a", payload, { qos: 2 });
    const { one } = await peer.expect("34 { \"a\" one:2 {} '1' }");
    const { two } = await peer.expect("34 { \"a\" two:2 {} '2' }");
    client.subscribe("b");
    const { id } = await peer.expect('82 { id:2 {*} "b" 00 }');
    peer.send(`90 { ${id} {} 00 }`);
    await ping(client, peer);
    peer.send(`32 { "b" 0001 {} 'x' }`);
    await peer.expect("40 { 0001 * }");
    peer.send(`50 { ${one} } 50 { ${two} 80 {} }`);
    await peer.expect(`62 { ${one} * }`);
    await peer.expect("34 { \"a\" .. .. {} '3' }");
    peer.send(`70 { ${one} }`);
    await peer.expect("34 { \"a\" .. .. {} '4' }");
  },
};

const quotaAnew: ClientScenario = {
  title: "the quota begins anew with each connection, at the limit of its CONNACK",
  statements: { v5: ["U-4.9-1", "U-3.1.2.11.3-2"] },
  run: async (context) => {
    const { client, result } = context.start(resuming(context));
    const first = await context.acceptClient("21 0003");
    await result;
    for (const payload of ["1", "2", "3"]) {
      void client.publish("a", payload, { qos: 1 });
      await first.expect(`32 { "a" .. .. {} '${payload}' }`);
    }
    first.drop();
    const again = await context.acceptClient("21 0002", "01");
    const { one } = await again.expect("3A { \"a\" one:2 {} '1' }");
    await again.expect("3A { \"a\" .. .. {} '2' }");
    await ping(client, again);
    again.send(`40 { ${one} }`);
    await again.expect("3A { \"a\" .. .. {} '3' }");
  },
};

/** A publish that the server has ruled out in CONNACK must not leave the client. */
const RULED_OUT = [
  ["a QoS above the Maximum QoS", "24 01", { qos: 2 }, ["MQTT-3.2.2-11"]],
  ["RETAIN 1 where there are no retained messages", "25 00", { retain: true }, ["MQTT-3.2.2-14"]],
  ["an alias above the maximum", "22 0005", { topicAlias: 6 }, ["MQTT-3.2.2-17", "MQTT-3.3.2-9"]],
  ["an alias where the server takes none", "", { topicAlias: 1 }, ["MQTT-3.2.2-18"]],
  ["an alias where the maximum is 0", "22 0000", { topicAlias: 1 }, ["MQTT-3.2.2-18"]],
  ["the alias 0", "22 0005", { topicAlias: 0 }, ["MQTT-3.3.2-8"]],
] as const;

const ruledOut: readonly ClientScenario[] = RULED_OUT.map(([name, connack, options, v5]) => ({
  title: `${name} is not sent`,
  statements: { v5: [...v5] },
  run: async (context) => {
    const { client, peer } = await context.connected({}, connack);
    await rejected(Promise.resolve().then(() => client.publish("a", "x", options)));
    await client.publish("a", "next");
    const message = await peer.expectPublish({ payload: "next" });
    ok(message.qos === 0 && !message.retain);
  },
}));

const packetSize: ClientScenario = {
  title: "a packet of the server's Maximum Packet Size is sent, one byte more is not",
  statements: { v5: ["MQTT-3.2.2-15"] },
  run: async (context) => {
    const { client, peer } = await context.connected({}, "27 00000020");
    const header = 2 + 3 + 1;
    await rejected(client.publish("a", "x".repeat(32 - header + 1)));
    await rejected(client.publish("a", "x".repeat(32 - header - 1), { qos: 1 }));
    await rejected(client.subscribe("x".repeat(32)));
    await client.publish("a", "y".repeat(32 - header));
    await peer.expect(`30 { "a" {} '${"y".repeat(32 - header)}' }`);
  },
};

const aliases: ClientScenario = {
  title: "the client's own aliases stay within the maximum, and end with the connection",
  statements: {
    v5: ["MQTT-3.2.2-17", "MQTT-3.3.2-9", "MQTT-3.3.2-7", "U-3.3.2.3.4-2", "MQTT-3.3.2-8"],
  },
  run: async (context) => {
    const options = { ...resuming(context), outgoingTopicAliasMaximum: 10 };
    const { client, result } = context.start(options);
    let peer = await context.acceptClient("22 0002");
    await result;
    for (let connection = 0; connection < 2; connection++) {
      const names = new Map<number, string>();
      for (let count = 0; count < 12; count++) {
        const topic = `a/rather/long/topic/${count % 3}`;
        await client.publish(topic, "x");
        const message = await peer.expectPublish();
        const alias = Number(message.properties.get(0x23)?.[0] ?? 0);
        ok(alias <= 2);
        if (message.topic !== "" && alias > 0) names.set(alias, message.topic);
        equal(message.topic === "" ? names.get(alias) : message.topic, topic);
      }
      if (connection === 1) continue;
      peer = await resume(context, peer);
      await untilConnected(client);
    }
  },
};

export const SERVER_LIMIT_SCENARIOS: readonly ClientScenario[] = [
  receiveMaximum,
  quotaAnew,
  ...ruledOut,
  packetSize,
  aliases,
];
