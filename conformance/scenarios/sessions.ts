/** Sessions: Clean Start, Session Present, the ClientID, take over, expiry (3.1.2.4, 3.1.3.1, 4.1). */
import { equal, notEqual } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";

const MILLISECONDS = 1000;

const resumes: Scenario = {
  title: "a session that was kept returns with its subscriptions and waiting messages",
  statements: {
    v5: [
      "MQTT-3.1.2-5",
      "MQTT-3.1.2-23",
      "MQTT-3.2.2-3",
      "MQTT-4.5.0-1",
      "MQTT-3.2.0-1",
      "U-4.1-3",
    ],
    v3: [
      "MQTT-3.1.2-4",
      "MQTT-3.1.2-5",
      "MQTT-3.2.2-2",
      "MQTT-4.1.0-1",
      "MQTT-4.5.0-1",
      "MQTT-3.2.0-1",
    ],
  },
  run: async (context) => {
    const clientId = context.clientId();
    const topic = context.topic();
    const first = await context.subscriber(topic, 2, { clientId, durable: true });
    first.send("E0 00");
    await first.expectClosed();
    const sender = await context.connect();
    await context.publish(sender, topic, "one", { qos: 1 });
    await context.publish(sender, topic, "two", { qos: 2 });
    const { peer, connack } = await context.connectAndRead({ clientId, durable: true });
    equal(connack.sessionPresent, true);
    await peer.expectPublish({ topic, payload: "one", qos: 1, duplicate: false });
    await peer.expectPublish({ topic, payload: "two", qos: 2, duplicate: false });
    await context.publish(sender, topic, "three");
    await peer.expectPublish({ topic, payload: "three", qos: 0 });
  },
};

const created: Scenario = {
  title: "Clean Start 0 without an older session makes a new one and says so",
  statements: {
    v5: ["MQTT-3.1.2-6", "MQTT-3.2.2-3", "MQTT-3.1.4-4"],
    v3: ["MQTT-3.1.2-4", "MQTT-3.2.2-3", "MQTT-3.1.4-3"],
  },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead({ cleanStart: false });
    equal(connack.sessionPresent, false);
    const topic = context.topic();
    await context.subscribe(peer, topic);
    await context.publish(peer, topic, "x");
    await peer.expectPublish({ topic, payload: "x" });
  },
};

const cleaned: Scenario = {
  title: "Clean Start 1 throws the older session away, and its waiting messages with it",
  statements: {
    v5: ["MQTT-3.1.2-4", "MQTT-3.2.2-2", "MQTT-3.1.4-4"],
    v3: ["MQTT-3.1.2-6", "MQTT-3.2.2-1", "MQTT-3.1.4-3"],
  },
  run: async (context) => {
    const clientId = context.clientId();
    const topic = context.topic();
    const first = await context.subscriber(topic, 1, { clientId, durable: true });
    first.send("E0 00");
    await first.expectClosed();
    const sender = await context.connect();
    await context.publish(sender, topic, "lost", { qos: 1 });
    const { peer, connack } = await context.connectAndRead({ clientId });
    equal(connack.sessionPresent, false);
    await context.publish(sender, topic, "lost too", { qos: 1 });
    await peer.expectNothing();
  },
};

const notKept: Scenario = {
  title: "a session without an expiry interval, or clean, ends with its connection",
  statements: {
    v5: ["U-3.1.2.11.2-2", "MQTT-3.2.2-3"],
    v3: ["MQTT-3.1.2-6", "MQTT-3.2.2-3"],
  },
  run: async (context) => {
    const clientId = context.clientId();
    const topic = context.topic();
    const first = await context.subscriber(topic, 1, { clientId, cleanStart: true });
    first.send("E0 00");
    await first.expectClosed();
    const { peer, connack } = await context.connectAndRead({ clientId, durable: true });
    equal(connack.sessionPresent, false);
    await context.publish(peer, topic, "x", { qos: 1 });
    await peer.expectNothing();
  },
};

const endsWhenDropped: Scenario = {
  title: "the waiting subscriptions of a clean session are gone after a broken connection too",
  statements: { v5: ["U-3.1.2.11.2-2"], v3: ["MQTT-3.1.2-6"] },
  run: async (context) => {
    const clientId = context.clientId();
    const topic = context.topic();
    const first = await context.subscriber(topic, 1, { clientId });
    first.drop();
    const second = await context.connect();
    await context.publish(second, topic, "x", { qos: 1 });
    const { connack } = await context.connectAndRead({ clientId, cleanStart: false });
    equal(connack.sessionPresent, false);
  },
};

