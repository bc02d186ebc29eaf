/** The client's CONNECT, and what it makes of CONNACK (3.1, 3.2). */
import { deepEqual, equal, ok } from "node:assert/strict";

import type { ClientOptions } from "@anax/client";

import { rejected, resuming, type ClientScenario } from "./client-scenario.ts";

const plain: ClientScenario = {
  title: "the first packet is a CONNECT with the name, the version and the ClientID",
  statements: {
    v5: [
      "MQTT-3.1.0-1",
      "MQTT-3.1.2-1",
      "MQTT-3.1.3-3",
      "MQTT-3.1.3-4",
      "MQTT-2.1.3-1",
      "MQTT-4.2.0-1",
      "MQTT-3.1.2-11",
      "MQTT-3.1.2-13",
      "MQTT-3.1.2-16",
      "MQTT-3.1.2-18",
    ],
    v3: [
      "MQTT-3.1.0-1",
      "MQTT-3.1.3-3",
      "MQTT-3.1.3-4",
      "MQTT-2.2.2-1",
      "MQTT-7.1.2-1",
      "MQTT-3.1.2-11",
      "MQTT-3.1.2-13",
      "MQTT-3.1.2-15",
      "MQTT-3.1.2-18",
      "MQTT-3.1.2-20",
      "MQTT-3.1.2-22",
    ],
  },
  run: async (context) => {
    const { result } = context.start({ clientId: "déjà" });
    const peer = await context.accept();
    await peer.expect('10 { "MQTT" <05|04> 02 0000 <{*}> "déjà" }');
    peer.send("20 { 00 00 <{}> }");
    await result;
  },
};

const will = { topic: "gone/é", payload: "bye", qos: 2, retain: true } as const;

const everyField: ClientScenario = {
  title: "the payload has ClientID, Will, User Name and Password in the order of the standard",
  statements: {
    v5: [
      "MQTT-3.1.3-1",
      "MQTT-3.1.2-9",
      "MQTT-3.1.2-12",
      "MQTT-3.1.2-17",
      "MQTT-3.1.2-19",
      "MQTT-3.1.3-11",
      "MQTT-3.1.3-12",
    ],
    v3: [
      "MQTT-3.1.3-1",
      "MQTT-3.1.2-9",
      "MQTT-3.1.2-14",
      "MQTT-3.1.2-19",
      "MQTT-3.1.2-21",
      "MQTT-3.1.3-10",
      "MQTT-3.1.3-11",
    ],
  },
  run: async (context) => {
    context.start({ will, userName: "üser", password: "secret", keepAliveSeconds: 600 });
    const peer = await context.accept();
    await peer.expect(`10 { "MQTT" <05|04> F6 0258 <{*}> "client"
      <{}> "gone/é" ['bye'] "üser" "secret" }`);
  },
};

const everyProperty: ClientScenario = {
  title: "each CONNECT property that was asked for is sent once, the Will has its own",
  statements: { v5: ["MQTT-3.1.3-1", "MQTT-3.1.2-9", "MQTT-2.2.2-1"] },
  run: async (context) => {
    const options: ClientOptions = {
      sessionExpiryIntervalSeconds: 10,
      receiveMaximum: 20,
      maximumPacketSize: 1000,
      topicAliasMaximum: 5,
      requestResponseInformation: true,
      requestProblemInformation: false,
      userProperties: [["n", "v"]],
      will: { ...will, willDelayIntervalSeconds: 7, contentType: "t" },
    };
    context.start(options);
    const peer = await context.accept();
    const { properties } = await peer.expect(
      '10 { "MQTT" 05 36 0000 { properties:27 } "client" { * } "gone/é" [ 627965 ] }',
    );
    for (const part of [
      "11 00 00 00 0a",
      "21 00 14",
      "27 00 00 03 e8",
      "22 00 05",
      "19 01",
      "17 00",
      "26 00 01 6e 00 01 76",
    ]) {
      equal((properties ?? "").split(part).length, 2, `${part} in ${properties}`);
    }
  },
};

