/** SUBSCRIBE and UNSUBSCRIBE, keep alive, and enhanced authentication. */
import { describe, expect, it } from "vitest";
import { MachineHarness } from "./machine-harness.ts";

const CONNACK = {
  noWildcards: "20 05 00 00 02 28 00",
  noIdentifiers: "20 05 00 00 02 29 00",
  noShared: "20 05 00 00 02 2a 00",
  keepAlive10: "20 06 00 00 03 13 00 0a",
} as const;

describe("SUBSCRIBE", () => {
  it("is answered by the codes of SUBACK, in the order of the filters", () => {
    const harness = new MachineHarness();
    harness.connect();
    const request = harness.subscribe(["a", "b"]);
    expect(harness.takeHex()).toBe("82 0b 00 01 00 00 01 61 01 00 01 62 01");
    harness.receive("90 05 00 01 00 01 87");
    expect(request.outcome).toMatchObject({ reasonCodes: [1, 0x87] });
  });

  it.each([
    ["without codes", "90 03 00 01 00"],
    ["with too few codes", "90 04 00 01 00 00"],
    ["with too many codes", "90 06 00 01 00 00 00 00"],
    ["with an identifier that nothing has", "90 05 00 09 00 00 00"],
    ["with the identifier 0", "90 05 00 00 00 00 00"],
    ["with a code that does not exist", "90 05 00 01 00 00 05"],
  ])(
    "SUBACK %s ends the connection of a strict client, and the request waits for the next",
    (_, hex) => {
      const harness = new MachineHarness({ isStrict: true });
      harness.connect();
      const request = harness.subscribe(["a", "b"]);
      harness.takeHex();
      harness.receive(hex);
      expect(harness.takeCloseError().reasonCode).toBeGreaterThanOrEqual(0x81);
      expect(request.outcome).toBeUndefined();
      harness.machine.connectionLost();
      harness.connect();
      expect(harness.takeHex()).toBe("82 0b 00 01 00 00 01 61 01 00 01 62 01");
    },
  );

  it("SUBACK that answers UNSUBSCRIBE is a protocol error to a strict client", () => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect();
    harness.unsubscribe(["a"]);
    harness.takeHex();
    harness.receive("90 04 00 01 00 00");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
  });

  it("SUBACK that answers PUBLISH is a protocol error to a strict client", () => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect();
    harness.publish("t", 1);
    harness.takeHex();
    harness.receive("90 04 00 01 00 00");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
  });

  it.each([
    ["a wildcard", CONNACK.noWildcards, ["a/+"], undefined, 0xa2],
    ["a shared wildcard", CONNACK.noWildcards, ["$share/g/#"], undefined, 0xa2],
    ["an identifier", CONNACK.noIdentifiers, ["a"], { subscriptionIdentifier: 1 }, 0xa1],
    ["a Shared Subscription", CONNACK.noShared, ["a", "$share/g/a"], undefined, 0x9e],
  ] as const)(
    "with %s is not sent to a server without",
    (_, connack, filters, properties, code) => {
      const harness = new MachineHarness();
      harness.connect({}, connack);
      const request = harness.subscribe([...filters], properties);
      expect(request.outcome).toMatchObject({ name: "MqttNotSupportedError", reasonCode: code });
      expect(harness.takeHex()).toBe("");
    },
  );

  it("in 3.1.1 has one byte per filter, and SUBACK 0x80 refuses", () => {
    const harness = new MachineHarness({}, 4);
    harness.connect();
    const request = harness.subscribe(["a"]);
    expect(harness.takeHex()).toBe("82 06 00 01 00 01 61 01");
    harness.receive("90 03 00 01 80");
    expect(request.outcome).toMatchObject({ reasonCodes: [0x80] });
  });
});

