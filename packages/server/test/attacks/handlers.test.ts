import { afterEach, describe, expect, it } from "vitest";
import type { MqttServer, ServerEventHandlers } from "../../src/index.ts";
import {
  connected,
  publication,
  startedServer,
  subscribe,
  text,
} from "../support/memory-server.ts";
import { turns } from "../support/turns.ts";

let server: MqttServer;

afterEach(() => server.stop());

/** Publishes once more; what the stop of the server ends rejects. */
function again(): Promise<unknown> {
  return server
    .injectApplicationMessage({ topic: "loop", retain: true, payload: "x" })
    .catch(() => undefined);
}

/** Handlers that publish one message for each that is published, for ever. */
const LOOPS: Readonly<Record<string, ServerEventHandlers>> = {
  "interceptingPublish, at once": { interceptingPublish: () => void again() },
  "interceptingPublish, waiting for what it publishes": {
    interceptingPublish: async () => {
      await again();
    },
  },
  "interceptingPublish, after a promise": {
    interceptingPublish: async () => {
      await Promise.resolve();
      void again();
    },
  },
  applicationMessageNotConsumed: { applicationMessageNotConsumed: () => void again() },
  retainedMessageChanged: { retainedMessageChanged: () => void again() },
  "retainedMessageChanged, by way of the management": {
    retainedMessageChanged: () => {
      server.retainedMessages.set({ topic: "loop", payload: "x" }).catch(() => undefined);
    },
  },
};

describe("a handler that never stops to publish does not stop the others:", () => {
  for (const [name, on] of Object.entries(LOOPS)) {
    it(name, async () => {
      server = await startedServer({ on });
      const victim = await connected(server, "victim");
      const publisher = await connected(server, "publisher");
      publisher.sendPacket({ ...publication("other", "x"), retain: true });
      for (let index = 0; index < 3; index += 1) {
        victim.sendPacket({ type: "pingreq" });
        expect(await victim.packet()).toEqual({ type: "pingresp" });
      }
      expect(await subscribe(victim, "other", 0)).toMatchObject({ type: "suback" });
    });
  }
});

describe("a program that publishes much at once", () => {
  it("has all of it published, in order", async () => {
    server = await startedServer();
    const peer = await connected(server, "reader");
    await subscribe(peer, "a");
    const results = Array.from({ length: 2_500 }, (_, index) =>
      server.injectApplicationMessage({ topic: "a", payload: String(index) }),
    );
    for (const { reasonCode, queued } of await Promise.all(results))
      expect([reasonCode, queued]).toEqual([0, 1]);
    for (let index = 0; index < 2_500; index += 1) {
      const message = await peer.packet();
      if (message?.type !== "publish") throw new Error("no PUBLISH");
      expect(text(message.payload)).toBe(String(index));
    }
  });
});

describe("a chain of events", () => {
  it("that ends each other's clients by their Wills does not recurse", async () => {
    const count = 1_000;
    const ends = new Set<string>();
    server = await startedServer({
      on: {
        interceptingPublish: ({ applicationMessage }) => {
          const next = Number(applicationMessage?.topic.split("/")[1]) + 1;
          void server.clients.disconnect(`c${next}`).catch(() => undefined);
        },
        clientDisconnected: ({ clientId }) => void ends.add(clientId),
      },
    });
    for (let index = 0; index < count; index += 1) {
      const will = {
        topic: `w/${index}`,
        payload: new Uint8Array(0),
        qos: 0,
        retain: false,
      } as const;
      await connected(server, `c${index}`, { will });
    }
    await server.clients.disconnect("c0").catch(() => undefined);
    while (ends.size < count) await turns(1);
    expect(server.statistics.connectionsCurrent).toBe(0);
  });

  it("of shared subscriptions that pass on what a member leaves ends with the last member", async () => {
    server = await startedServer();
    const peers = [];
    for (let index = 0; index < 50; index += 1) {
      const peer = await connected(server, `m${index}`, {
        properties: { receiveMaximum: 1, sessionExpiryIntervalSeconds: 0 },
      });
      await subscribe(peer, "$share/g/a", 1);
      peers.push(peer);
    }
    for (let index = 0; index < 200; index += 1)
      await server.injectApplicationMessage({ topic: "a", payload: "x", qos: 1 });
    for (const { stream } of peers) stream.destroy();
    while (server.statistics.connectionsCurrent > 0) await turns(1);
    expect(server.statistics).toMatchObject({ queuedMessagesCurrent: 0, queuedBytesCurrent: 0 });
  });
});