const passwordAlone: ClientScenario = {
  title: "a Password without a User Name is sent in 5.0 and refused by the client in 3.1.1",
  statements: { v5: ["MQTT-3.1.2-19"], v3: ["MQTT-3.1.2-22"] },
  run: async (context) => {
    if (!context.isV5) {
      let error: unknown;
      try {
        await context.start({ password: "secret" }).result;
      } catch (thrown) {
        error = thrown;
      }
      ok(error instanceof Error);
      return;
    }
    context.start({ password: "secret" });
    const peer = await context.accept();
    await peer.expect('10 { "MQTT" 05 42 0000 {*} "client" "secret" }');
  },
};

const emptyId: ClientScenario = {
  title:
    "an empty ClientID is sent only with Clean Session 1 in 3.1.1; in 5.0 the assigned one is used",
  statements: { v5: ["MQTT-3.1.3-3", "MQTT-3.2.2-16"], v3: ["MQTT-3.1.3-7"] },
  run: async (context) => {
    if (!context.isV5) {
      let refused = false;
      try {
        await context.start({ clientId: "", cleanStart: false }).result;
      } catch {
        refused = true;
      }
      ok(refused);
    }
    const { client, result } = context.start({ clientId: "" });
    const peer = await context.accept();
    await peer.expect('10 { "MQTT" <05|04> 02 0000 <{*}> "" }');
    peer.send('20 { 00 00 <{ 12 "assigned" }> }');
    await result;
    if (context.isV5) equal(client.clientId, "assigned");
  },
};

const assignedAgain: ClientScenario = {
  title: "the assigned ClientID is the one of the session: it is sent when the client comes back",
  statements: { v5: ["MQTT-3.1.3-2", "MQTT-3.1.3-7"] },
  run: async (context) => {
    const { result } = context.start({ ...resuming(context), clientId: "" });
    const first = await context.acceptClient('12 "assigned"');
    await result;
    first.drop();
    const again = await context.accept();
    await again.expect('10 { "MQTT" 05 00 0000 {*} "assigned" }');
  },
};

const refused: ClientScenario = {
  title: "a CONNACK that refuses ends the attempt, with the code and the reason for the caller",
  statements: { v5: ["MQTT-4.13.2-1", "U-4.11-1", "U-4.11-2"], v3: ["MQTT-4.8.0-1"] },
  run: async (context) => {
    const { result } = context.start();
    const peer = await context.accept();
    await peer.expect("10 { * }");
    peer.send('20 { 00 <9C | 03> <{ 1F "busy" 1C "other.example:1883 [::1]:1884" }> }');
    const error = await rejected(result);
    await peer.expectClosed();
    ok(error instanceof Error);
    if (!context.isV5) return;
    deepEqual(Reflect.get(error, "reasonCode"), 0x9c);
    deepEqual(Reflect.get(error, "serverReference"), "other.example:1883 [::1]:1884");
  },
};

/** A first answer that breaks a rule, and the code of the DISCONNECT that should follow. */
type BadFirst = readonly [
  name: string,
  answer: string,
  codes: readonly number[],
  v5: readonly string[],
  v3?: readonly string[],
];

