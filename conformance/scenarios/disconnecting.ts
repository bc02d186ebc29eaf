/** DISCONNECT, and how a server ends a connection (3.14, 4.13). */
import { equal } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";

const forms: Scenario = {
  title: "DISCONNECT in each of its forms is answered by a close and nothing else",
  statements: {
    v5: ["U-3.14-1", "MQTT-3.14.2-1", "MQTT-3.14.4-1"],
    v3: ["MQTT-3.14.4-3"],
  },
  run: async (context) => {
    const packets = ["E0 00"];
    if (context.isV5) {
      packets.push("E0 { 00 }", "E0 { 00 {} }", "E0 { 04 }", 'E0 { 00 { 1F "bye" 26 "n" "v" } }');
    }
    for (const packet of packets) {
      const peer = await context.connect();
      peer.send(packet);
      await peer.expectClosed();
    }
  },
};

const nothingBehind: Scenario = {
  title: "what a client sends behind its DISCONNECT is not carried out",
  statements: { v5: ["MQTT-3.14.4-1", "MQTT-3.14.4-2"], v3: ["MQTT-3.14.4-2", "MQTT-3.14.4-1"] },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const peer = await context.connect();
    peer.send(`E0 00 30 { "${topic}" <{}> 'too late' }`);
    await peer.expectClosed();
    await context.publish(watcher, topic, "next");
    await watcher.expectPublish({ payload: "next" });
  },
};

const nothingBehindError: Scenario = {
  title: "what stands behind a malformed packet is not carried out, and nothing follows DISCONNECT",
  statements: {
    v5: ["MQTT-4.13.1-1", "MQTT-4.13.2-1", "MQTT-3.14.4-1", "MQTT-3.14.4-2"],
    v3: ["MQTT-4.8.0-1"],
  },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const peer = await context.connect();
    peer.send(`82 { 0001 <{}> } 30 { "${topic}" <{}> 'too late' } C0 00`);
    await peer.expectDisconnect(0x82, 0x81);
    await context.publish(watcher, topic, "next");
    await watcher.expectPublish({ payload: "next" });
  },
};

const othersUntouched: Scenario = {
  title: "an error of one client touches no other client and no other session",
  statements: { v5: ["MQTT-4.13.1-1"], v3: ["MQTT-4.8.0-1"] },
  run: async (context) => {
    const topic = context.topic();
    const bystander = await context.subscriber(topic, 1);
    for (const packet of ["00 00", "36 { \"a\" 0001 'x' }", "FF FF FF FF FF FF", "82 { 0001 }"]) {
      const peer = await context.connect();
      peer.send(packet);
      await peer.collect(1);
    }
    await context.publish(await context.connect(), topic, "x", { qos: 1 });
    await bystander.expectPublish({ payload: "x" });
  },
};

const noExpiryFromServer: Scenario = {
  title: "a DISCONNECT of the server has a code of its table and no Session Expiry Interval",
  statements: { v5: ["MQTT-3.14.2-1", "MQTT-3.14.2-2"] },
  run: async (context) => {
    const peer = await context.connect({ durable: true });
    peer.send("30 { \"\" {} 'x' }");
    const disconnect = await peer.expectDisconnect(0x82);
    equal(disconnect?.properties.has(0x11) ?? false, false);
  },
};

const beforeConnack: Scenario = {
  title: "an error before CONNACK never ends in a DISCONNECT",
  statements: { v5: ["MQTT-3.14.0-1", "MQTT-3.2.2-7", "U-3.1.4-1"] },
  run: async (context) => {
    const packets = ['10 { "MQTT" 05 03 0000 {} "x" }', "E0 00", "F0 00", "10 { FF }"];
    for (const packet of packets) {
      const peer = await context.open();
      peer.send(packet);
      for (const answer of await peer.collect(2)) equal(answer[0], 0x20);
    }
  },
};

const errorCodes: Scenario = {
  title: "a client's DISCONNECT may have each code that a client may send",
  statements: { v5: ["MQTT-3.14.2-1", "U-3.14-1"] },
  run: async (context) => {
    for (const code of ["00", "04", "80", "81", "82", "83", "90", "93", "94", "95", "96", "97"]) {
      const peer = await context.connect();
      peer.send(`E0 { ${code} {} }`);
      await peer.expectClosed();
    }
  },
};

const codesOfOthers: Scenario = {
  title: "a code that is not in the table of its packet ends the connection",
  statements: {
    v5: ["MQTT-3.4.2-1", "MQTT-3.5.2-1", "MQTT-3.6.2-1", "MQTT-3.7.2-1", "MQTT-3.14.2-1"],
  },
  run: async (context) => {
    const packets = [
      "40 { 0001 01 }",
      "50 { 0001 92 }",
      "62 { 0001 10 }",
      "70 { 0001 80 }",
      "E0 { 01 }",
    ];
    for (const packet of packets) {
      const peer = await context.connect();
      peer.send(packet);
      await peer.expectDisconnect(0x81, 0x82);
    }
  },
};

export const DISCONNECTING_SCENARIOS: readonly Scenario[] = [
  forms,
  nothingBehind,
  nothingBehindError,
  othersUntouched,
  noExpiryFromServer,
  beforeConnack,
  errorCodes,
  codesOfOthers,
];
