/** Keep Alive and PINGREQ (3.1.2.10, 3.12), and the deadline of CONNECT (3.1.4). */
import { equal, ok } from "node:assert/strict";

import type { Scenario } from "../scenario.ts";

const ping: Scenario = {
  title: "PINGREQ is answered by PINGRESP",
  statements: { v5: ["MQTT-3.12.4-1"], v3: ["MQTT-3.12.4-1"] },
  run: async (context) => {
    const peer = await context.connect();
    peer.send("C0 00 C0 00");
    await peer.expect("D0 00");
    await peer.expect("D0 00");
  },
};

const timeout: Scenario = {
  title: "a client silent for 1.5 times its Keep Alive is cut off, and its Will is published",
  statements: {
    v5: ["MQTT-3.1.2-22", "U-3.1.2.10-1", "MQTT-3.2.2-22", "MQTT-3.1.2-8", "U-3.1.4-5"],
    v3: ["MQTT-3.1.2-24", "MQTT-3.1.2-8"],
  },
  slow: true,
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const startedAt = performance.now();
    const will = { topic, payload: "silent" };
    const peer = await context.connect({ keepAliveSeconds: 1, will });
    await peer.expectDisconnect(0x8d);
    ok(performance.now() - startedAt >= 1450, "cut off before 1.5 times the Keep Alive");
    await watcher.expectPublish({ topic, payload: "silent" });
  },
};

const anyPacket: Scenario = {
  title: "any packet, not only PINGREQ, keeps a connection alive",
  statements: { v5: ["MQTT-3.1.2-22"], v3: ["MQTT-3.1.2-24"] },
  slow: true,
  run: async (context) => {
    const peer = await context.connect({ keepAliveSeconds: 1 });
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await context.publish(peer, context.topic(), "x", { qos: 1 });
    }
    equal(peer.closed, false);
  },
};

const switchedOff: Scenario = {
  title: "Keep Alive 0 turns the check off",
  statements: { v5: ["U-3.1.2.10-3"], v3: ["MQTT-3.1.2-24"] },
  slow: true,
  run: async (context) => {
    const peer = await context.connect({ keepAliveSeconds: 0 });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await peer.expectNothing();
  },
};

const serverKeepAlive: Scenario = {
  title: "a server with a Keep Alive of its own says so, and holds the client to it",
  statements: { v5: ["MQTT-3.2.2-22", "MQTT-3.2.2-21", "MQTT-3.1.2-21"] },
  needs: { serverKeepAliveSeconds: 1 },
  slow: true,
  run: async (context) => {
    const { peer, connack } = await context.connectAndRead({ keepAliveSeconds: 3600 });
    equal(connack.properties.get(0x13)?.[0], 1);
    await peer.expectDisconnect(0x8d);
  },
};

const noConnect: Scenario = {
  title: "a connection on which no CONNECT comes is closed",
  statements: { v5: ["U-3.1.4-3", "MQTT-3.14.0-1"], v3: ["MQTT-3.1.0-1"] },
  needs: { connectTimeoutMs: 300 },
  run: async (context) => {
    const silent = await context.open();
    const slow = await context.open();
    slow.send("10 80");
    await silent.expectClosed();
    await slow.expectClosed();
  },
};

export const KEEP_ALIVE_SCENARIOS: readonly Scenario[] = [
  ping,
  timeout,
  anyPacket,
  switchedOff,
  serverKeepAlive,
  noConnect,
];
