/** The client's Keep Alive (3.1.2.10, 3.12). */
import { ok } from "node:assert/strict";

import { ping, type ClientScenario } from "./client-scenario.ts";

const pings: ClientScenario = {
  title: "with nothing else to send, PINGREQ goes out within the Keep Alive, again and again",
  statements: {
    v5: ["MQTT-3.1.2-20", "U-3.13.4-1", "U-3.1.2.10-2"],
    v3: ["MQTT-3.1.2-23"],
  },
  run: async (context) => {
    const { peer } = await context.connected({ keepAliveSeconds: 1 });
    for (let round = 0; round < 2; round++) {
      await peer.expect("C0 00");
      peer.send("D0 00");
    }
  },
};

const serverKeepAlive: ClientScenario = {
  title: "the Keep Alive that the server states in CONNACK takes the place of the client's own",
  statements: { v5: ["MQTT-3.1.2-21", "MQTT-3.2.2-21"] },
  run: async (context) => {
    const { peer } = await context.connected({ keepAliveSeconds: 600 }, "13 0001");
    await peer.expect("C0 00");
  },
};

const noAnswer: ClientScenario = {
  title: "a server that does not answer PINGREQ in time is left",
  statements: { v5: ["U-3.1.2.10-2"], v3: ["MQTT-3.1.2-23"] },
  run: async (context) => {
    const { peer } = await context.connected({ keepAliveSeconds: 1, pingrespTimeoutMs: 100 });
    await peer.expect("C0 00");
    const packets = await peer.collect(2);
    ok(packets.length <= 1 && (packets[0]?.[0] ?? 0xe0) === 0xe0);
  },
};

const byHand: ClientScenario = {
  title: "PINGREQ may be sent at any time, and the answer needs no action",
  statements: { v5: ["U-3.1.2.10-2", "U-3.13.4-1"], v3: ["MQTT-3.1.2-23"] },
  run: async (context) => {
    const { client, peer } = await context.connected();
    await ping(client, peer);
    ok(client.connected);
  },
};

export const KEEPING_ALIVE_SCENARIOS: readonly ClientScenario[] = [
  pings,
  serverKeepAlive,
  noAnswer,
  byHand,
];
