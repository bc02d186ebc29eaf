import { MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { afterEach, describe, expect, it } from "vitest";
import type { MqttServer, MqttServerOptions } from "../src/index.ts";
import {
  awaySession,
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
  text,
} from "./support/memory-server.ts";
import { turns } from "./support/turns.ts";

const servers: MqttServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop({ deadlineMs: 0 });
});

async function started(options: MqttServerOptions): Promise<MqttServer> {
  const server = await startedServer(options);
  servers.push(server);
  return server;
}

async function publish(server: MqttServer, payload: string): Promise<void> {
  await server.injectApplicationMessage({ topic: "t", payload, qos: 1 });
}

describe("a server with a store", () => {
  it("goes on after stop and start, as often as that happens", async () => {
    const server = await started({ store: new MemoryStore() });
    await awaySession(server);
    for (const payload of ["1", "2", "3"]) {
      await publish(server, payload);
      await server.stop();
      expect(server.statistics.sessionsCurrent).toBe(0);
      await server.start();
    }
    const peer = await connected(server, "s", LASTING);
    for (const payload of ["1", "2", "3"]) {
      const packet = await peer.packet();
      expect(packet?.type === "publish" && text(packet.payload)).toBe(payload);
    }
  });

  it("keeps what waits for members of a shared subscription, and what is on its way to one", async () => {
    const server = await started({ store: new MemoryStore() });
    const peer = await connected(server, "s", LASTING);
    await subscribe(peer, "$share/g/t", 1);
    await publish(server, "sent");
    const sent = await peer.packet();
    expect(sent).toMatchObject({ type: "publish", packetIdentifier: 1 });
    peer.stream.destroy();
    await turns();
    await publish(server, "queued");
    await server.stop();
    await server.start();
    const again = await connected(server, "s", LASTING);
    expect(await again.packet()).toMatchObject({ packetIdentifier: 1, duplicate: true });
    const queued = await again.packet();
    expect(queued?.type === "publish" && text(queued.payload)).toBe("queued");
  });

  it("leaves nothing in the journal but messages that are owed", async () => {
    const medium = new MemoryMedium();
    const server = await started({ store: new MemoryStore(medium) });
    await awaySession(server);
    for (let count = 0; count < 50; count += 1) await publish(server, "x".repeat(100));
    await server.injectApplicationMessage({ topic: "r", payload: "kept", qos: 1, retain: true });
    const peer = await connected(server, "s", LASTING);
    for (let count = 0; count < 50; count += 1) {
      const packet = await peer.packet();
      const packetIdentifier = packet?.type === "publish" ? (packet.packetIdentifier ?? 0) : 0;
      peer.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
    }
    await turns();
    await server.stop();
    expect(medium.batches.size).toBe(0);
    expect([...medium.retained.keys()]).toEqual(["r"]);
  });

  it("forgets what management deletes, for good", async () => {
    const medium = new MemoryMedium();
    const server = await started({ store: new MemoryStore(medium) });
    await awaySession(server);
    await publish(server, "1");
    await server.injectApplicationMessage({ topic: "r", payload: "kept", qos: 1, retain: true });
    await server.sessions.delete("s");
    await server.retainedMessages.delete("r");
    const after = await started({ store: new MemoryStore(medium.copy()) });
    expect(after.statistics.sessionsCurrent).toBe(0);
    expect(after.statistics.retainedMessagesCurrent).toBe(0);
  });

  it("still asks handlers for retained messages that are kept elsewhere", async () => {
    const payload = new Uint8Array([49]);
    const server = await started({
      store: new MemoryStore(),
      on: {
        loadingRetainedMessage(event) {
          event.loadedRetainedMessages.push({ topic: "elsewhere", payload, qos: 1, retain: true });
        },
      },
    });
    expect(server.retainedMessages.get("elsewhere")).toMatchObject({ topic: "elsewhere" });
  });

  it("does not keep Topic Aliases, which belong to a connection", async () => {
    const server = await started({ store: new MemoryStore() });
    const peer = await connected(server, "s", LASTING);
    const properties = { topicAlias: 1 };
    peer.sendPacket({ ...publication("t", "1", 1), properties });
    expect(await peer.packet()).toMatchObject({ type: "puback" });
    await server.stop();
    await server.start();
    const again = await connected(server, "s", LASTING);
    again.sendPacket({ ...publication("", "2", 1), properties });
    expect(await again.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x82 });
  });
});
