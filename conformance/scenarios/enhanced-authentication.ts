/**
 * Enhanced authentication and re-authentication (3.15, 4.12), by the method "challenge" of the house
 * rules: the server asks "question", and "answer" is the right answer.
 */
import { equal } from "node:assert/strict";

import type { Scenario, ScenarioContext } from "../scenario.ts";
import { integer } from "../wire/notation.ts";
import type { Peer } from "../wire/peer.ts";

const METHOD = 0x15;
const AUTHENTICATION_DATA = 0x16;
const CONTINUE = 0x18;

function connectWith(context: ScenarioContext, properties: string): string {
  return context.connectPacket({ properties });
}

/** A connection on which the question has been asked. */
async function asked(context: ScenarioContext, properties = ""): Promise<Peer> {
  const peer = await context.open();
  peer.send(connectWith(context, `15 "challenge" ${properties}`));
  const { properties: found } = await peer.expectAuth(CONTINUE);
  equal(found.get(METHOD)?.[0], "challenge");
  return peer;
}

/** A connection that has answered and was let in. */
async function letIn(context: ScenarioContext): Promise<Peer> {
  const peer = await asked(context);
  peer.send("F0 { 18 { 15 \"challenge\" 16 ['answer'] } }");
  await peer.expectConnack();
  return peer;
}

const succeeds: Scenario = {
  title: "AUTH 0x18 both ways, then CONNACK 0x00, each with the method of CONNECT",
  statements: {
    v5: [
      "MQTT-4.12.0-2",
      "MQTT-4.12.0-3",
      "MQTT-4.12.0-5",
      "MQTT-3.15.2-1",
      "U-4.12-2",
      "MQTT-3.2.0-1",
    ],
  },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await context.open();
    peer.send(connectWith(context, '15 "challenge" 16 [ 01 ]'));
    const auth = await peer.expectAuth(CONTINUE);
    equal(auth.properties.get(METHOD)?.[0], "challenge");
    equal(textOf(auth.properties.get(AUTHENTICATION_DATA)?.[0]), "question");
    peer.send("F0 { 18 { 15 \"challenge\" 16 ['answer'] } }");
    const connack = await peer.expectConnack();
    equal(connack.properties.get(METHOD)?.[0], "challenge");
    equal(textOf(connack.properties.get(AUTHENTICATION_DATA)?.[0]), "welcome");
    await peer.expectNothing();
  },
};

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}

const fails: Scenario = {
  title: "a wrong answer is refused by CONNACK and a close",
  statements: { v5: ["MQTT-4.12.0-4", "MQTT-3.1.4-2", "U-3.1.4-2"] },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await asked(context);
    peer.send("F0 { 18 { 15 \"challenge\" 16 ['nonsense'] } }");
    equal((await peer.expectRefusal(0x87))?.code, 0x87);
  },
};

const unknownMethod: Scenario = {
  title: "a method that the server does not know is refused",
  statements: { v5: ["MQTT-4.12.0-1", "U-4.12-1"] },
  run: async (context) => {
    const peer = await context.open();
    peer.send(connectWith(context, '15 "no-such-method"'));
    await peer.expectRefusal(0x8c, 0x87);
  },
};

const withoutMethod: Scenario = {
  title: "a client that named no method gets no AUTH and no method, and may send no AUTH",
  statements: { v5: ["MQTT-4.12.0-6", "MQTT-4.12.0-7", "U-3.15-1", "MQTT-4.13.1-1"] },
  needs: { houseRules: true },
  run: async (context) => {
    for (const code of ["18", "19"]) {
      const { peer, connack } = await context.connectAndRead();
      equal(connack.properties.has(METHOD), false);
      peer.send(`F0 { ${code} { 15 "challenge" } }`);
      await peer.expectDisconnect(0x82);
    }
  },
};

const withoutMethodAnywhere: Scenario = {
  title: "AUTH after a CONNECT without a method ends the connection",
  statements: { v5: ["MQTT-4.12.0-7", "U-3.15-1"] },
  run: async (context) => {
    const peer = await context.connect();
    peer.send('F0 { 19 { 15 "challenge" } }');
    await peer.expectDisconnect(0x82);
  },
};

// AUTH with a Remaining Length of 0 or 1 has no method, which may not be missing. Ours: a Protocol
// Error. Before CONNACK a DISCONNECT is forbidden, so the code travels in CONNACK, or not at all.
const BAD_AUTHS: readonly (readonly [string, string, readonly number[], readonly string[]])[] = [
  ["another method", 'F0 { 18 { 15 "other" } }', [0x82, 0x8c], ["MQTT-4.12.0-5", "U-3.15-1"]],
  ["no method", "F0 { 18 { 16 [ 01 ] } }", [0x82], ["U-3.15.2.2.2-1"]],
  ["no properties", "F0 { 18 }", [0x82, 0x81], ["U-3.15.2.2.2-1"]],
  ["Remaining Length 0", "F0 00", [0x82, 0x81], ["U-3.15.2.2.2-1"]],
  ["the code 0x00", 'F0 { 00 { 15 "challenge" } }', [0x82], ["MQTT-4.12.0-3", "MQTT-3.15.2-1"]],
  ["the code 0x19", 'F0 { 19 { 15 "challenge" } }', [0x82], ["MQTT-4.12.0-3"]],
  ["an unknown code", 'F0 { 01 { 15 "challenge" } }', [0x82, 0x81], ["MQTT-3.15.2-1"]],
  ["ill-formed text", "F0 { 18 { 15 [ FF ] } }", [0x81], ["MQTT-1.5.4-1", "U-1.5.4-1"]],
  ["U+0000", "F0 { 18 { 15 [ 00 ] } }", [0x81], ["MQTT-1.5.4-2", "U-1.5.4-1"]],
  [
    "the method twice",
    'F0 { 18 { 15 "challenge" 15 "challenge" } }',
    [0x82, 0x81],
    ["U-3.1.2.11.9-1"],
  ],
  ["data twice", 'F0 { 18 { 15 "challenge" 16 [01] 16 [01] } }', [0x82, 0x81], ["U-3.1.2.11.10-1"]],
  ["wrong flags", 'F1 { 18 { 15 "challenge" } }', [0x81], ["MQTT-3.15.1-1", "MQTT-2.1.3-1"]],
  ["a foreign property", 'F0 { 18 { 15 "challenge" 01 00 } }', [0x81, 0x82], ["U-2.2.2.2-1"]],
];

