/** Message Expiry Interval (3.3.2.3.3, 4.3.3). */
import { equal, ok } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";

const MESSAGE_EXPIRY = 0x02;

/** An interval may be shorter than it could be, by as long as a busy machine took. */
function isBetween(least: number, value: unknown, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

const passedOn: Scenario = {
  title: "a message delivered at once carries the interval that it came with, or none",
  statements: { v5: ["MQTT-3.3.2-6"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.subscriber(topic);
    await context.publish(peer, topic, "x", { properties: "02 00000E10" });
    const message = await peer.expectPublish();
    ok(isBetween(3540, message.properties.get(MESSAGE_EXPIRY)?.[0], 3600));
    await context.publish(peer, topic, "y");
    await peer.expect(`30 { "${topic}" {} 'y' }`);
  },
};

const queued: Scenario = {
  title: "a waiting message loses its waiting time, and is gone when it has expired",
  statements: { v5: ["MQTT-3.3.2-5", "MQTT-3.3.2-6"] },
  slow: true,
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("expiry");
    const first = await context.subscriber(topic, 1, { clientId, durable: true });
    first.send("E0 00");
    await first.expectClosed();
    const sender = await context.connect();
    await context.publish(sender, topic, "soon", { qos: 1, properties: "02 00000001" });
    await context.publish(sender, topic, "late", { qos: 1, properties: "02 00000064" });
    await context.publish(sender, topic, "never", { qos: 1 });
    await seconds(2.5);
    const again = await context.connect({ clientId, durable: true });
    const late = await again.expectPublish({ payload: "late" });
    ok(isBetween(40, late.properties.get(MESSAGE_EXPIRY)?.[0], 98));
    const never = await again.expectPublish({ payload: "never" });
    equal(never.properties.has(MESSAGE_EXPIRY), false);
  },
};

const blocked: Scenario = {
  title: "a message that waits behind the Receive Maximum expires for that receiver alone",
  statements: { v5: ["MQTT-3.3.2-5"] },
  slow: true,
  run: async (context) => {
    const topic = context.topic();
    const receiver = await context.subscriber(topic, 1, { properties: "21 0001" });
    const other = await context.subscriber(topic, 1);
    const sender = await context.connect();
    await context.publish(sender, topic, "open", { qos: 1 });
    await context.publish(sender, topic, "soon", { qos: 1, properties: "02 00000002" });
    await context.publish(sender, topic, "last", { qos: 1 });
    for (const payload of ["open", "soon", "last"]) await other.expectPublish({ payload });
    const { packetIdentifier } = await receiver.expectPublish({ payload: "open" });
    await seconds(3.5);
    receiver.send(`40 { ${packetIdentifier.toString(16).padStart(4, "0")} }`);
    await receiver.expectPublish({ payload: "last" });
  },
};

function startedDelivery(qos: 1 | 2): Scenario {
  return {
    title: `a QoS ${qos} message whose delivery has begun is completed though it has expired`,
    statements: { v5: qos === 2 ? ["MQTT-4.3.3-7", "MQTT-4.4.0-1"] : ["MQTT-4.4.0-1"] },
    slow: true,
    run: async (context) => {
      const topic = context.topic();
      const clientId = context.clientId("begun");
      const first = await context.subscriber(topic, qos, { clientId, durable: true });
      const sender = await context.connect();
      await context.publish(sender, topic, "x", { qos, properties: "02 00000002" });
      await first.expectPublish({ payload: "x", qos });
      first.drop();
      await seconds(3.5);
      const again = await context.connect({ clientId, durable: true });
      await again.expectPublish({ payload: "x", qos, duplicate: true });
    },
  };
}

const incomingCompletes: Scenario = {
  title: "a QoS 2 exchange that a client began is completed though the message has expired",
  statements: { v5: ["MQTT-4.3.3-13"] },
  slow: true,
  run: async (context) => {
    const peer = await context.connect();
    peer.send(`34 { "${context.topic()}" 0001 { 02 00000001 } 'x' }`);
    await peer.expect("50 { 0001 * }");
    await seconds(2.5);
    peer.send("62 { 0001 }");
    await peer.expect("70 { 0001 * }");
  },
};

// The standard has no rule for an interval of 0. Ours: the message has expired already, so it is
// neither kept for anybody nor retained.
const zero: Scenario = {
  title: "a message with the interval 0 is not kept for anybody",
  statements: { v5: ["MQTT-3.3.2-5"] },
  run: async (context) => {
    const topic = context.topic();
    const how = { qos: 1, retain: true, properties: "02 00000000" } as const;
    await context.publish(await context.connect(), topic, "gone", how);
    const reader = await context.subscriber(topic, 1);
    await reader.expectNothing();
  },
};

const will: Scenario = {
  title: "the interval of a Will begins when it is published",
  statements: { v5: ["U-3.1.3.2-2"] },
  slow: true,
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const peer = await context.connect({ will: { topic, properties: "02 00000064" } });
    await seconds(2.5);
    peer.drop();
    const message = await watcher.expectPublish({ payload: "will" });
    ok(isBetween(90, message.properties.get(MESSAGE_EXPIRY)?.[0], 100));
  },
};

export const MESSAGE_EXPIRY_SCENARIOS: readonly Scenario[] = [
  passedOn,
  queued,
  blocked,
  startedDelivery(1),
  startedDelivery(2),
  incomingCompletes,
  zero,
  will,
];
