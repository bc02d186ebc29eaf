import { beforeEach, describe, expect, it } from "vitest";
import { Admission } from "../../src/driver/admission.ts";
import { ManualClock } from "../support/manual-clock.ts";

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

describe("number of connections", () => {
  it("has a limit, and a place is free again when a connection has closed", () => {
    const admission = new Admission({ connectionsMax: 2, connectionRatePerAddress: false }, clock);
    expect([admission.admit("a"), admission.admit("a"), admission.admit("a")]).toEqual([
      true,
      true,
      false,
    ]);
    admission.release();
    expect(admission.admit("a")).toBe(true);
    expect(admission).toMatchObject({ open: 2, total: 3, refused: 1 });
  });
});

describe("rate of an address", () => {
  const rate = { burst: 2, perSecond: 1 };
  const make = (): Admission =>
    new Admission({ connectionsMax: 1_000_000, connectionRatePerAddress: rate }, clock);

  it("allows a burst and then so many a second", () => {
    const admission = make();
    const admitted = (): boolean => admission.admit("192.0.2.1");
    expect([admitted(), admitted(), admitted()]).toEqual([true, true, false]);
    clock.advance(999);
    expect(admitted()).toBe(false);
    clock.advance(1);
    expect([admitted(), admitted()]).toEqual([true, false]);
    clock.advance(60_000);
    expect([admitted(), admitted(), admitted()]).toEqual([true, true, false]);
  });

  it("is each address's own, and none of a transport without addresses", () => {
    const admission = make();
    for (let count = 0; count < 3; count += 1) admission.admit("192.0.2.1");
    expect(admission.admit("192.0.2.2")).toBe(true);
    for (let count = 0; count < 10; count += 1) expect(admission.admit(undefined)).toBe(true);
  });

  it("is one for all addresses of a network of IPv6, and for both ways to write IPv4", () => {
    const admission = make();
    const addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"];
    expect(addresses.map((address) => admission.admit(address))).toEqual([true, true, false, true]);
    const both = ["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7"];
    expect(both.map((address) => admission.admit(address))).toEqual([true, true, false]);
  });

  it("remembers a bounded number of addresses, and those that are at their limit longest", () => {
    const admission = make();
    clock.advance(10_000);
    for (let host = 0; host < 9_999; host += 1) admission.admit(`quiet ${host}`);
    clock.advance(2_000);
    for (let count = 0; count < 3; count += 1) admission.admit("busy");
    expect(admission.admit("newcomer")).toBe(true);
    expect(admission.admit("busy")).toBe(false);
  });
});
