/** DISCONNECT of the client, and enhanced authentication from its side (3.14, 3.15, 4.12). */
import { equal, ok } from "node:assert/strict";

import type { AuthenticationOptions } from "@anax/client";

import { rejected, type ClientContext, type ClientScenario } from "./client-scenario.ts";
import type { Peer } from "../wire/peer.ts";

const last: ClientScenario = {
  title: "DISCONNECT is the last packet, and the connection is closed after it",
  statements: {
    v5: ["MQTT-3.14.4-1", "MQTT-3.14.4-2", "MQTT-3.14.2-1", "U-3.14-1"],
    v3: ["MQTT-3.14.4-1", "MQTT-3.14.4-2", "MQTT-2.2.2-1"],
  },
  run: async (context) => {
    const { client, peer } = await context.connected();
    const ending = client.disconnect();
    await rejected(client.publish("late", "x", { qos: 1 }));
    await peer.expect("E0 <{*} | 00>");
    await peer.expectClosed();
    await ending;
  },
};

const withOptions: ClientScenario = {
  title: "DISCONNECT carries the code, the reason and the new expiry interval that were asked for",
  statements: { v5: ["U-3.14.2.2.2-3", "MQTT-3.14.2-1"] },
  run: async (context) => {
    const { client, peer } = await context.connected({ sessionExpiryIntervalSeconds: 10 });
    void client.disconnect({ reasonCode: 4, sessionExpiryIntervalSeconds: 0 });
    await peer.expect("E0 { 04 { 11 00000000 } }");
    await peer.expectClosed();
  },
};