const BAD_FIRST: readonly BadFirst[] = [
  [
    "reserved flags",
    "20 { 02 00 <{}> }",
    [0x81],
    ["MQTT-3.2.2-1", "MQTT-2.1.3-1"],
    ["MQTT-4.8.0-1"],
  ],
  [
    "fixed header flags",
    "21 { 00 00 <{}> }",
    [0x81],
    ["MQTT-2.1.3-1", "U-2.1.3-1"],
    ["MQTT-2.2.2-2"],
  ],
  ["Session Present after Clean Start", "20 { 01 00 <{}> }", [0x82], ["MQTT-3.2.2-4"]],
  ["Session Present and a refusal", "20 { 01 80 {} }", [0x82, 0x81], ["MQTT-3.2.2-6"]],
  ["a code that is no Connect Reason Code", "20 { 00 91 {} }", [0x82, 0x81], ["MQTT-3.2.2-8"]],
  ["no properties", "20 { 00 00 }", [0x81], ["MQTT-2.2.2-1", "U-2.1.4-1"]],
  ["bytes left over", "20 { 00 00 <{}> 00 }", [0x81], ["U-2.1.4-1"], ["MQTT-4.8.0-1"]],
  ["a property of another packet", "20 { 00 00 { 23 0001 } }", [0x81, 0x82], ["U-2.2.2.2-1"]],
  ["ill-formed text", "20 { 00 00 { 12 [ C080 ] } }", [0x81], ["MQTT-1.5.4-1", "U-1.5.4-1"]],
  ["U+0000 in a text", "20 { 00 00 { 1F [ 00 ] } }", [0x81], ["MQTT-1.5.4-2", "U-1.5.4-1"]],
  ["a bad User Property", '20 { 00 00 { 26 "n" [ FF ] } }', [0x81], ["MQTT-1.5.7-1", "U-1.5.7-1"]],
  ["a Property Length beyond the packet", "20 { 00 00 7F }", [0x81], ["U-2.2.2.2-2"]],
  [
    "Session Expiry Interval twice",
    "20 { 00 00 { 11 00000001 11 00000001 } }",
    [0x82],
    ["U-3.1.2.11.2-1"],
  ],
  ["Receive Maximum 0", "20 { 00 00 { 21 0000 } }", [0x82], ["U-3.1.2.11.3-1"]],
  ["Receive Maximum twice", "20 { 00 00 { 21 0001 21 0001 } }", [0x82], ["U-3.1.2.11.3-1"]],
  ["Maximum Packet Size 0", "20 { 00 00 { 27 00000000 } }", [0x82], ["U-3.1.2.11.4-1"]],
  [
    "Maximum Packet Size twice",
    "20 { 00 00 { 27 00000100 27 00000100 } }",
    [0x82],
    ["U-3.1.2.11.4-1"],
  ],
  ["Topic Alias Maximum twice", "20 { 00 00 { 22 0001 22 0001 } }", [0x82], ["U-3.1.2.11.5-1"]],
  ["Maximum QoS 2", "20 { 00 00 { 24 02 } }", [0x82], ["U-3.2.2.3.4-1"]],
  ["Maximum QoS twice", "20 { 00 00 { 24 01 24 01 } }", [0x82], ["U-3.2.2.3.4-1"]],
  ["Retain Available 2", "20 { 00 00 { 25 02 } }", [0x82], ["U-3.2.2.3.5-1"]],
  ["Retain Available twice", "20 { 00 00 { 25 01 25 01 } }", [0x82], ["U-3.2.2.3.5-1"]],
  ["Assigned Client Identifier twice", '20 { 00 00 { 12 "a" 12 "a" } }', [0x82], ["U-3.2.2.3.7-1"]],
  ["Server Keep Alive twice", "20 { 00 00 { 13 000A 13 000A } }", [0x82], ["U-3.2.2.3.7-1"]],
  ["Response Information twice", '20 { 00 00 { 1A "a" 1A "a" } }', [0x82], ["U-3.2.2.3.7-1"]],
  ["Server Reference twice", '20 { 00 9C { 1C "a" 1C "a" } }', [0x82], ["U-3.2.2.3.7-1"]],
  ["Reason String twice", '20 { 00 00 { 1F "a" 1F "a" } }', [0x82], ["U-3.2.2.3.9-1"]],
  ["Wildcard Subscription Available 2", "20 { 00 00 { 28 02 } }", [0x82], ["U-3.2.2.3.11-1"]],
  [
    "Subscription Identifiers Available twice",
    "20 { 00 00 { 29 01 29 01 } }",
    [0x82],
    ["U-3.2.2.3.11-1"],
  ],
  ["Shared Subscription Available 2", "20 { 00 00 { 2A 02 } }", [0x82], ["U-3.2.2.3.11-1"]],
  [
    "an Authentication Method that nobody named",
    '20 { 00 00 { 15 "m" } }',
    [0x82],
    ["MQTT-4.12.0-6", "MQTT-4.12.0-5"],
  ],
  ["Authentication Method twice", '20 { 00 00 { 15 "m" 15 "m" } }', [0x82], ["U-3.1.2.11.9-1"]],
  ["a length of five bytes", "20 80 80 80 80 01", [0x81], ["U-1.5.5-1"], ["MQTT-4.8.0-1"]],
  ["packet type 0", "00 00", [0x81], ["U-2.1.2-1"], ["MQTT-4.8.0-1"]],
];

