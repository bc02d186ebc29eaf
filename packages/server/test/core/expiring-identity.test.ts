import { describe, expect, it } from "vitest";
import type { AuthPacket } from "@anax/protocol";
import type { ValidatingConnection } from "../../src/core/hooks/connection-events.ts";
import type { Identity } from "../../src/core/hooks/identity.ts";
import { CoreHarness } from "../support/core-harness.ts";

const METHOD = { properties: { authenticationMethod: "token" } };
const AGAIN: AuthPacket = { type: "auth", reasonCode: 0x19, properties: METHOD.properties };

function withIdentity(identity: () => Identity | undefined): CoreHarness {
  const harness = new CoreHarness();
  harness.core.hooks.validatingConnection = (args: ValidatingConnection) => {
    args.identity = identity();
    args.authenticationMethodAccepted = true;
    return undefined;
  };
  return harness;
}

describe("an identity that holds for a time", () => {
  it("ends its connection then with 0x87, and not before", () => {
    const harness = withIdentity(() => ({ expiresInMs: 60_000 }));
    const peer = harness.connect("c");
    harness.advance(59_999);
    expect(peer.isClosed).toBe(false);
    harness.advance(1);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x87);
    expect(peer.isClosed).toBe(true);
  });

  it("ends that of MQTT 3.1.1 without a word", () => {
    const harness = withIdentity(() => ({ expiresInMs: 60_000 }));
    const peer = harness.connect("c", { protocolVersion: 4 });
    harness.advance(60_000);
    expect(peer.receive()).toEqual([]);
    expect(peer.isClosed).toBe(true);
  });

  it("holds longer when the client has authenticated itself again", () => {
    const harness = withIdentity(() => ({ expiresInMs: 60_000 }));
    const peer = harness.connect("c", METHOD);
    harness.advance(50_000);
    peer.send(AGAIN);
    expect(peer.receiveOne("auth").reasonCode).toBe(0);
    harness.advance(59_999);
    expect(peer.isClosed).toBe(false);
    harness.advance(1);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x87);
  });

  it("stays what it was where a re-authentication says nothing of it", () => {
    let identity: Identity | undefined = { expiresInMs: 60_000 };
    const harness = withIdentity(() => identity);
    const peer = harness.connect("c", METHOD);
    identity = undefined;
    peer.send(AGAIN);
    expect(peer.receiveOne("auth").reasonCode).toBe(0);
    harness.advance(60_000);
    expect(peer.isClosed).toBe(true);
  });

  it("leaves nothing behind when the connection ends before", () => {
    const harness = withIdentity(() => ({ expiresInMs: 60_000 }));
    const peer = harness.connect("c");
    const before = harness.core.nextDeadline;
    peer.send({ type: "disconnect", reasonCode: 0 });
    expect(peer.isClosed).toBe(true);
    expect(harness.core.nextDeadline).toBeGreaterThanOrEqual(before);
    harness.connect("c", { keepAliveSeconds: 0 });
    harness.advance(59_999);
    expect(harness.reports).toEqual([]);
  });
});

it("handlers see what is known of a client", () => {
  const identity: Identity = { groups: ["staff"], claims: { room: 7 } };
  const harness = withIdentity(() => identity);
  const seen: unknown[] = [];
  harness.core.hooks.clientConnected = (args) => {
    seen.push(args.identity);
    return undefined;
  };
  harness.connect("c");
  expect(seen).toEqual([identity]);
});
