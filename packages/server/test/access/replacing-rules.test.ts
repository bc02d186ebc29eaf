import { MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import type { AccessRules, MqttServerOptions } from "../../src/index.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "../support/memory-server.ts";
import { turns } from "../support/turns.ts";

const servers: MqttServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop({ deadlineMs: 0 });
});

async function started(options: MqttServerOptions): Promise<MqttServer> {
  const server = await startedServer(options);
  servers.push(server);
  return server;
}

const ALL: AccessRules = { rules: [{ allow: "both", topics: "#" }] };
const NO_T: AccessRules = {
  rules: [
    { deny: "both", topics: "t" },
    { allow: "both", topics: "#" },
  ],
};

describe("rules of a server", () => {
  it("are replaced while clients are connected: subscriptions end, publishers are refused", async () => {
    const server = await started({ accessRules: ALL });
    const peer = await connected(server, "s");
    await subscribe(peer, "t");
    await server.access.replaceRules(NO_T);
    expect(server.statistics).toMatchObject({
      subscriptionsCurrent: 0,
      subscriptionsRevoked: 1,
      accessRulesCurrent: 2,
    });
    peer.sendPacket(publication("t", "x", 1));
    expect(await peer.packet()).toMatchObject({ type: "puback", reasonCode: 0x87 });
    await server.access.replaceRules(ALL);
    peer.sendPacket(publication("t", "x", 1));
    expect(await peer.packet()).toMatchObject({ type: "puback", reasonCode: 0x10 });
  });

  it("stay as they are if the new ones are wrong", async () => {
    const server = await started({ accessRules: NO_T });
    const wrong = { rules: [{ allow: "both", topics: "a/#/b", source: "file:7" }] } as const;
    await expect(server.access.replaceRules(wrong)).rejects.toThrow(
      'file:7: topic "a/#/b" is no Topic Filter',
    );
    expect(server.access.explain({ action: "publish", topic: "t" })?.isAllowed).toBe(false);
    expect(server.access.ruleCount).toBe(2);
  });

  it("are read at each start and by reload; one that fails changes nothing, and shows", async () => {
    let rules: AccessRules | Error = ALL;
    const read = (): AccessRules => {
      if (rules instanceof Error) throw rules;
      return rules;
    };
    const server = await started({ accessRules: read });
    const may = (): boolean | undefined =>
      server.access.explain({ action: "publish", topic: "t" })?.isAllowed;
    expect([may(), server.health.accessRules]).toEqual([true, "good"]);
    rules = new Error("no such file");
    await expect(server.access.reload()).rejects.toThrow("no such file");
    expect([may(), server.health.accessRules]).toEqual([true, "stale"]);
    expect(server.health.accessRulesError).toBe(rules);
    expect(server.health.isHealthy).toBe(true);
    expect(server.statistics.accessRuleFailures).toBe(1);
    rules = NO_T;
    await server.access.reload();
    expect([may(), server.health.accessRules]).toEqual([false, "good"]);
    await server.stop();
    rules = new Error("gone");
    await expect(server.start()).rejects.toThrow("gone");
  });

  it("are those of now for a session that was stored under others", async () => {
    const medium = new MemoryMedium();
    const first = await started({ store: new MemoryStore(medium), accessRules: ALL });
    const peer = await connected(first, "s", LASTING);
    await subscribe(peer, "t", 1);
    peer.stream.destroy();
    await turns();
    await first.injectApplicationMessage({ topic: "t", payload: "queued", qos: 1 });
    await first.stop({ deadlineMs: 0 });
    const second = await started({ store: new MemoryStore(medium), accessRules: NO_T });
    const again = await connected(second, "s", LASTING);
    await second.injectApplicationMessage({ topic: "t", payload: "live", qos: 1 });
    await second.injectApplicationMessage({ topic: "u", payload: "live", qos: 1 });
    again.sendPacket({ type: "pingreq" });
    expect(await again.packet()).toMatchObject({ type: "pingresp" });
    expect(second.statistics).toMatchObject({ subscriptionsRevoked: 1, deliveriesDenied: 1 });
  });
});

const YES = (): boolean => true;

describe("access options", () => {
  it.each([
    [{ accessRules: null }, "accessRules is null"],
    [{ accessRules: { rules: [{ allow: "both" }] } }, "accessRules.rules[0]: topics is missing"],
    [
      { accessRules: { rules: [{ topics: "a" }] } },
      "accessRules.rules[0]: give either allow or deny",
    ],
    [{ accessRules: ALL, authorize: { mayPublish: YES, maySubscribe: YES } }, "only one of"],
    [{ authorize: { mayPublish: YES } }, "authorize.maySubscribe is missing"],
    [{ accessRules: { rules: [], groups: { g: "ann" } } }, "group g"],
  ])("%j are refused in words", (options, words) => {
    expect(() => new MqttServer(options as unknown as MqttServerOptions)).toThrow(words);
  });

  it("are needed for what is asked about them", async () => {
    const server = await started({});
    await expect(server.access.reload()).rejects.toThrow("made without accessRules");
    await expect(server.access.replaceRules(ALL)).rejects.toThrow("made without accessRules");
    expect(server.access.explain({ action: "publish", topic: "t" })).toBeUndefined();
    await server.access.changed();
  });
});
