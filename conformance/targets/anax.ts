/** Anax itself, in this process: a server for each set of needs. */
import { MqttServer, type MqttServerOptions } from "@anax/server";

import type { Target } from "../runner.ts";
import type { ServerNeeds } from "../scenario.ts";
import { HOUSE_RULES } from "./house-rules.ts";
import { ServerPool, type StartedServer } from "./server-pool.ts";

/** Starts servers of ours as scenarios need them. There is no need that it cannot meet. */
export function anaxTarget(): Target {
  const pool = new ServerPool(startAnax);
  return {
    name: "anax",
    versions: ["3.1.1", "5.0"],
    provide: (needs) => pool.provide(needs),
    close: () => pool.close(),
  };
}

async function startAnax(needs: ServerNeeds): Promise<StartedServer> {
  const server = new MqttServer(optionsFor(needs));
  await server.start();
  return {
    address: { host: "127.0.0.1", port: server.address("tcp").port ?? 0 },
    ...(needs.websocket ? { websocket: webSocketAddress(server) } : {}),
    stop: async () => void (await server.stop({ deadlineMs: 1000 })),
  };
}

function webSocketAddress(server: MqttServer): { readonly host: string; readonly port: number } {
  return { host: "127.0.0.1", port: server.address("ws").port ?? 0 };
}

function optionsFor(needs: ServerNeeds): MqttServerOptions {
  const { maximumQos, receiveMaximum, topicAliasMaximum, maximumPacketSize } = needs;
  const { retainAvailable, wildcardSubscriptionAvailable, sharedSubscriptionAvailable } = needs;
  return {
    listeners: [
      { type: "tcp", host: "127.0.0.1", port: 0 },
      ...(needs.websocket ? ([{ type: "websocket", host: "127.0.0.1", port: 0 }] as const) : []),
    ],
    maximumQos,
    receiveMaximum,
    topicAliasMaximum,
    outgoingTopicAliasMaximum: needs.outgoingTopicAliasMaximum,
    maximumPacketSize,
    retainAvailable,
    wildcardSubscriptionAvailable,
    sharedSubscriptionAvailable,
    subscriptionIdentifiersAvailable: needs.subscriptionIdentifierAvailable,
    keepAliveMaxSeconds: needs.serverKeepAliveSeconds,
    sessionExpiryMaxSeconds: needs.sessionExpiryIntervalMaximumSeconds,
    connectTimeoutMs: needs.connectTimeoutMs,
    systemTopics: { intervalSeconds: 1 },
    ...(needs.houseRules ? { on: HOUSE_RULES, checkPayloadFormat: true } : {}),
  };
}
