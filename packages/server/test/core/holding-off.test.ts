import { describe, expect, it } from "vitest";
import { HoldOff } from "../../src/core/rates/hold-off.ts";
import type { HoldOffLimits } from "../../src/core/rates/hold-off.ts";
import { heldOff, letGo } from "../../src/management/held-off-clients.ts";
import { CoreHarness } from "../support/core-harness.ts";

const BAD_USER_NAME_OR_PASSWORD = 0x86;
const SERVER_BUSY = 0x89;
const CONNECTION_RATE_EXCEEDED = 0x9f;
const HERE = { remoteAddress: "192.0.2.1" };

/** A server that lets in who has the password "right", and counts how often it is asked. */
function guarded(holdOff?: HoldOffLimits): { harness: CoreHarness; asked: () => number } {
  let asked = 0;
  const harness = new CoreHarness(
    {},
    {
      validatingConnection: (event) => {
        asked += 1;
        const password = new TextDecoder().decode(event.password);
        if (password !== "right") event.reasonCode = BAD_USER_NAME_OR_PASSWORD;
        return undefined;
      },
    },
    undefined,
    { holdOff },
  );
  return { harness, asked: () => asked };
}

function login(harness: CoreHarness, password: string, userName = "ann", from = HERE): unknown {
  const peer = harness.connecting(
    `${userName}-${harness.core.now}`,
    { userName, password: new TextEncoder().encode(password) },
    from,
  );
  const [connack] = peer.receive();
  peer.cut();
  return connack?.type === "connack" ? connack.reasonCode : undefined;
}

describe("a user name with passwords that are wrong", () => {
  it("is held off, for longer each time, without asking anybody", () => {
    const { harness, asked } = guarded({ failedLogins: { allowed: 3 } });
    for (let time = 0; time < 4; time += 1)
      expect(login(harness, "wrong")).toBe(BAD_USER_NAME_OR_PASSWORD);
    expect(login(harness, "right")).toBe(SERVER_BUSY);
    expect(asked()).toBe(4);
    expect(harness.core.statistics.loginsHeldOff).toBe(1);
    harness.advance(1_001);
    expect(login(harness, "wrong")).toBe(BAD_USER_NAME_OR_PASSWORD);
    harness.advance(1_001);
    expect(login(harness, "right")).toBe(SERVER_BUSY);
    harness.advance(1_000);
    expect(login(harness, "right")).toBe(0);
    // Whoever knows the password has paid for it.
    expect(login(harness, "wrong")).toBe(BAD_USER_NAME_OR_PASSWORD);
    expect(login(harness, "right")).toBe(0);
  });

  it("locks out no other user, and nobody elsewhere", () => {
    const { harness } = guarded({ failedLogins: { allowed: 1 } });
    for (let time = 0; time < 5; time += 1) login(harness, "wrong");
    expect(login(harness, "right")).toBe(SERVER_BUSY);
    expect(login(harness, "right", "ben")).toBe(0);
    expect(login(harness, "right", "ann", { remoteAddress: "192.0.2.2" })).toBe(0);
  });

  it("is one for all addresses of a network of IPv6", () => {
    const { harness } = guarded({ failedLogins: { allowed: 1 } });
    for (let time = 0; time < 3; time += 1)
      login(harness, "wrong", "ann", { remoteAddress: `2001:db8::${time}` });
    expect(login(harness, "right", "ann", { remoteAddress: "2001:db8::ffff" })).toBe(SERVER_BUSY);
  });

  it("is held off by default, and is not where the program says so", () => {
    const byDefault = guarded();
    const never = guarded({ failedLogins: false });
    for (let time = 0; time < 12; time += 1) {
      login(byDefault.harness, "wrong");
      login(never.harness, "wrong");
    }
    expect(byDefault.asked()).toBe(11);
    expect(never.asked()).toBe(12);
  });
});

