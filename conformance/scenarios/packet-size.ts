/** Maximum Packet Size in both directions (3.1.2.11.4, 3.2.2.3.6). */
import { equal, ok } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";
import { integer, type Version } from "../wire/notation.ts";
import type { Peer } from "../wire/peer.ts";

/** A PUBLISH with a payload such that the whole packet, fixed header included, has `size` bytes. */
function publishOfSize(topic: string, size: number, version: Version, qos = 0): string {
  const rest = 2 + topic.length + (version === "5.0" ? 1 : 0) + (qos === 0 ? 0 : 2);
  const header = size <= 129 ? 2 : 3;
  const first = integer(0x30 + qos * 2, 1);
  const payload = "78".repeat(size - header - rest);
  return `${first} { "${topic}" ${qos === 0 ? "" : "0001"} <{}> ${payload} }`;
}

const sizeLimit: Scenario = {
  title: "a message of exactly the client's limit arrives; one byte more is dropped for it alone",
  statements: { v5: ["MQTT-3.1.2-24", "MQTT-3.1.2-25"] },
  run: async (context) => {
    const topic = context.topic();
    const small = await context.subscriber(topic, 0, { properties: "27 00000080" });
    const large = await context.subscriber(topic);
    const sender = await context.connect();
    for (const size of [128, 129, 200, 127]) sender.send(publishOfSize(topic, size, "5.0"));
    for (const size of [128, 127]) await small.expect(publishOfSize(topic, size, "5.0"));
    for (const size of [128, 129, 200, 127]) {
      await large.expect(publishOfSize(topic, size, "5.0"));
    }
  },
};

const noneStuck: Scenario = {
  title: "messages that were too large leave no place of the quota and no identifier taken",
  statements: { v5: ["MQTT-3.1.2-25"] },
  run: async (context) => {
    const topic = context.topic();
    const properties = "27 00000080 21 0002";
    const receiver = await context.subscriber(topic, 2, { properties });
    const sender = await context.connect();
    for (let count = 0; count < 5; count++) {
      await context.publish(sender, topic, "x".repeat(200), { qos: 2 });
    }
    for (const payload of ["a", "b"]) await context.publish(sender, topic, payload, { qos: 1 });
    await receiver.expectPublish({ payload: "a" });
    await receiver.expectPublish({ payload: "b" });
  },
};

const queuedTooLarge: Scenario = {
  title: "a waiting message that is too large for the new connection is dropped, the others come",
  statements: { v5: ["MQTT-3.1.2-24", "MQTT-3.1.2-25"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("queued");
    const first = await context.subscriber(topic, 1, { clientId, durable: true });
    first.send("E0 00");
    await first.expectClosed();
    const sender = await context.connect();
    for (const payload of ["a", "x".repeat(300), "b"]) {
      await context.publish(sender, topic, payload, { qos: 1 });
    }
    const connect = { clientId, durable: true, properties: "27 00000080" };
    const again = await context.connect(connect);
    await again.expectPublish({ payload: "a" });
    await again.expectPublish({ payload: "b" });
  },
};

const retainedTooLarge: Scenario = {
  title: "a retained message that is too large for the subscriber is left out",
  statements: { v5: ["MQTT-3.1.2-24"] },
  run: async (context) => {
    const sender = await context.connect();
    await context.publish(sender, context.topic("a"), "x".repeat(300), { retain: true });
    await context.publish(sender, context.topic("b"), "fits", { retain: true });
    const filter = context.topic("+");
    const receiver = await context.subscriber(filter, 0, { properties: "27 00000080" });
    await receiver.expectPublish({ payload: "fits" });
    await receiver.expectNothing();
  },
};

const serverLimit: Scenario = {
  title: "a packet of exactly the server's limit is taken; one byte more ends the connection",
  statements: { v5: ["MQTT-3.2.2-15", "U-3.2.2.3.6-1"], v3: ["MQTT-4.8.0-1"] },
  needs: { maximumPacketSize: 2000 },
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead();
    if (context.isV5) equal(connack.properties.get(0x27)?.[0], 2000);
    const topic = context.topic();
    peer.send(publishOfSize(topic, 2000, context.version, 1));
    await peer.expect("40 { 0001 * }");
    peer.send(publishOfSize(topic, 2001, context.version, 1));
    await peer.expectDisconnect(0x95);
  },
};

const serverLimitConnect: Scenario = {
  title: "a CONNECT above the server's limit is refused",
  statements: { v5: ["U-3.2.2.3.6-1"], v3: ["MQTT-3.2.2-6"] },
  needs: { maximumPacketSize: 2000 },
  run: async (context) => {
    const peer = await context.open();
    peer.send(context.connectPacket({ userName: "u".repeat(2100) }));
    await peer.expectRefusal(0x95);
  },
};

const declaredOnly: Scenario = {
  title: "a packet that only declares to be too large ends the connection before its body comes",
  statements: { v5: ["U-3.2.2.3.6-1"], v3: ["MQTT-4.8.0-1"] },
  needs: { maximumPacketSize: 2000 },
  run: async (context) => {
    const peer = await context.connect();
    peer.send("30 FF FF FF 7F 00");
    await peer.expectDisconnect(0x95);
    const early = await context.open();
    early.send("10 FF FF FF 7F 00");
    await early.expectRefusal(0x95);
  },
};

/** An answer that the house rules explain, by a client that takes packets of `maximum` bytes. */
interface Explained {
  readonly name: string;
  readonly statements: readonly string[];
  /** Sends what the rules refuse and gives back the size of the answer. */
  readonly provoke: (peer: Peer, topic: string) => Promise<number>;
}

