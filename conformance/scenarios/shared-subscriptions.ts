/** Shared Subscriptions (4.8.2). */
import { deepEqual, equal } from "node:assert/strict";

import type { ConnectOptions, Scenario, ScenarioContext } from "../scenario.ts";
import { readPublish, type Publish } from "../wire/packet-reader.ts";
import type { Peer } from "../wire/peer.ts";
import { integer } from "../wire/notation.ts";

/** A group of this size on one filter; `share` names the group. */
async function group(
  context: ScenarioContext,
  count: number,
  filter: string,
  how: { readonly qos?: number; readonly share?: string; readonly connect?: ConnectOptions } = {},
): Promise<readonly Peer[]> {
  const members: Peer[] = [];
  for (let index = 0; index < count; index++) {
    const shared = `$share/${how.share ?? "group"}/${filter}`;
    members.push(await context.subscriber(shared, how.qos ?? 0, how.connect ?? {}));
  }
  return members;
}

/** Everything that the members have received so far, in the order of the members. */
async function received(members: readonly Peer[]): Promise<readonly (readonly Publish[])[]> {
  const all: Publish[][] = [];
  for (const member of members) {
    const messages: Publish[] = [];
    member.send("C0 00 C0 00");
    for (let pings = 0; pings < 2;) {
      const packet = await member.next();
      if (packet[0] === 0xd0) pings += 1;
      else messages.push(readPublish(packet, "5.0"));
    }
    all.push(messages);
  }
  return all;
}

const exactlyOne: Scenario = {
  title: "each message goes to exactly one member of the group, on its topic without $share",
  statements: { v5: ["U-4.8.2-1", "U-4.8.2-2", "MQTT-4.8.2-1"] },
  run: async (context) => {
    const topic = context.topic("a");
    const members = await group(context, 3, context.topic("+"));
    const sender = await context.connect();
    for (let count = 0; count < 30; count++) {
      await context.publish(sender, topic, `${count}`, { qos: 1 });
    }
    const messages = (await received(members)).flat();
    const payloads = messages.map((message) => Number(message.payload)).sort((a, b) => a - b);
    deepEqual(
      payloads,
      Array.from({ length: 30 }, (_, count) => count),
    );
    equal(
      messages.every((message) => message.topic === topic),
      true,
    );
  },
};

const groupsApart: Scenario = {
  title: "two groups, and a subscription that is not shared, each get their own copy",
  statements: { v5: ["U-4.8.2-1", "U-4.8.2-6"] },
  run: async (context) => {
    const topic = context.topic();
    const left = await group(context, 2, topic, { share: "left" });
    const right = await group(context, 2, topic, { share: "right" });
    const plain = await context.subscriber(topic);
    await context.publish(await context.connect(), topic, "x", { qos: 1 });
    equal((await received(left)).flat().length, 1);
    equal((await received(right)).flat().length, 1);
    equal((await received([plain])).flat().length, 1);
  },
};

const sameNameOtherFilter: Scenario = {
  title: "the same group name with another filter is another group",
  statements: { v5: ["U-4.8.2-1"] },
  run: async (context) => {
    const one = await group(context, 1, context.topic("a"));
    const other = await group(context, 1, context.topic("+"));
    await context.publish(await context.connect(), context.topic("a"), "x", { qos: 1 });
    equal((await received([...one, ...other])).map((messages) => messages.length).join(), "1,1");
  },
};

