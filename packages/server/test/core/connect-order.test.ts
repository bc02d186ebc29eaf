/** Which of several connections with one Client Identifier stays. */
import type { ConnectPacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { HookResult } from "../../src/core/pending.ts";
import { connectPacket, CoreHarness, lasting, Later, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

interface Slow {
  readonly harness: CoreHarness;
  /** The handler that waits for this user has answered. */
  settle(user: string): void;
  connecting(user: string, fields?: Partial<ConnectPacket>): ScriptedPeer;
}

/** Handlers of one event wait for the clients that a test names, by their user. */
function waitingFor(
  event: "validatingConnection" | "preparingSession",
  ...users: readonly string[]
): Slow {
  const waiting = new Map<string, Later>();
  const harness = new CoreHarness({ sessionSharingUsers: "all" });
  let user = "";
  const wait = (name: string | undefined): HookResult => {
    if (name === undefined || !users.includes(name)) return undefined;
    const later = new Later();
    waiting.set(name, later);
    return later;
  };
  harness.core.hooks.validatingConnection = ({ userName = "" }) => {
    user = userName;
    return event === "validatingConnection" ? wait(userName) : undefined;
  };
  if (event === "preparingSession") harness.core.hooks.preparingSession = () => wait(user);
  const settle = (name: string): void => {
    waiting.get(name)?.settle();
    harness.settle();
  };
  const connecting = (userName: string, fields: Partial<ConnectPacket> = {}): ScriptedPeer => {
    const peer = harness.open();
    peer.send(connectPacket({ clientId: "c", userName, ...fields }));
    return peer;
  };
  return { harness, settle, connecting };
}

describe("[MQTT-3.1.4-3] who connected last stays", () => {
  for (const event of ["validatingConnection", "preparingSession"] as const) {
    it(`where the older one's ${event} takes longer`, () => {
      const { harness, settle, connecting } = waitingFor(event, "slow");
      const older = connecting("slow", { cleanStart: true });
      const newer = connecting("quick", lasting());
      expect(newer.receive()).toMatchObject([{ type: "connack", reasonCode: 0 }]);
      subscribe(newer, "a");
      const reasonString = "a newer connection with this Client Identifier has come";
      expect(older.receive()).toMatchObject([
        { type: "connack", reasonCode: 0x80, properties: { reasonString } },
      ]);
      settle("slow");
      expect(older.isEnded).toBe(true);
      expect(newer.isEnded).toBe(false);
      expect(harness.core.sessions.get("c")?.subscriptions.size).toBe(1);
    });
  }

  it("where the newer one has gone meanwhile, too: its session is not touched", () => {
    const { harness, settle, connecting } = waitingFor("validatingConnection", "slow");
    const older = connecting("slow", { cleanStart: true });
    const newer = connecting("quick", lasting());
    newer.receive();
    subscribe(newer, "a");
    newer.wire.end();
    harness.core.closed(newer.connection);
    settle("slow");
    expect(older.isEnded).toBe(true);
    expect(harness.core.sessions.get("c")?.subscriptions.size).toBe(1);
  });

  it("of three whose handlers wait only the last one is let in", () => {
    const { settle, connecting } = waitingFor("validatingConnection", "1", "2", "3");
    const peers = ["1", "2", "3"].map((name) => connecting(name));
    for (const name of ["2", "3", "1"]) settle(name);
    const codes = peers.map((peer) => peer.receive().map(({ type }) => type));
    expect(codes).toEqual([["connack"], ["connack", "disconnect"], ["connack"]]);
    expect(peers.map(({ isEnded }) => isEnded)).toEqual([true, true, false]);
  });

  it("who is refused keeps no other from being let in", () => {
    const { harness, settle, connecting } = waitingFor("validatingConnection", "slow", "wrong");
    const slow = connecting("slow");
    harness.core.hooks.validatingConnection = (event) => {
      event.reasonCode = 0x87;
      return undefined;
    };
    const wrong = connecting("wrong");
    expect(wrong.isEnded).toBe(true);
    settle("slow");
    expect(slow.receive()).toMatchObject([{ type: "connack", reasonCode: 0 }]);
  });
});
