/** A server that breaks the rules once the client is connected (4.13). */
import { equal } from "node:assert/strict";

import type { ClientOptions } from "@anax/client";

import type { ClientScenario } from "./client-scenario.ts";

/** Packets after which the client must leave: what, the bytes, the codes, the statements. */
interface Fault {
  readonly name: string;
  readonly packet: string;
  readonly codes: readonly number[];
  readonly v5: readonly string[];
  readonly v3?: readonly string[];
  readonly options?: ClientOptions;
}

const FAULTS: readonly Fault[] = [
  {
    name: "PUBLISH of QoS 3",
    packet: '36 { "a" 0001 <{}> }',
    codes: [0x81],
    v5: ["MQTT-3.3.1-4", "U-3.3.1.2-1"],
    v3: ["MQTT-3.3.1-4"],
  },
  {
    name: "PUBLISH of QoS 0 with DUP",
    packet: '38 { "a" <{}> }',
    codes: [0x81, 0x82],
    v5: ["MQTT-3.3.1-2"],
    v3: ["MQTT-3.3.1-2"],
  },
  {
    name: "PUBLISH with a wildcard",
    packet: '30 { "a/+" <{}> }',
    codes: [0x82, 0x81, 0x90],
    v5: ["MQTT-3.3.2-2", "MQTT-4.7.0-1"],
    v3: ["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
  },
  {
    name: "PUBLISH without topic and alias",
    packet: '30 { "" <{}> }',
    codes: [0x82, 0x90, 0x81],
    v5: ["U-3.3.2.1-1", "MQTT-4.7.3-1"],
    v3: ["MQTT-4.7.3-1"],
  },
  {
    name: "PUBLISH with identifier 0",
    packet: '32 { "a" 0000 <{}> }',
    codes: [0x82, 0x81],
    v5: ["MQTT-2.2.1-4"],
    v3: ["MQTT-2.3.1-1"],
  },
  {
    name: "PUBLISH with ill-formed topic",
    packet: "30 { [ C0AF ] <{}> }",
    codes: [0x81],
    v5: ["MQTT-1.5.4-1", "U-1.5.4-1", "MQTT-3.3.2-1"],
    v3: ["MQTT-1.5.3-1"],
  },
  {
    name: "PUBLISH with a surrogate",
    packet: "30 { [ EDA080 ] <{}> }",
    codes: [0x81],
    v5: ["MQTT-1.5.4-1"],
    v3: ["MQTT-1.5.3-1"],
  },
  {
    name: "PUBLISH with U+0000",
    packet: "30 { [ 00 ] <{}> }",
    codes: [0x81],
    v5: ["MQTT-1.5.4-2", "MQTT-4.7.3-2"],
    v3: ["MQTT-1.5.3-2", "MQTT-4.7.3-2"],
  },
  {
    name: "PUBLISH with a bad User Property",
    packet: '30 { "a" { 26 [ FF ] "v" } }',
    codes: [0x81],
    v5: ["MQTT-1.5.7-1", "U-1.5.7-1"],
  },
  {
    name: "PUBLISH whose topic ends beyond the packet",
    packet: "30 { 0009 'ab' }",
    codes: [0x81],
    v5: ["U-2.1.4-1"],
    v3: ["MQTT-4.8.0-1"],
  },
  {
    name: "PUBLISH with a property of CONNECT",
    packet: '30 { "a" { 11 00000001 } }',
    codes: [0x81, 0x82],
    v5: ["U-2.2.2.2-1"],
  },
  {
    name: "PUBLISH with Content Type twice",
    packet: '30 { "a" { 03 "t" 03 "t" } }',
    codes: [0x82],
    v5: ["U-3.3.2.3.5-1"],
  },
  {
    name: "PUBLISH with Topic Alias twice",
    packet: '30 { "a" { 23 0001 23 0001 } }',
    codes: [0x82],
    v5: ["U-3.3.2.3.4-1"],
    options: { topicAliasMaximum: 2 },
  },
  {
    name: "PUBLISH with Subscription Identifier 0",
    packet: '30 { "a" { 0B 00 } }',
    codes: [0x82],
    v5: ["U-3.3.2.3.8-1"],
  },
  {
    name: "PUBLISH with a wildcard in its Response Topic",
    packet: '30 { "a" { 08 "a/#" } }',
    codes: [0x82, 0x81, 0x90],
    v5: ["MQTT-3.3.2-14"],
  },
  {
    name: "alias 0",
    packet: '30 { "a" { 23 0000 } }',
    codes: [0x94],
    v5: ["MQTT-3.3.2-8", "U-3.3.4-1"],
    options: { topicAliasMaximum: 2 },
  },
  {
    name: "an alias above the client's maximum",
    packet: '30 { "a" { 23 0003 } }',
    codes: [0x94],
    v5: ["MQTT-3.3.2-11", "MQTT-3.1.2-26", "U-3.3.4-1"],
    options: { topicAliasMaximum: 2 },
  },
  {
    name: "an alias where the client takes none",
    packet: '30 { "a" { 23 0001 } }',
    codes: [0x94],
    v5: ["MQTT-3.1.2-27", "U-3.3.4-1"],
  },
  {
    name: "an alias that was never set",
    packet: '30 { "" { 23 0001 } }',
    codes: [0x82, 0x94],
    v5: ["U-3.3.4-2"],
    options: { topicAliasMaximum: 2 },
  },
  {
    name: "more open messages than the Receive Maximum",
    packet: '34 { "a" 0001 {} } 34 { "a" 0002 {} }',
    codes: [0x93],
    v5: ["U-3.3.4-3", "MQTT-3.3.4-9"],
    options: { receiveMaximum: 1 },
  },
  {
    name: "a packet above the Maximum Packet Size",
    packet: `30 { "a" {} ${"78".repeat(100)} }`,
    codes: [0x95],
    v5: ["U-3.1.2.11.4-2", "MQTT-3.1.2-24"],
    options: { maximumPacketSize: 100 },
  },
  {
    name: "a packet that declares to be above the Maximum Packet Size",
    packet: "30 FF FF 7F 00",
    codes: [0x95],
    v5: ["U-3.1.2.11.4-2"],
    options: { maximumPacketSize: 100 },
  },
  {
    name: "problem information in PUBREL that was not asked for",
    packet: '34 { "a" 0001 {} } 62 { 0001 00 { 1F "r" } }',
    codes: [0x82],
    v5: ["U-3.1.2.11.7-2", "MQTT-3.1.2-29"],
    options: { requestProblemInformation: false },
  },
  {
    name: "packet type 0",
    packet: "00 00",
    codes: [0x81],
    v5: ["U-2.1.2-1"],
    v3: ["MQTT-4.8.0-1"],
  },
  {
    name: "SUBSCRIBE",
    packet: '82 { 0001 <{}> "a" 00 }',
    codes: [0x82],
    v5: ["U-2.1.2-2"],
    v3: ["MQTT-4.8.0-1"],
  },
  {
    name: "UNSUBSCRIBE",
    packet: 'A2 { 0001 <{}> "a" }',
    codes: [0x82],
    v5: ["U-2.1.2-2"],
    v3: ["MQTT-4.8.0-1"],
  },
  { name: "PINGREQ", packet: "C0 00", codes: [0x82], v5: ["U-2.1.2-2"], v3: ["MQTT-4.8.0-1"] },
  {
    name: "CONNECT",
    packet: '10 { "MQTT" <05|04> 02 0000 <{}> "x" }',
    codes: [0x82],
    v5: ["U-2.1.2-2"],
    v3: ["MQTT-4.8.0-1"],
  },
  {
    name: "PINGRESP with a body",
    packet: "D0 { 00 }",
    codes: [0x81],
    v5: ["U-2.1.4-1"],
    v3: ["MQTT-4.8.0-1"],
  },
  {
    name: "PINGRESP with flags",
    packet: "D1 00",
    codes: [0x81],
    v5: ["MQTT-2.1.3-1", "U-2.1.3-1"],
    v3: ["MQTT-2.2.2-2"],
  },
  {
    name: "PUBACK with flags",
    packet: "42 { 0001 }",
    codes: [0x81],
    v5: ["MQTT-2.1.3-1"],
    v3: ["MQTT-2.2.2-2"],
  },
  {
    name: "PUBREL with flags 0000",
    packet: "60 { 0001 }",
    codes: [0x81],
    v5: ["MQTT-3.6.1-1", "MQTT-2.1.3-1"],
    v3: ["MQTT-3.6.1-1", "MQTT-2.2.2-2"],
  },
  {
    name: "PUBACK with a code of another packet",
    packet: "40 { 0001 01 }",
    codes: [0x81, 0x82],
    v5: ["MQTT-3.4.2-1"],
  },
  {
    name: "PUBREC with a code of another packet",
    packet: "50 { 0001 92 }",
    codes: [0x81, 0x82],
    v5: ["MQTT-3.5.2-1"],
  },
  {
    name: "PUBREL with a code of another packet",
    packet: "62 { 0001 10 }",
    codes: [0x81, 0x82],
    v5: ["MQTT-3.6.2-1"],
  },
  {
    name: "PUBCOMP with a code of another packet",
    packet: "70 { 0001 10 }",
    codes: [0x81, 0x82],
    v5: ["MQTT-3.7.2-1"],
  },
  {
    name: "PUBACK with a Reason String twice",
    packet: '40 { 0001 00 { 1F "r" 1F "r" } }',
    codes: [0x82],
    v5: ["U-3.2.2.3.9-1"],
  },
  {
    name: "a Remaining Length of five bytes",
    packet: "30 80 80 80 80 01",
    codes: [0x81],
    v5: ["U-1.5.5-1"],
    v3: ["MQTT-4.8.0-1"],
  },
  {
    name: "a padded Property Length",
    packet: '30 { "a" 80 00 }',
    codes: [0x81],
    v5: ["MQTT-1.5.5-1"],
  },
  {
    name: "AUTH that nobody asked for",
    packet: 'F0 { 18 { 15 "m" } }',
    codes: [0x82],
    v5: ["MQTT-4.12.0-6", "U-3.15-1"],
  },
  { name: "AUTH with flags", packet: 'F1 { 18 { 15 "m" } }', codes: [0x81], v5: ["MQTT-3.15.1-1"] },
  {
    name: "DISCONNECT with flags",
    packet: "E1 00",
    codes: [0x81],
    v5: ["MQTT-3.14.1-1", "U-3.14.1-1"],
  },
];

const faults: readonly ClientScenario[] = FAULTS.map(
  ({ name, packet, codes, v5, v3, options }) => ({
    title: `${name} ends the connection`,
    statements: { v5: [...v5, "MQTT-4.13.2-1"], ...(v3 ? { v3 } : {}) },
    run: async (context) => {
      const { peer } = await context.connected(options);
      peer.send(packet);
      for (;;) {
        const answer = (await peer.collect(1))[0];
        if (!answer) {
          if (context.isV5) throw new Error("expected a DISCONNECT before the close");
          return;
        }
        // Answers to what was right before the fault may come first.
        if (answer[0] === 0x50 || answer[0] === 0x40) continue;
        equal(answer[0], 0xe0);
        equal(codes.includes(answer[2] ?? 0), true, `DISCONNECT with code ${answer[2]}`);
        return await peer.expectClosed();
      }
    },
  }),
);

// What the client says to such a DISCONNECT is its own choice; it has no use for the connection.
const expiryFromServer: ClientScenario = {
  title:
    "DISCONNECT of the server with a Session Expiry Interval, or on 3.1.1 at all, ends the connection",
  statements: { v5: ["U-3.14.2.2.2-2", "MQTT-3.14.2-2"], v3: ["MQTT-4.8.0-1"] },
  run: async (context) => {
    const { peer } = await context.connected();
    peer.send("E0 <{ 00 { 11 0000000A } } | 00>");
    const packets = await peer.collect(2);
    equal(packets.length <= 1, true);
  },
};

export const HOSTILE_SERVER_SCENARIOS: readonly ClientScenario[] = [...faults, expiryFromServer];