const bothKinds: Scenario = {
  title: "a client with a shared and a plain subscription to one topic is served by both",
  statements: { v5: ["U-4.8.2-6"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.subscriber(topic);
    await context.subscribe(peer, `$share/group/${topic}`);
    await context.publish(peer, topic, "x");
    await peer.expectPublish({ payload: "x" });
    await peer.expectPublish({ payload: "x" });
  },
};

const ownQos: Scenario = {
  title: "each member gets messages at the QoS that it was granted",
  statements: { v5: ["MQTT-4.8.2-3"] },
  run: async (context) => {
    const topic = context.topic();
    const members = [
      ...(await group(context, 1, topic, { qos: 0 })),
      ...(await group(context, 1, topic, { qos: 1 })),
      ...(await group(context, 1, topic, { qos: 2 })),
    ];
    const sender = await context.connect();
    for (let count = 0; count < 12; count++) {
      await context.publish(sender, topic, `${count}`, { qos: 2 });
    }
    const messages = await received(members);
    equal(messages.flat().length, 12);
    for (const [qos, own] of messages.entries()) {
      equal(
        own.every((message) => message.qos === qos),
        true,
      );
    }
  },
};

const noRetained: Scenario = {
  title: "a Shared Subscription brings no retained messages, whether it is new or joined",
  statements: { v5: ["U-3.8.4-2"] },
  run: async (context) => {
    const topic = context.topic();
    await context.publish(await context.connect(), topic, "kept", { retain: true, qos: 1 });
    const members = await group(context, 2, topic);
    equal((await received(members)).flat().length, 0);
  },
};

const ownIdentifiers: Scenario = {
  title: "a shared message carries the identifier of the receiving client's own SUBSCRIBE",
  statements: { v5: ["U-3.3.4-9"] },
  run: async (context) => {
    const topic = context.topic();
    const left = await context.connect();
    const right = await context.connect();
    await context.subscribe(left, `$share/group/${topic}`, 0, "0B 01");
    await context.subscribe(right, `$share/group/${topic}`, 0, "0B 02");
    const sender = await context.connect();
    for (let count = 0; count < 6; count++) await context.publish(sender, topic, "x", { qos: 1 });
    const messages = await received([left, right]);
    equal(messages.flat().length, 6);
    for (const [index, own] of messages.entries()) {
      equal(
        own.every((message) => message.properties.get(0x0b)?.join() === `${index + 1}`),
        true,
      );
    }
  },
};

const againAndLeave: Scenario = {
  title: "subscribing again changes the options only, and one UNSUBSCRIBE leaves the group",
  statements: { v5: ["U-4.8.2-4", "U-3.10.4-2"] },
  run: async (context) => {
    const topic = context.topic();
    const peer = await context.subscriber(`$share/group/${topic}`, 0);
    await context.subscribe(peer, `$share/group/${topic}`, 1);
    await context.publish(peer, topic, "x", { qos: 0 });
    await peer.expectPublish({ payload: "x" });
    peer.send(`A2 { 0001 {} "$share/group/${topic}" }`);
    await peer.expect("B0 { 0001 {} 00 }");
    await context.publish(peer, topic, "x");
    await peer.expectNothing();
    peer.send(`A2 { 0002 {} "$share/group/${topic}" }`);
    await peer.expect("B0 { 0002 {*} 11 }");
  },
};

const othersGoOn: Scenario = {
  title: "when a member leaves, the others get the messages",
  statements: { v5: ["U-3.10.4-2", "U-4.8.2-2"] },
  run: async (context) => {
    const topic = context.topic();
    const [left, right] = await group(context, 2, topic);
    left?.send(`A2 { 0001 {} "$share/group/${topic}" }`);
    await left?.expect("B0 { 0001 {} 00 }");
    const sender = await context.connect();
    for (let count = 0; count < 4; count++) await context.publish(sender, topic, "x", { qos: 1 });
    for (let count = 0; count < 4; count++) await right?.expectPublish({ payload: "x" });
  },
};

const connectedFirst: Scenario = {
  title: "a message with QoS 0 is not lost on a member that is offline while another is there",
  statements: { v5: ["U-4.8.2-2"] },
  run: async (context) => {
    const topic = context.topic();
    const connect = { durable: true, clientId: context.clientId("offline") };
    const offline = await group(context, 1, topic, { connect });
    const online = await group(context, 1, topic);
    for (const member of offline) {
      member.send("E0 00");
      await member.expectClosed();
    }
    const sender = await context.connect();
    for (let round = 0; round < 4; round++) await context.publish(sender, topic, "x", { qos: 1 });
    const count = (await received(online)).flat().length;
    context.recommend(count === 4, "messages were given to a member that is offline");
  },
};

/** Two durable members, one unanswered message, and which of them got it. */
async function chosen(
  context: ScenarioContext,
  topic: string,
  qos: 1 | 2,
): Promise<{ readonly taker: number; readonly members: readonly Peer[]; readonly id: number }> {
  const members: Peer[] = [];
  for (const suffix of ["m0", "m1"]) {
    const connect = { clientId: context.clientId(suffix), durable: true };
    members.push(...(await group(context, 1, topic, { qos, connect })));
  }
  await context.publish(await context.connect(), topic, "x", { qos });
  const messages = await received(members);
  const taker = messages.findIndex((own) => own.length === 1);
  equal(messages.flat().length, 1);
  return { taker, members, id: messages[taker]?.[0]?.packetIdentifier ?? 0 };
}

const qos2Completes: Scenario = {
  title:
    "a QoS 2 message whose member breaks off is completed with that member, nobody else gets it",
  statements: { v5: ["MQTT-4.8.2-4"] },
  run: async (context) => {
    const topic = context.topic();
    const { taker, members, id } = await chosen(context, topic, 2);
    members[taker]?.drop();
    const clientId = context.clientId(`m${taker}`);
    const again = await context.connect({ clientId, durable: true });
    await again.expect(`3C { "${topic}" ${integer(id, 2)} {} 'x' }`);
    again.send(`50 { ${integer(id, 2)} }`);
    await again.expect(`62 { ${integer(id, 2)} * }`);
    await members[1 - taker]?.expectNothing();
  },
};

const qos2Ends: Scenario = {
  title: "a QoS 2 message whose member's session ends goes to no other member",
  statements: { v5: ["MQTT-4.8.2-5"] },
  run: async (context) => {
    const topic = context.topic();
    const { taker, members } = await chosen(context, topic, 2);
    members[taker]?.send("E0 { 00 { 11 00000000 } }");
    await members[taker]?.expectClosed();
    await members[1 - taker]?.expectNothing();
  },
};

const qos1Moves: Scenario = {
  title: "a QoS 1 message whose member's session ends is sent to another member",
  statements: { v5: ["U-4.8.2-3"] },
  run: async (context) => {
    const topic = context.topic();
    const { taker, members } = await chosen(context, topic, 1);
    members[taker]?.send("E0 { 00 { 11 00000000 } }");
    await members[taker]?.expectClosed();
    await context.publish(await context.connect(), topic, "end", { qos: 1 });
    const first = await members[1 - taker]?.expectPublish({ topic, qos: 1 });
    context.recommend(first?.payload === "x", "the message of the session that ended is lost");
  },
};

function refusedByMember(qos: 1 | 2): Scenario {
  return {
    title: `a QoS ${qos} message that the chosen member refuses is discarded`,
    statements: { v5: ["MQTT-4.8.2-6"] },
    run: async (context) => {
      const topic = context.topic();
      const { taker, members, id } = await chosen(context, topic, qos);
      members[taker]?.send(`${qos === 1 ? "40" : "50"} { ${integer(id, 2)} 80 {} }`);
      await members[taker]?.expectNothing();
      await members[1 - taker]?.expectNothing();
    },
  };
}

const tooLarge: Scenario = {
  title: "a message too large for one member reaches one that can take it, or nobody; both go on",
  statements: { v5: ["U-3.1.2.11.4-3", "MQTT-3.1.2-24"] },
  run: async (context) => {
    const topic = context.topic();
    const small = await group(context, 1, topic, { connect: { properties: "27 00000080" } });
    const large = await group(context, 1, topic);
    const sender = await context.connect();
    for (let count = 0; count < 4; count++) {
      await context.publish(sender, topic, "x".repeat(200), { qos: 1 });
    }
    equal((await received(small)).flat().length, 0);
    equal((await received(large)).flat().length <= 4, true);
    for (let count = 0; count < 4; count++) await context.publish(sender, topic, "y", { qos: 1 });
    equal((await received([...small, ...large])).flat().length, 4);
  },
};

const queueGoesWithGroup: Scenario = {
  title: "when the last session of a group ends, its waiting messages end with it",
  statements: { v5: ["U-4.8.2-5", "U-3.10.4-2"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId("last");
    const connect = { clientId, durable: true };
    const [member] = await group(context, 1, topic, { qos: 1, connect });
    member?.send("E0 00");
    await member?.expectClosed();
    await context.publish(await context.connect(), topic, "waiting", { qos: 1 });
    await context.connect({ clientId });
    const [fresh] = await group(context, 1, topic, { qos: 1 });
    await fresh?.expectNothing();
  },
};

const waitsForOffline: Scenario = {
  title: "a group whose only session is offline keeps QoS 1 messages for it",
  statements: { v5: ["U-4.8.2-5", "MQTT-4.5.0-1"] },
  run: async (context) => {
    const topic = context.topic();
    const connect = { clientId: context.clientId("only"), durable: true };
    const [member] = await group(context, 1, topic, { qos: 1, connect });
    member?.send("E0 00");
    await member?.expectClosed();
    await context.publish(await context.connect(), topic, "waiting", { qos: 1 });
    const again = await context.connect(connect);
    await again.expectPublish({ topic, payload: "waiting", qos: 1 });
  },
};

const leadingSlash: Scenario = {
  title: "$share/group//a is the filter /a",
  statements: { v5: ["U-4.8.2-1", "MQTT-4.8.2-2"] },
  run: async (context) => {
    const topic = `/${context.topic()}`;
    const [member] = await group(context, 1, topic);
    await context.publish(await context.connect(), topic, "x");
    await member?.expectPublish({ topic, payload: "x" });
  },
};

export const SHARED_SUBSCRIPTION_SCENARIOS: readonly Scenario[] = [
  exactlyOne,
  groupsApart,
  sameNameOtherFilter,
  bothKinds,
  ownQos,
  noRetained,
  ownIdentifiers,
  againAndLeave,
  othersGoOn,
  connectedFirst,
  qos2Completes,
  qos2Ends,
  qos1Moves,
  refusedByMember(1),
  refusedByMember(2),
  tooLarge,
  queueGoesWithGroup,
  waitsForOffline,
  leadingSlash,
];