const badFirst: readonly ClientScenario[] = BAD_FIRST.map(([name, answer, codes, v5, v3]) => ({
  title: `a CONNACK with ${name} ends the connection`,
  statements: { v5: [...v5, "MQTT-4.13.2-1"], ...(v3 ? { v3 } : {}) },
  run: async (context) => {
    const { result } = context.start();
    const peer = await context.accept();
    await peer.expect("10 { * }");
    peer.send(answer);
    await rejected(result);
    await peer.expectDisconnect(...codes);
  },
}));

const otherFirst: ClientScenario = {
  title: "any other first packet than CONNACK ends the connection",
  statements: { v5: ["MQTT-3.2.0-1", "U-2.1.2-2"], v3: ["MQTT-3.2.0-1", "MQTT-4.8.0-1"] },
  run: async (context) => {
    const packets = [
      "30 { \"a\" <{}> 'x' }",
      "D0 00",
      "90 { 0001 <{}> 00 }",
      "40 { 0001 }",
      "C0 00",
    ];
    for (const packet of packets) {
      const { result } = context.start();
      const peer = await context.accept();
      await peer.expect("10 { * }");
      peer.send(packet);
      await rejected(result);
      await peer.expectDisconnect(0x82);
    }
  },
};

const twice: ClientScenario = {
  title: "a second CONNACK ends the connection",
  statements: { v5: ["MQTT-3.2.0-2"], v3: ["MQTT-4.8.0-1"] },
  run: async (context) => {
    const { peer } = await context.connected();
    peer.send("20 { 00 00 <{}> }");
    await peer.expectDisconnect(0x82);
  },
};

const silent: ClientScenario = {
  title: "a server that does not answer CONNECT in time is left",
  statements: { v5: ["U-3.2-1"], v3: ["MQTT-4.8.0-1"] },
  run: async (context) => {
    const { result } = context.start({ connectTimeoutMs: 300 });
    const peer = await context.accept();
    await peer.expect("10 { * }");
    await rejected(result);
    await peer.expectClosed();
  },
};

const ignoresExtras: ClientScenario = {
  title: "CONNACK with every property that is legal is taken, User Properties need no answer",
  statements: { v5: ["U-3.2.2.3.10-1", "U-3.1.2.11.6-2"] },
  run: async (context) => {
    const properties = `11 00000005 21 0014 24 01 25 01 27 00010000 12 "other" 22 000A 1F "hello"
      26 "n" "v" 26 "n" "v" 28 01 29 01 2A 01 13 000A 1A "answers/"`;
    const { client } = await context.connected({ requestResponseInformation: true }, properties);
    equal(client.connectResult?.maximumQos, 1);
    equal(client.connectResult?.topicAliasMaximum, 10);
  },
};

const pipelined: ClientScenario = {
  title: "CONNACK and messages in one chunk, or byte by byte, are taken in their order",
  statements: { v5: ["MQTT-4.2.0-1", "U-3.1.4-5"], v3: ["MQTT-7.1.2-1"] },
  run: async (context) => {
    const { client, result } = context.start();
    const texts: string[] = [];
    const heard = new Promise<void>((resolve) => {
      client.on("message", (message) => {
        texts.push(message.text);
        if (texts.length === 3) resolve();
      });
    });
    const peer = await context.accept();
    await peer.expect("10 { * }");
    peer.send("20 { 00 00 <{}> } 30 { \"a\" <{}> '1' }");
    await result;
    await peer.sendSlowly("30 { \"a\" <{}> '2' } 30 { \"a\" <{}> '3' }");
    await heard;
    deepEqual(texts, ["1", "2", "3"]);
  },
};

export const CONNECTING_SCENARIOS: readonly ClientScenario[] = [
  plain,
  everyField,
  everyProperty,
  passwordAlone,
  emptyId,
  assignedAgain,
  refused,
  ...badFirst,
  otherFirst,
  twice,
  silent,
  ignoresExtras,
  pipelined,
];