const EXPLAINED: readonly Explained[] = [
  {
    name: "PUBACK",
    statements: ["MQTT-3.4.2-2", "MQTT-3.4.2-3", "U-3.4.2.1-1"],
    provoke: async (peer, topic) => {
      peer.send(`32 { "${topic}" 0001 {} 'x' }`);
      return await sizeOf(peer, 0x40);
    },
  },
  {
    name: "PUBREC",
    statements: ["MQTT-3.5.2-2", "MQTT-3.5.2-3", "U-3.4.2.1-1"],
    provoke: async (peer, topic) => {
      peer.send(`34 { "${topic}" 0001 {} 'x' }`);
      return await sizeOf(peer, 0x50);
    },
  },
  {
    name: "SUBACK",
    statements: ["MQTT-3.9.2-1", "MQTT-3.9.2-2"],
    provoke: async (peer, topic) => {
      peer.send(`82 { 0001 {} "${topic}" 00 }`);
      return await sizeOf(peer, 0x90);
    },
  },
  {
    name: "UNSUBACK",
    statements: ["MQTT-3.11.2-1", "MQTT-3.11.2-2"],
    provoke: async (peer, topic) => {
      peer.send(`A2 { 0001 {} "${topic}" }`);
      return await sizeOf(peer, 0xb0);
    },
  },
];

async function sizeOf(peer: Peer, first: number): Promise<number> {
  const packet = await peer.next();
  equal(packet[0], first);
  return packet.length;
}

const explanations: readonly Scenario[] = EXPLAINED.map(({ name, statements, provoke }) => ({
  title: `${name} has a Reason String and User Properties where they fit, and none where they do not`,
  statements: { v5: statements },
  needs: { houseRules: true },
  run: async (context) => {
    const topic = context.topic("forbidden");
    const full = await provoke(await context.connect(), topic);
    ok(full > 40, `no explanation in ${full} bytes`);
    for (const [maximum, expected] of [
      [full, full],
      [full - 1, full - 1],
      [20, 20],
    ] as const) {
      const peer = await context.connect({ properties: `27 ${integer(maximum, 4)}` });
      const size = await provoke(peer, topic);
      ok(size <= expected, `${size} bytes where ${maximum} are allowed`);
      if (maximum === full) equal(size, full);
    }
  },
}));

const explainedConnack: Scenario = {
  title:
    "CONNACK has a Reason String and User Properties where they fit, and none where they do not",
  statements: { v5: ["MQTT-3.2.2-19", "MQTT-3.2.2-20", "MQTT-3.1.2-24"] },
  needs: { houseRules: true },
  run: async (context) => {
    const full = await refusalSize(await context.open(), context.clientId(), "");
    ok(full > 40, `no explanation in ${full} bytes`);
    const peers = [full, full - 1, 20].map(async (maximum) => {
      const properties = `27 ${integer(maximum, 4)}`;
      const size = await refusalSize(await context.open(), context.clientId(), properties);
      ok(size <= maximum, `${size} bytes where ${maximum} are allowed`);
    });
    await Promise.all(peers);
  },
};

async function refusalSize(peer: Peer, clientId: string, properties: string): Promise<number> {
  peer.send(`10 { "MQTT" 05 82 0000 { ${properties} } "${clientId}" "forbidden" }`);
  const packet = await peer.next();
  equal(packet[3], 0x86);
  await peer.expectClosed();
  return packet.length;
}

const explainedDisconnect: Scenario = {
  title: "DISCONNECT of the server stays within the client's Maximum Packet Size",
  statements: { v5: ["MQTT-3.14.2-3", "MQTT-3.14.2-4", "MQTT-3.1.2-24"] },
  run: async (context) => {
    for (const maximum of [24, 32, 64]) {
      const peer = await context.connect({ properties: `27 ${integer(maximum, 4)}` });
      peer.send("82 { 0001 {} }");
      for (const packet of await peer.collect(1)) {
        equal(packet[0], 0xe0);
        ok(packet.length <= maximum, `${packet.length} bytes where ${maximum} are allowed`);
      }
    }
  },
};

// What becomes of a client that cannot take a CONNACK is not said. Ours: the connection is closed.
const tinyLimit: Scenario = {
  title: "a client whose limit is below the size of CONNACK is sent nothing that is larger",
  statements: { v5: ["MQTT-3.1.2-24", "MQTT-3.1.2-25"] },
  run: async (context) => {
    for (const maximum of [2, 3, 4]) {
      const peer = await context.open();
      peer.send(`${context.connectPacket({ properties: `27 ${integer(maximum, 4)}` })} C0 00`);
      for (const packet of await peer.collect(1)) ok(packet.length <= maximum);
    }
  },
};

const explainedFlow: Scenario = {
  title: "PUBREL and PUBCOMP stay within the client's Maximum Packet Size",
  statements: { v5: ["MQTT-3.6.2-2", "MQTT-3.6.2-3", "MQTT-3.7.2-2", "MQTT-3.7.2-3"] },
  run: async (context) => {
    const peer = await context.connect({ properties: "27 00000014" });
    for (const [sent, first] of [
      ["62 { 0BAD }", 0x70],
      ["50 { 0BAD }", 0x62],
    ] as const) {
      peer.send(sent);
      ok((await sizeOf(peer, first)) <= 20);
    }
  },
};

export const PACKET_SIZE_SCENARIOS: readonly Scenario[] = [
  sizeLimit,
  noneStuck,
  queuedTooLarge,
  retainedTooLarge,
  serverLimit,
  serverLimitConnect,
  declaredOnly,
  ...explanations,
  explainedConnack,
  explainedDisconnect,
  tinyLimit,
  explainedFlow,
];
