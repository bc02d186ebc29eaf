/** UNSUBSCRIBE and UNSUBACK (3.10, 3.11). */
import type { Scenario } from "../scenario.ts";

const empty: Scenario = {
  title: "UNSUBSCRIBE without a filter ends the connection",
  statements: { v5: ["MQTT-3.10.3-2", "U-3.10.3-1"], v3: ["MQTT-3.10.3-2"] },
  run: async (context) => {
    const peer = await context.connect();
    peer.send("A2 { 0001 <{}> }");
    await peer.expectDisconnect(0x82, 0x81);
  },
};

const identifierZero: Scenario = {
  title: "UNSUBSCRIBE with Packet Identifier 0 ends the connection",
  statements: { v5: ["MQTT-2.2.1-3"], v3: ["MQTT-2.3.1-1"] },
  run: async (context) => {
    const peer = await context.connect();
    peer.send('A2 { 0000 <{}> "a" }');
    await peer.expectDisconnect(0x82, 0x81);
  },
};

const stops: Scenario = {
  title: "UNSUBSCRIBE is answered with its identifier, and new messages stop",
  statements: {
    v5: ["MQTT-3.10.4-2", "MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-2.2.1-6", "MQTT-3.11.3-2"],
    v3: ["MQTT-3.10.4-2", "MQTT-3.10.4-4", "MQTT-2.3.1-7"],
  },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.subscriber(topic, 1);
    await context.subscribe(peer, context.topic("other"));
    peer.send(`A2 { CAFE <{}> "${topic}" }`);
    await peer.expect("B0 { CAFE <{} 00> }");
    await context.publish(peer, topic, "x", { qos: 1 });
    await context.publish(peer, context.topic("other"), "end");
    await peer.expectPublish({ payload: "end" });
  },
};

const unknown: Scenario = {
  title: "UNSUBSCRIBE of a filter that is not there is answered all the same",
  statements: {
    v5: ["MQTT-3.10.4-5", "U-3.11.3-1", "MQTT-3.11.3-2"],
    v3: ["MQTT-3.10.4-5"],
  },
  run: async (context) => {
    const peer = await context.connect();
    peer.send(`A2 { 0001 <{}> "${context.topic()}" }`);
    await peer.expect("B0 { 0001 <{*} 11> }");
  },
};

const exact: Scenario = {
  title: "only the filter with exactly these characters is removed",
  statements: { v5: ["MQTT-3.10.4-1"], v3: ["MQTT-3.10.4-1"] },
  run: async (context) => {
    const topic = context.topic("a/b");
    const peer = await context.subscriber(topic);
    const others = ["a/+", "a/#", "+/b", "#", "A/b", "a/b/", "/a/b"];
    const filters = others.map((filter) => `"${context.topic(filter)}"`).join(" ");
    peer.send(`A2 { 0001 <{}> ${filters} }`);
    await peer.expect(`B0 { 0001 <{*} ${"11".repeat(others.length)}> }`);
    await context.publish(peer, topic, "x");
    await peer.expectPublish({ topic });
    await context.subscribe(peer, context.topic("a/+"));
    peer.send(`A2 { 0002 <{}> "${topic}" }`);
    await peer.expect("B0 { 0002 <{*} 00> }");
    await context.publish(peer, topic, "y");
    await peer.expectPublish({ payload: "y" });
    await peer.expectNothing();
  },
};

const several: Scenario = {
  title: "several filters in one UNSUBSCRIBE get one UNSUBACK, the codes in their order",
  statements: {
    v5: ["MQTT-3.10.4-6", "MQTT-3.11.3-1"],
    v3: ["MQTT-3.10.4-6", "MQTT-3.10.4-4"],
  },
  run: async (context) => {
    const [a, b, c] = ["a", "b", "c"].map((name) => context.topic(name));
    const peer = await context.subscriber(`${a}`);
    await context.subscribe(peer, `${c}`);
    peer.send(`A2 { 0001 <{}> "${a}" "${b}" "${c}" "${a}" }`);
    await peer.expect("B0 { 0001 <{*} 00 11 00 11> }");
    for (const topic of [a, b, c]) await context.publish(peer, `${topic}`, "x");
    await peer.expectNothing();
  },
};

const completes: Scenario = {
  title: "a QoS 2 delivery that has begun is completed after UNSUBSCRIBE",
  statements: { v5: ["MQTT-3.10.4-3", "U-3.10.4-1"], v3: ["MQTT-3.10.4-3"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("completes");
    const peer = await context.subscriber(topic, 2, { clientId, durable: true });
    await context.publish(await context.connect(), topic, "x", { qos: 2 });
    const { id } = await peer.expect(`34 { "${topic}" id:2 <{}> 'x' }`);
    peer.send(`A2 { 0001 <{}> "${topic}" }`);
    await peer.expect("B0 { 0001 <{*} 00> }");
    peer.drop();
    const again = await context.connect({ clientId, durable: true });
    await again.expect(`3C { "${topic}" ${id} <{}> 'x' }`);
    again.send(`50 { ${id} }`);
    await again.expect(`62 { ${id} * }`);
    again.send(`70 { ${id} }`);
    await again.expectNothing();
  },
};

const userProperty: Scenario = {
  title: "SUBSCRIBE and UNSUBSCRIBE may carry User Properties",
  statements: { v5: ["MQTT-3.8.4-1", "MQTT-3.10.4-4"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.connect();
    peer.send(`82 { 0001 { 26 "n" "v" 26 "n" "v" } "${topic}" 00 }`);
    await peer.expect("90 { 0001 {*} 00 }");
    peer.send(`A2 { 0002 { 26 "n" "v" 26 "n" "v" } "${topic}" }`);
    await peer.expect("B0 { 0002 {*} 00 }");
  },
};

export const UNSUBSCRIBING_SCENARIOS: readonly Scenario[] = [
  empty,
  identifierZero,
  stops,
  unknown,
  exact,
  several,
  completes,
  userProperty,
];