const takeOver: Scenario = {
  title: "a second connection with the same ClientID takes the session over and ends the first",
  statements: {
    v5: ["MQTT-3.1.4-3", "MQTT-3.1.3-2", "U-4.1-1"],
    v3: ["MQTT-3.1.4-2", "MQTT-3.1.3-2"],
  },
  run: async (context) => {
    const clientId = context.clientId();
    const topic = context.topic();
    const first = await context.subscriber(topic, 1, { clientId, durable: true });
    const { peer, connack } = await context.connectAndRead({ clientId, durable: true });
    equal(connack.sessionPresent, true);
    await first.expectDisconnect(0x8e);
    await context.publish(peer, topic, "x", { qos: 0 });
    await peer.expectPublish({ topic, payload: "x" });
  },
};

const twoIds: Scenario = {
  title: "two ClientIDs have two sessions",
  statements: { v5: ["MQTT-3.1.3-2"], v3: ["MQTT-3.1.3-2", "MQTT-4.1.0-2"] },
  run: async (context) => {
    const topic = context.topic();
    const left = await context.subscriber(`${topic}/left`, 0, { clientId: context.clientId("l") });
    const right = await context.subscriber(`${topic}/right`, 0, {
      clientId: context.clientId("r"),
    });
    await context.publish(left, `${topic}/right`, "to right");
    await right.expectPublish({ payload: "to right" });
    await context.publish(right, `${topic}/left`, "to left");
    await left.expectPublish({ payload: "to left" });
  },
};

const simpleIds: Scenario = {
  title: "ClientIDs of 1 and of 23 characters, with all 62 letters and digits, are accepted",
  statements: { v5: ["MQTT-3.1.3-5"], v3: ["MQTT-3.1.3-5"] },
  run: async (context) => {
    const ids = [
      "a",
      "0123456789abcdefghijklm",
      "nopqrstuvwxyzABCDEFGHIJ",
      "KLMNOPQRSTUVWXYZ0123456",
      context.clientId().padEnd(23, "z"),
    ];
    for (const clientId of ids) await context.connect({ clientId });
  },
};

const longIds: Scenario = {
  title: "ClientIDs longer than 23 bytes and with other characters are accepted",
  statements: { v5: ["U-3.1.3.1-2"], v3: ["MQTT-3.1.3-4"] },
  run: async (context) => {
    const ids = ["x".repeat(300), "device +#/$SYS é€", "__proto__", "constructor"];
    for (const id of ids) {
      const clientId = `${context.clientId()}${id}`;
      const peer = await context.subscriber(context.topic(), 1, { clientId, durable: true });
      peer.send("E0 00");
      await peer.expectClosed();
      const { connack } = await context.connectAndRead({ clientId, durable: true });
      equal(connack.sessionPresent, true);
    }
  },
};

const emptySession: Scenario = {
  title: "a session that holds nothing yet is a session all the same",
  statements: {
    v5: ["MQTT-3.2.2-3", "MQTT-3.1.2-23", "U-4.1-3"],
    v3: ["MQTT-3.2.2-2", "MQTT-3.1.2-4"],
  },
  run: async (context) => {
    const clientId = context.clientId();
    const peer = await context.connect({ clientId, durable: true });
    peer.send("E0 00");
    await peer.expectClosed();
    const { connack } = await context.connectAndRead({ clientId, durable: true });
    equal(connack.sessionPresent, true);
  },
};

const bareProtoIds: Scenario = {
  title: "a ClientID that names a built-in property of objects is a ClientID like any other",
  statements: { v5: ["U-3.1.3.1-2"] },
  needs: { alone: true },
  run: async (context) => {
    for (const clientId of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const { connack } = await context.connectAndRead({ clientId, cleanStart: false });
      equal(connack.sessionPresent, false);
    }
  },
};

const assigned: Scenario = {
  title: "an empty ClientID gets a new one, under which the session can be found again",
  statements: { v5: ["MQTT-3.1.3-6", "MQTT-3.1.3-7", "MQTT-3.2.2-16"] },
  run: async (context) => {
    const first = await context.connectAndRead({ clientId: "", durable: true });
    const second = await context.connectAndRead({ clientId: "", durable: true });
    const clientId = String(first.connack.properties.get(0x12)?.[0] ?? "");
    notEqual(clientId, "");
    notEqual(second.connack.properties.get(0x12)?.[0] ?? "", clientId);
    const { connack } = await context.connectAndRead({ clientId, durable: true });
    equal(connack.sessionPresent, true);
    equal(connack.properties.has(0x12), false);
  },
};

const emptyClean: Scenario = {
  title: "two empty ClientIDs with CleanSession 1 are two clients",
  statements: { v3: ["MQTT-3.1.3-6"] },
  run: async (context) => {
    const topic = context.topic();
    const first = await context.subscriber(topic, 0, { clientId: "" });
    const second = await context.subscriber(topic, 0, { clientId: "" });
    await context.publish(second, topic, "x");
    await first.expectPublish({ payload: "x" });
    await second.expectPublish({ payload: "x" });
  },
};