describe("UNSUBSCRIBE", () => {
  it("is answered by UNSUBACK", () => {
    const harness = new MachineHarness();
    harness.connect();
    const request = harness.unsubscribe(["a", "b"]);
    expect(harness.takeHex()).toBe("a2 09 00 01 00 00 01 61 00 01 62");
    harness.receive("b0 05 00 01 00 00 11");
    expect(request.outcome).toMatchObject({ reasonCodes: [0, 0x11] });
  });

  it("UNSUBACK with the wrong number of codes is a protocol error to a strict client", () => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect();
    harness.unsubscribe(["a"]);
    harness.takeHex();
    harness.receive("b0 05 00 01 00 00 00");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
  });

  it("in 3.1.1 is answered by an UNSUBACK without codes", () => {
    const harness = new MachineHarness({}, 4);
    harness.connect();
    const request = harness.unsubscribe(["a"]);
    harness.takeHex();
    harness.receive("b0 02 00 01");
    expect(request.outcome).toMatchObject({ type: "unsuback" });
  });
});

describe("keep alive", () => {
  it("[MQTT-3.1.2-20] sends PINGREQ after silence", () => {
    const harness = new MachineHarness();
    harness.connect({ keepAliveSeconds: 60 });
    expect(harness.machine.deadlineMs).toBe(59_000);
    harness.machine.handleTimeout((harness.nowMs = 58_999));
    expect(harness.takeHex()).toBe("");
    harness.machine.handleTimeout((harness.nowMs = 59_000));
    expect(harness.takeHex()).toBe("c0 00");
    harness.receive("d0 00");
    expect(harness.takeEvents()).toEqual([{ type: "pong" }]);
    expect(harness.machine.deadlineMs).toBe(118_000);
  });

  it("[MQTT-3.2.2-21] is that of the server, if it gives one", () => {
    const harness = new MachineHarness();
    harness.connect({ keepAliveSeconds: 60 }, CONNACK.keepAlive10);
    harness.machine.handleTimeout(10_000);
    expect(harness.takeHex()).toBe("c0 00");
  });

  it("closes the connection when PINGREQ is not answered", () => {
    const harness = new MachineHarness({ pingrespTimeoutMs: 5_000 });
    harness.connect({ keepAliveSeconds: 60 });
    harness.machine.handleTimeout((harness.nowMs = 60_000));
    harness.takeHex();
    harness.machine.handleTimeout((harness.nowMs = 64_999));
    expect(harness.takeEvents()).toEqual([]);
    harness.machine.handleTimeout((harness.nowMs = 65_000));
    expect(harness.takeCloseError()).toMatchObject({ code: "ANAX_TIMEOUT" });
  });

  it("pings although it publishes, when nothing comes back", () => {
    const harness = new MachineHarness();
    harness.connect({ keepAliveSeconds: 60 });
    harness.nowMs = 50_000;
    harness.publish("t");
    harness.takeHex();
    harness.machine.handleTimeout((harness.nowMs = 60_000));
    expect(harness.takeHex()).toBe("c0 00");
  });

  it("lets a large message come over a slow line", () => {
    const harness = new MachineHarness({ pingrespTimeoutMs: 5_000 });
    harness.connect({ keepAliveSeconds: 10 });
    // PUBLISH of 20 005 bytes, 100 a second; the server answers PINGREQ behind it.
    harness.receive("30 a5 9c 01 00 01 74 00");
    for (let second = 1; second < 200; second += 1) {
      harness.nowMs = second * 1_000;
      harness.machine.handleTimeout(harness.nowMs);
      harness.machine.takeOutput(harness.nowMs);
      harness.machine.receive(new Uint8Array(100), harness.nowMs);
    }
    expect(harness.takeEvents()).toEqual([]);
    harness.machine.handleTimeout((harness.nowMs += 5_000));
    expect(harness.takeCloseError()).toMatchObject({ code: "ANAX_TIMEOUT" });
  });

  it("lets a large message go over a slow line", () => {
    const harness = new MachineHarness({ pingrespTimeoutMs: 5_000 });
    harness.connect({ keepAliveSeconds: 10 });
    harness.publish("t", 1, { payload: "x".repeat(100_000) });
    harness.takeHex();
    for (let second = 1; second < 50; second += 1) {
      harness.machine.handleTimeout((harness.nowMs = second * 1_000));
      harness.machine.takeOutput(harness.nowMs);
    }
    expect(harness.takeEvents()).toEqual([]);
    harness.receive("40 02 00 01");
    harness.receive("d0 00");
    expect(harness.takeEvents()).toEqual([{ type: "pong" }]);
    expect(harness.machine.inFlight).toBe(0);
  });

  it("of 0 is off", () => {
    const harness = new MachineHarness();
    harness.connect({ keepAliveSeconds: 0 });
    expect(harness.machine.deadlineMs).toBe(Infinity);
    harness.machine.handleTimeout(1e9);
    expect(harness.takeHex()).toBe("");
  });
});

