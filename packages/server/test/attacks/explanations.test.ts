import { describe, expect, it } from "vitest";
import { CoreHarness, publishPacket, subscribe, subscribePacket } from "../support/core-harness.ts";
import { withHeader } from "./raw-bytes.ts";

/*
 * Reason Strings repeat what a client sent. They must never become too long to be sent: then a refusal would turn
 * into a fault of the server's own.
 */

const LONG = "x".repeat(65_530);

describe("a refusal that names what it refuses is sent however long that is:", () => {
  it("a topic of 65 535 bytes that begins with $", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("attacker");
    peer.send(publishPacket(`$${LONG}`, "a", { qos: 1, packetIdentifier: 1 }));
    expect(peer.receiveOne("puback").reasonCode).toBe(0x87);
    expect(harness.reports).toEqual([]);
  });

  it("an Authentication Method that fills the largest CONNECT", () => {
    const harness = new CoreHarness();
    const authenticationMethod = "x".repeat(65_500);
    const peer = harness.connecting("c", { properties: { authenticationMethod } });
    expect(peer.receiveOne("connack").reasonCode).toBe(0x8c);
    expect(harness.reports).toEqual([]);
  });

  it("an Authentication Method that nobody has checked", () => {
    const harness = new CoreHarness({}, { validatingConnection: () => undefined });
    const authenticationMethod = "x".repeat(65_500);
    const peer = harness.connecting("c", { properties: { authenticationMethod } });
    expect(peer.receiveOne("connack").reasonCode).toBe(0x8c);
    expect(harness.reports).toEqual([]);
  });

  it("a Shared Subscription with No Local", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("attacker");
    const filter = Buffer.from(`$share/g/${LONG.slice(9)}`);
    const length = Buffer.of(filter.length >> 8, filter.length & 0xff);
    const body = Buffer.concat([Buffer.of(0, 1, 0), length, filter, Buffer.of(0x04)]);
    peer.send(withHeader(0x82, new Uint8Array(body)));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x82);
    expect(harness.reports).toEqual([]);
  });

  it("what a handler says for many filters, in characters of several bytes", () => {
    const harness = new CoreHarness(
      {},
      {
        interceptingSubscription: (event) => {
          event.response.reasonCode = 0x87;
          event.response.reasonString = `a${"\u{1f600}".repeat(2_000)}`;
          return undefined;
        },
      },
    );
    const peer = harness.connect("attacker");
    const filters = Array.from({ length: 1_000 }, (_, index) => `f${index}`);
    const suback = subscribe(peer, ...filters);
    expect(suback.reasonCodes).toHaveLength(1_000);
    expect(suback.properties?.reasonString?.startsWith("a\u{1f600}")).toBe(true);
    peer.send(subscribePacket("a"));
    expect(peer.receiveOne("suback").reasonCodes).toEqual([0x87]);
    expect(harness.reports).toEqual([]);
  });
});