const expiryFromZero: ClientScenario = {
  title: "an expiry interval on DISCONNECT is not sent where CONNECT had none",
  statements: { v5: ["U-3.14.2.2.2-1", "U-3.14.2.2.2-3"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    await rejected(client.disconnect({ sessionExpiryIntervalSeconds: 5 }));
    await client.disconnect();
    await peer.expect("E0 *");
  },
};

const fits: ClientScenario = {
  title: "a Reason String and User Properties that do not fit the server's limit are left out",
  statements: { v5: ["MQTT-3.14.2-3", "MQTT-3.14.2-4", "MQTT-3.2.2-15"] },
  run: async (context) => {
    const { client, peer } = await context.connected({}, "27 00000018");
    const reasonString = "a rather long explanation";
    void client.disconnect({
      reasonCode: 0x80,
      reasonString,
      userProperties: [["n", reasonString]],
    });
    const packet = await peer.next();
    equal(packet[0], 0xe0);
    equal(packet[2], 0x80);
    ok(packet.length <= 24);
  },
};

const method: AuthenticationOptions = {
  method: "challenge",
  handler: (step) => (step.type === "continue" ? new TextEncoder().encode("answer") : undefined),
};

/** A client that has been asked and has answered. */
async function answered(context: ClientContext): Promise<Peer> {
  const peer = await context.accept();
  await peer.expect('10 { "MQTT" 05 02 0000 { * } "client" }');
  peer.send("F0 { 18 { 15 \"challenge\" 16 ['question'] } }");
  await peer.expect("F0 { 18 { 15 \"challenge\" 16 ['answer'] } }");
  return peer;
}

const authenticates: ClientScenario = {
  title: "the client answers AUTH 0x18 by AUTH 0x18 with the same method, and sends nothing else",
  statements: {
    v5: [
      "MQTT-4.12.0-3",
      "MQTT-4.12.0-5",
      "MQTT-3.1.2-30",
      "MQTT-3.15.2-1",
      "MQTT-3.15.1-1",
      "U-4.12-2",
      "U-4.12-3",
    ],
  },
  run: async (context) => {
    const { client, result } = context.start({ authentication: method });
    client.publish("early", "x", { qos: 1 }).catch(() => {});
    const peer = await answered(context);
    peer.send('20 { 00 00 { 15 "challenge" } }');
    await result;
    await peer.expectPublish({ topic: "early" });
  },
};

const dataInConnect: ClientScenario = {
  title: "a method in which the client speaks first puts its data in CONNECT",
  statements: { v5: ["U-4.12-3", "U-3.1.2.11.10-2"] },
  run: async (context) => {
    const authentication: AuthenticationOptions = {
      method: "challenge",
      handler: () => new TextEncoder().encode("first"),
    };
    context.start({ authentication });
    const peer = await context.accept();
    const packet = await peer.next();
    const text = new TextDecoder("latin1").decode(packet);
    ok(text.includes("\u0015\u0000\tchallenge"));
    ok(text.includes("\u0016\u0000\u0005first"));
  },
};

const reauthenticates: ClientScenario = {
  title: "re-authentication begins with AUTH 0x19 and the same method, other traffic goes on",
  statements: { v5: ["MQTT-4.12.1-1", "U-4.12.1-2", "MQTT-4.12.0-3"] },
  run: async (context) => {
    const { client, result } = context.start({ authentication: method });
    const peer = await answered(context);
    peer.send('20 { 00 00 { 15 "challenge" } }');
    await result;
    const again = client.reauthenticate();
    await peer.expect('F0 { 19 { 15 "challenge" } }');
    await client.publish("meanwhile", "x");
    await peer.expectPublish({ topic: "meanwhile" });
    peer.send("F0 { 18 { 15 \"challenge\" 16 ['question'] } }");
    await peer.expect("F0 { 18 { 15 \"challenge\" 16 ['answer'] } }");
    peer.send('F0 { 00 { 15 "challenge" } }');
    await again;
  },
};

const reauthenticationFails: ClientScenario = {
  title: "a re-authentication that the client's method gives up ends the connection",
  statements: { v5: ["MQTT-4.12.1-2", "U-4.12-3"] },
  run: async (context) => {
    let rounds = 0;
    const authentication: AuthenticationOptions = {
      method: "challenge",
      handler: (step) => {
        if (step.type !== "continue") return undefined;
        rounds += 1;
        if (rounds > 1) throw new Error("this server is not who it says");
        return new TextEncoder().encode("answer");
      },
    };
    const { client, result } = context.start({ authentication });
    const peer = await answered(context);
    peer.send('20 { 00 00 { 15 "challenge" } }');
    await result;
    const again = client.reauthenticate();
    again.catch(() => {});
    await peer.expect('F0 { 19 { 15 "challenge" } }');
    peer.send("F0 { 18 { 15 \"challenge\" 16 ['question'] } }");
    await rejected(again);
    const packets = await peer.collect(2);
    ok(packets.length <= 1);
  },
};

/** AUTH packets that break a rule, before CONNACK. */
const BAD_AUTHS = [
  ["another method", 'F0 { 18 { 15 "other" } }', ["MQTT-4.12.0-5", "U-3.15-1"]],
  ["no method", "F0 { 18 {} }", ["U-3.15.2.2.2-1"]],
  ["the code 0x19", 'F0 { 19 { 15 "challenge" } }', ["MQTT-4.12.0-2", "MQTT-3.15.2-1"]],
  ["an unknown code", 'F0 { 01 { 15 "challenge" } }', ["MQTT-3.15.2-1"]],
  ["a Reason String twice", 'F0 { 18 { 15 "challenge" 1F "a" 1F "a" } }', ["U-3.2.2.3.9-1"]],
] as const;

const badAuths: readonly ClientScenario[] = BAD_AUTHS.map(([name, packet, v5]) => ({
  title: `AUTH of the server with ${name} ends the connection`,
  statements: { v5: [...v5, "MQTT-4.13.2-1"] },
  run: async (context) => {
    const { result } = context.start({ authentication: method });
    const peer = await context.accept();
    await peer.expect("10 { * }");
    peer.send(packet);
    await rejected(result);
    const packets = await peer.collect(2);
    ok(packets.length <= 1 && (packets[0]?.[0] ?? 0xe0) === 0xe0);
  },
}));

const authFits: ClientScenario = {
  title: "AUTH of the client stays within the server's Maximum Packet Size",
  statements: { v5: ["MQTT-3.15.2-2", "MQTT-3.15.2-3", "MQTT-3.2.2-15"] },
  run: async (context) => {
    const { client, result } = context.start({ authentication: method });
    const peer = await answered(context);
    peer.send('20 { 00 00 { 15 "challenge" 27 00000020 } }');
    await result;
    client.reauthenticate().catch(() => {});
    const packet = await peer.next();
    equal(packet[0], 0xf0);
    ok(packet.length <= 32);
  },
};

const noMethod: ClientScenario = {
  title: "without an Authentication Method the client sends no AUTH",
  statements: { v5: ["MQTT-4.12.0-7"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    await rejected(Promise.resolve().then(() => client.reauthenticate()));
    await client.publish("next", "x");
    await peer.expectPublish({ topic: "next" });
  },
};

const missingMethod: ClientScenario = {
  title: "a CONNACK of success without the method ends the connection",
  statements: { v5: ["MQTT-4.12.0-5"] },
  run: async (context) => {
    const { result } = context.start({ authentication: method });
    const peer = await answered(context);
    peer.send("20 { 00 00 {} }");
    await rejected(result);
    await peer.expectDisconnect(0x82, 0x8c);
  },
};

export const LEAVING_SCENARIOS: readonly ClientScenario[] = [
  last,
  withOptions,
  expiryFromZero,
  fits,
  authenticates,
  dataInConnect,
  reauthenticates,
  reauthenticationFails,
  authFits,
  ...badAuths,
  noMethod,
  missingMethod,
];