describe("a client that connects again and again", () => {
  it("is held off where that is asked for, and let in again after a while", () => {
    const harness = new CoreHarness({}, {}, undefined, { holdOff: { flapping: { allowed: 2 } } });
    const come = (clientId: string): unknown => {
      const peer = harness.connecting(clientId, {}, HERE);
      const [connack] = peer.receive();
      peer.cut();
      return connack?.type === "connack" ? connack.reasonCode : undefined;
    };
    expect([come("c"), come("c"), come("c"), come("c")]).toEqual([
      0,
      0,
      0,
      CONNECTION_RATE_EXCEEDED,
    ]);
    expect(harness.core.statistics).toMatchObject({ loginsHeldOff: 0, flappingHeldOff: 1 });
    expect(come("other")).toBe(0);
    harness.advance(1_001);
    expect(come("c")).toBe(0);
  });
});

describe("those that are held off", () => {
  const V6 = { remoteAddress: "2001:db8::7" };

  function heldHarness(): CoreHarness {
    const { harness } = guarded({ failedLogins: { allowed: 1 }, flapping: { allowed: 1 } });
    for (let time = 0; time < 3; time += 1) {
      login(harness, "wrong");
      login(harness, "wrong", "ann", V6);
      login(harness, "wrong", "ben");
    }
    for (let time = 0; time < 2; time += 1) {
      const credentials = { userName: "cy", password: new TextEncoder().encode("right") };
      harness.connecting("flapper", credentials, HERE).cut();
    }
    return harness;
  }

  it("are listed with the time until when", () => {
    const harness = heldHarness();
    login(harness, "wrong", "not held");
    const network = "192.0.2.1";
    const untilMs = harness.core.now + 1_000;
    expect([...heldOff(harness.core)]).toEqual([
      { reason: "failedLogins", userName: "ann", network, untilMs },
      { reason: "failedLogins", userName: "ann", network: "2001:db8:0:0::/64", untilMs },
      { reason: "failedLogins", userName: "ben", network, untilMs },
      { reason: "flapping", clientId: "flapper", network, untilMs },
    ]);
    harness.advance(1_001);
    expect([...heldOff(harness.core)]).toEqual([]);
  });

  it.each([
    [{ userName: "ann" }, 2],
    [{ userName: "ann", address: "2001:db8::1" }, 1],
    [{ userName: "ann", address: "2001:db8:0:0::/64" }, 1],
    [{ clientId: "flapper" }, 1],
    [{ clientId: "ann" }, 0],
    [{ address: "192.0.2.1" }, 3],
    [{ address: "192.0.2.9" }, 0],
    [{}, 4],
  ])("may come again, of these %j: %i", (which, count) => {
    const harness = heldHarness();
    expect(letGo(harness.core, which)).toBe(count);
    expect([...heldOff(harness.core)]).toHaveLength(4 - count);
    expect(letGo(harness.core, which)).toBe(0);
  });

  it("and are let in at once then", () => {
    const harness = heldHarness();
    expect(login(harness, "right")).toBe(SERVER_BUSY);
    letGo(harness.core, { userName: "ann" });
    expect(login(harness, "right")).toBe(0);
  });
});

describe("what is remembered of those", () => {
  it("is bounded, and fades", () => {
    const holdOff = new HoldOff({ allowed: 2, withinSeconds: 10, longestSeconds: 4 });
    for (let index = 0; index < 12_000; index += 1) holdOff.note("n", `key ${index}`, 0);
    expect(holdOff.size).toBeLessThanOrEqual(10_000);
    for (let time = 0; time < 8; time += 1) holdOff.note("n", "often", 0);
    expect(holdOff.heldMs("n", "often", 0)).toBe(4_000);
    for (let seconds = 0; seconds < 100; seconds += 5) holdOff.note("n", "seldom", seconds * 1_000);
    expect(holdOff.heldMs("n", "seldom", 95_000)).toBe(0);
  });
});