describe("enhanced authentication", () => {
  const METHOD = { properties: { authenticationMethod: "m" } };
  const CHALLENGE = "f0 0a 18 08 15 00 01 6d 16 00 01 78";

  it("[MQTT-4.12.0-3] answers a challenge by AUTH 0x18 with the same method", () => {
    const harness = new MachineHarness();
    harness.start(METHOD);
    harness.receive(CHALLENGE);
    expect(harness.takeEvents()).toMatchObject([
      { type: "challenged", packet: { properties: { authenticationData: Uint8Array.of(0x78) } } },
    ]);
    harness.machine.authenticate({ data: Uint8Array.of(0x79) });
    expect(harness.takeHex()).toBe("f0 0a 18 08 15 00 01 6d 16 00 01 79");
  });

  it("sends and reads nothing after CONNACK until the server is accepted", () => {
    const harness = new MachineHarness();
    harness.start(METHOD);
    harness.publish("t");
    harness.receive("20 07 00 00 04 15 00 01 6d 30 04 00 01 74 00");
    expect(harness.takeEvents()).toMatchObject([{ type: "authenticated" }]);
    expect(harness.takeHex()).toBe("");
    harness.machine.acceptServer(0);
    harness.machine.readOn(0);
    expect(harness.takeEvents().map(({ type }) => type)).toEqual(["connected", "message"]);
    expect(harness.takeHex()).toBe("30 04 00 01 74 00");
  });

  it.each([
    ["[MQTT-4.12.0-5] AUTH with another method", "f0 06 18 04 15 00 01 6e"],
    ["[MQTT-4.12.0-5] CONNACK with another method", "20 07 00 00 04 15 00 01 6e"],
    ["[MQTT-4.12.0-5] CONNACK without the method", "20 03 00 00 00"],
    ["AUTH that ends what is not a re-authentication", "f0 06 00 04 15 00 01 6d"],
  ])("%s ends the connection", (_, hex) => {
    const harness = new MachineHarness();
    harness.start(METHOD);
    harness.receive(hex);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
  });

  it("[MQTT-4.12.0-6] CONNACK with a method that was not asked for ends the connection", () => {
    const harness = new MachineHarness();
    harness.start();
    harness.receive("20 07 00 00 04 15 00 01 6d");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
  });

  it("[MQTT-4.12.0-7] AUTH without a method in CONNECT ends the connection", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive(CHALLENGE);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
  });

  it("[MQTT-4.12.1-1] authenticates again by AUTH 0x19, until AUTH 0x00", () => {
    const harness = new MachineHarness();
    harness.start(METHOD);
    harness.receive("20 07 00 00 04 15 00 01 6d");
    harness.machine.acceptServer(0);
    harness.machine.readOn(0);
    harness.takeEvents();
    harness.machine.reauthenticate({ data: Uint8Array.of(1) });
    expect(harness.takeHex()).toBe("f0 0a 19 08 15 00 01 6d 16 00 01 01");
    harness.receive(CHALLENGE);
    expect(harness.takeEvents()).toMatchObject([{ type: "challenged" }]);
    harness.receive("f0 06 00 04 15 00 01 6d");
    expect(harness.takeEvents()).toMatchObject([{ type: "authenticated" }]);
  });
});