const badDuringConnect: readonly Scenario[] = BAD_AUTHS.map(
  ([name, packet, codes, statements]) => ({
    title: `AUTH with ${name} before CONNACK is refused`,
    statements: { v5: [...statements, "MQTT-3.14.0-1"] },
    needs: { houseRules: true },
    run: async (context) => {
      const peer = await asked(context);
      peer.send(packet);
      await peer.expectRefusal(...codes);
    },
  }),
);

const badAfterConnect: readonly Scenario[] = BAD_AUTHS.filter(
  ([name]) => name !== "the code 0x19",
).map(([name, packet, codes, statements]) => ({
  title: `AUTH with ${name} after CONNACK ends the connection`,
  statements: { v5: statements },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await letIn(context);
    peer.send(packet);
    await peer.expectDisconnect(...codes, 0x8c);
  },
}));

const nothingElse: Scenario = {
  title: "a client that sends anything but AUTH or DISCONNECT before CONNACK is refused",
  statements: { v5: ["MQTT-3.1.2-30", "MQTT-3.14.0-1"] },
  needs: { houseRules: true },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const packets = [`30 { "${topic}" {} 'x' }`, `82 { 0001 {} "${topic}" 00 }`, "C0 00"];
    for (const packet of packets) {
      const peer = await asked(context);
      peer.send(packet);
      await peer.expectRefusal(0x82);
    }
    await watcher.expectNothing();
  },
};

const givesUp: Scenario = {
  title: "a client may give up during authentication",
  statements: { v5: ["U-4.12-3", "MQTT-3.1.2-30"] },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await asked(context);
    peer.send("E0 00");
    await peer.expectClosed();
    const other = await asked(context);
    other.drop();
  },
};

const reauthenticates: Scenario = {
  title: "re-authentication: AUTH 0x19, 0x18, 0x18, 0x00, other traffic going on meanwhile",
  statements: { v5: ["MQTT-4.12.1-1", "U-4.12.1-2", "MQTT-3.15.2-1", "MQTT-4.12.0-5"] },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await letIn(context);
    for (let round = 0; round < 2; round++) {
      peer.send('F0 { 19 { 15 "challenge" } }');
      const question = await peer.expectAuth(CONTINUE);
      equal(question.properties.get(METHOD)?.[0], "challenge");
      await context.publish(peer, context.topic(), "x", { qos: 1 });
      peer.send("F0 { 18 { 15 \"challenge\" 16 ['answer'] } }");
      const done = await peer.expectAuth(0);
      equal(done.properties.get(METHOD)?.[0], "challenge");
      equal(textOf(done.properties.get(AUTHENTICATION_DATA)?.[0]), "welcome");
    }
    await peer.expectNothing();
  },
};

const reauthenticationFails: Scenario = {
  title: "a re-authentication that fails ends the connection",
  statements: { v5: ["MQTT-4.12.1-2", "U-4.12.1-1"] },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await letIn(context);
    peer.send('F0 { 19 { 15 "challenge" } }');
    await peer.expectAuth(CONTINUE);
    peer.send("F0 { 18 { 15 \"challenge\" 16 ['nonsense'] } }");
    await peer.expectDisconnect(0x87);
  },
};

const fits: Scenario = {
  title: "AUTH has a Reason String and User Properties where they fit, and none where they do not",
  statements: { v5: ["MQTT-3.15.2-2", "MQTT-3.15.2-3", "MQTT-3.1.2-24"] },
  needs: { houseRules: true },
  run: async (context) => {
    const full = await context.open();
    full.send(connectWith(context, '15 "challenge"'));
    const { properties } = await full.expectAuth(CONTINUE);
    equal(properties.has(0x1f) && properties.has(0x26), true);
    for (const maximum of [40, 50]) {
      const small = await context.open();
      small.send(connectWith(context, `15 "challenge" 27 ${integer(maximum, 4)}`));
      const packet = await small.next();
      equal(packet[0], 0xf0);
      equal(packet.length <= maximum, true);
    }
  },
};

const noProblems: Scenario = {
  title: "with Request Problem Information 0 AUTH does not explain itself",
  statements: { v5: ["MQTT-3.1.2-29"] },
  needs: { houseRules: true },
  run: async (context) => {
    const peer = await context.open();
    peer.send(connectWith(context, '15 "challenge" 17 00'));
    const { properties } = await peer.expectAuth(CONTINUE);
    equal(properties.has(0x1f) || properties.has(0x26), false);
  },
};

export const ENHANCED_AUTHENTICATION_SCENARIOS: readonly Scenario[] = [
  succeeds,
  fails,
  unknownMethod,
  withoutMethod,
  withoutMethodAnywhere,
  ...badDuringConnect,
  ...badAfterConnect,
  nothingElse,
  givesUp,
  reauthenticates,
  reauthenticationFails,
  fits,
  noProblems,
];