const emptyKept: Scenario = {
  title: "an empty ClientID with CleanSession 0 is refused with 0x02",
  statements: { v3: ["MQTT-3.1.3-8", "MQTT-3.2.2-5", "MQTT-3.2.2-4", "MQTT-3.1.3-7"] },
  run: async (context) => {
    const peer = await context.open();
    peer.send(context.connectPacket({ clientId: "", cleanStart: false }));
    await peer.expect("20 { 00 02 }");
    await peer.expectClosed();
  },
};

const expires: Scenario = {
  title: "a session is gone once its expiry interval has passed, not while it is connected",
  statements: { v5: ["MQTT-4.1.0-1", "MQTT-4.1.0-2", "U-4.1-1"] },
  slow: true,
  run: async (context) => {
    const clientId = context.clientId();
    const topic = context.topic();
    const properties = "11 00000001";
    const peer = await context.connect({ clientId, properties });
    await context.subscribe(peer, topic, 1);
    await seconds(2);
    await context.publish(peer, topic, "still here");
    await peer.expectPublish({ payload: "still here" });
    peer.drop();
    await seconds(3);
    const { connack } = await context.connectAndRead({ clientId, cleanStart: false });
    equal(connack.sessionPresent, false);
  },
};

const changedAtDisconnect: Scenario = {
  title: "DISCONNECT can change the expiry interval to 0, which ends the session at once",
  statements: { v5: ["U-3.14.2.2.2-3", "U-3.1.2.11.2-2"] },
  run: async (context) => {
    const clientId = context.clientId();
    const peer = await context.connect({ clientId, durable: true });
    peer.send("E0 { 00 { 11 00000000 } }");
    await peer.expectClosed();
    const { connack } = await context.connectAndRead({ clientId, cleanStart: false });
    equal(connack.sessionPresent, false);
  },
};

const prolongedAtDisconnect: Scenario = {
  title: "DISCONNECT can prolong the expiry interval",
  statements: { v5: ["U-3.14.2.2.2-3", "MQTT-3.1.2-23"] },
  slow: true,
  run: async (context) => {
    const clientId = context.clientId();
    const peer = await context.connect({ clientId, properties: "11 00000001" });
    peer.send("E0 { 00 { 11 0000003C } }");
    await peer.expectClosed();
    await seconds(2.5);
    const { connack } = await context.connectAndRead({ clientId, cleanStart: false });
    equal(connack.sessionPresent, true);
  },
};

const expiryFromZero: Scenario = {
  title: "DISCONNECT with an expiry interval after a CONNECT without one is a Protocol Error",
  statements: { v5: ["U-3.14.2.2.2-1"] },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const peer = await context.connect({ will: { topic, payload: "still due" } });
    peer.send("E0 { 00 { 11 00000005 } }");
    await peer.expectDisconnect(0x82);
    await watcher.expectPublish({ topic, payload: "still due" });
  },
};

const never: Scenario = {
  title: "the expiry interval FFFFFFFF keeps a session",
  statements: { v5: ["U-3.1.2.11.2-2", "MQTT-3.1.2-23"] },
  run: async (context) => {
    const clientId = context.clientId();
    const peer = await context.connect({ clientId, properties: "11 FFFFFFFF" });
    peer.drop();
    const { connack } = await context.connectAndRead({ clientId, cleanStart: false });
    equal(connack.sessionPresent, true);
  },
};

const retainedOutlives: Scenario = {
  title: "retained messages outlive the session that published them",
  statements: { v5: ["U-4.1-4"], v3: ["MQTT-3.1.2-7"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.connect();
    await context.publish(peer, topic, "kept", { qos: 1, retain: true });
    peer.send("E0 00");
    await peer.expectClosed();
    const reader = await context.subscriber(topic);
    await reader.expectPublish({ topic, payload: "kept", retain: true });
  },
};

const pipelined: Scenario = {
  title: "packets sent right behind CONNECT are carried out after it",
  statements: { v5: ["U-3.1.4-6", "U-3.1.4-5"], v3: ["MQTT-3.2.0-1"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.open();
    peer.send(`${context.connectPacket()} 82 { 0001 <{}> "${topic}" 00 }`);
    await peer.expectConnack();
    await peer.expect("90 { 0001 <{}> 00 }");
    await context.publish(peer, topic, "x");
    await peer.expectPublish({ payload: "x" });
  },
};

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * MILLISECONDS));
}

export const SESSION_SCENARIOS: readonly Scenario[] = [
  resumes,
  created,
  cleaned,
  notKept,
  endsWhenDropped,
  takeOver,
  twoIds,
  simpleIds,
  longIds,
  emptySession,
  bareProtoIds,
  assigned,
  emptyClean,
  emptyKept,
  expires,
  changedAtDisconnect,
  prolongedAtDisconnect,
  expiryFromZero,
  never,
  retainedOutlives,
  pipelined,
];
