/** What other brokers are known to lose, as tests that this one does not. */
import type { Packet } from "@anax/protocol";
import { FaultyStore, MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { afterEach, describe, expect, it } from "vitest";
import type { MqttServer } from "../src/index.ts";
import {
  awaySession,
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
  text,
} from "./support/memory-server.ts";
import type { MqttPeer } from "./support/mqtt-peer.ts";
import { turns, until } from "./support/turns.ts";

const servers: MqttServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop({ deadlineMs: 0 });
});

async function startedOn(store: MemoryStore | FaultyStore): Promise<MqttServer> {
  const server = await startedServer({ store });
  servers.push(server);
  return server;
}

/** Publishes with QoS 1, each when the one before was acknowledged. */
async function publishAll(peer: MqttPeer, texts: readonly string[]): Promise<void> {
  for (const one of texts) {
    peer.sendPacket(publication("t", one, 1));
    expect(await peer.packet()).toMatchObject({ type: "puback", reasonCode: 0 });
  }
}

/** Takes so many messages and acknowledges each as its QoS wants. */
async function taken(peer: MqttPeer, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const packet = await peer.packet();
    if (packet === undefined) break;
    if (packet.type === "publish") texts.push(text(packet.payload));
    const answer = answerTo(packet);
    if (answer !== undefined) peer.sendPacket(answer);
  }
  return texts;
}

function answerTo(packet: Packet): Packet | undefined {
  if (packet.type === "pubrel")
    return { type: "pubcomp", packetIdentifier: packet.packetIdentifier, reasonCode: 0 };
  if (packet.type !== "publish" || packet.packetIdentifier === undefined) return undefined;
  const type = packet.qos === 1 ? "puback" : "pubrec";
  return { type, packetIdentifier: packet.packetIdentifier, reasonCode: 0 };
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

describe("what other brokers lose", () => {
  it("is not acknowledged before it is stored", async () => {
    const medium = new MemoryMedium();
    const store = new FaultyStore(new MemoryStore(medium));
    const server = await startedOn(store);
    await awaySession(server);
    const publisher = await connected(server, "p");
    store.hold();
    const acknowledged = publisher.packet();
    let isAcknowledged = false;
    void acknowledged.then(() => (isAcknowledged = true));
    publisher.sendPacket(publication("t", "1", 1));
    await until(() => store.heldCommits > 0);
    await turns(20);
    expect(isAcknowledged).toBe(false);
    store.release();
    expect(await acknowledged).toMatchObject({ type: "puback" });
    // From the acknowledgement on a crash loses nothing: no snapshot has to come first.
    const after = await startedOn(new MemoryStore(medium.copy()));
    expect(await taken(await connected(after, "s", LASTING), 1)).toEqual(["1"]);
  });

  it.each([1, 2] as const)("is not dropped where QoS 0 overtakes QoS %i", async (qos) => {
    const store = new FaultyStore(new MemoryStore());
    const server = await startedOn(store);
    const reader = await connected(server, "s", LASTING);
    await subscribe(reader, "t", qos);
    const [sure, quick] = [await connected(server, "p"), await connected(server, "q")];
    store.hold();
    for (let index = 0; index < 100; index += 1) {
      const identifier = { packetIdentifier: index + 1 };
      sure.sendPacket({ ...publication("t", `sure${index}`, qos), ...identifier });
      quick.sendPacket(publication("t", `quick${index}`, 0));
      if (index % 10 === 5) {
        await turns(1);
        store.releaseOne();
      }
    }
    await turns();
    store.release();
    const texts = await taken(reader, 200);
    const of = (prefix: string): string[] => texts.filter((one) => one.startsWith(prefix));
    expect(of("sure")).toEqual(numbered("sure", 100));
    expect(of("quick")).toEqual(numbered("quick", 100));
  });

  it("is not overwritten by what is queued after a restart", async () => {
    const medium = new MemoryMedium();
    for (const prefix of ["a", "b", "c"]) {
      const server = await startedOn(new MemoryStore(medium));
      if (prefix === "a") await awaySession(server);
      await publishAll(await connected(server, "p"), numbered(prefix, 10));
      await server.stop();
    }
    const server = await startedOn(new MemoryStore(medium));
    const texts = await taken(await connected(server, "s", LASTING), 30);
    expect(texts).toEqual(["a", "b", "c"].flatMap((prefix) => numbered(prefix, 10)));
  });
});
