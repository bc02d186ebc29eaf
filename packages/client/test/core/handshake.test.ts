/** From CONNECT to CONNACK, and what a server may not do on the way. */
import { describe, expect, it } from "vitest";
import { MachineHarness, bytesOf, hexOf } from "./machine-harness.ts";

describe("CONNECT", () => {
  it("[MQTT-3.1.0-1] is the first packet of a connection", () => {
    const { machine } = new MachineHarness();
    const connect = { clientId: "c", cleanStart: true, keepAliveSeconds: 60 };
    machine.start({ type: "connect", protocolVersion: 5, ...connect });
    const bytes = machine.takeOutput(0) ?? new Uint8Array();
    expect(hexOf(bytes)).toBe("10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 63");
  });

  it("[MQTT-3.1.2-30] with an Authentication Method is followed by nothing before CONNACK", () => {
    const harness = new MachineHarness();
    harness.start({ properties: { authenticationMethod: "m" } });
    harness.publish("t");
    harness.subscribe(["a"]);
    expect(harness.takeHex()).toBe("");
    harness.receive("20 07 00 00 04 15 00 01 6d");
    harness.machine.acceptServer(0);
    expect(harness.takeHex()).toBe("82 07 00 01 00 00 01 61 01 30 04 00 01 74 00");
  });
});

describe("CONNACK", () => {
  it("tells what the server offers, with the defaults of the specification", () => {
    const harness = new MachineHarness();
    harness.start();
    harness.receive("20 03 00 00 00");
    expect(harness.takeEvents()).toMatchObject([
      {
        type: "connected",
        result: {
          sessionPresent: false,
          maximumQos: 2,
          retainAvailable: true,
          receiveMaximum: 65_535,
          topicAliasMaximum: 0,
          keepAliveSeconds: 0,
          clientId: "c",
        },
      },
    ]);
  });

  it("[MQTT-3.1.3-6] with an assigned Client Identifier gives the client that one", () => {
    const harness = new MachineHarness();
    harness.start({ clientId: "" });
    harness.receive("20 07 00 00 04 12 00 01 78");
    expect(harness.takeEvents()).toMatchObject([{ result: { clientId: "x" } }]);
  });

  it("of 0x80 or above refuses, and the connection is closed without DISCONNECT", () => {
    const harness = new MachineHarness();
    harness.start();
    harness.receive("20 03 00 87 00");
    expect(harness.takeCloseError()).toMatchObject({
      name: "MqttConnectError",
      code: "ANAX_CONNECT_FAILED",
      reasonCode: 0x87,
    });
    expect(harness.takeHex()).toBe("");
  });

  it("of 3.1.1 that refuses has its return code as a Reason Code", () => {
    const harness = new MachineHarness({}, 4);
    harness.start();
    harness.receive("20 02 00 05");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x87 });
  });

  it("[MQTT-3.2.2-4] with Session Present after Clean Start closes the connection", () => {
    const harness = new MachineHarness();
    harness.start({ cleanStart: true });
    harness.receive("20 03 01 00 00");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
    expect(harness.takeHex()).toBe("e0 01 82");
  });

  it("[MQTT-3.2.2-6] that refuses with Session Present is a protocol error", () => {
    const harness = new MachineHarness();
    harness.start({ cleanStart: false });
    harness.receive("20 03 01 87 00");
    expect(harness.takeCloseError()).toMatchObject({ name: "MqttConnectError" });
  });

  it("[MQTT-3.2.0-2] that comes twice is a protocol error", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive("20 03 00 00 00");
    expect(harness.takeCloseError()).toMatchObject({
      name: "MqttDisconnectedError",
      reasonCode: 0x82,
    });
    expect(harness.takeHex()).toBe("e0 01 82");
  });

  it("holds back what comes behind it until the application is ready", () => {
    const harness = new MachineHarness();
    harness.start();
    harness.receive("20 03 00 00 00 30 04 00 01 74 00");
    expect(harness.takeEvents().map(({ type }) => type)).toEqual(["connected"]);
    harness.receive("30 04 00 01 75 00");
    expect(harness.takeEvents()).toEqual([]);
    harness.machine.readOn(0);
    expect(harness.takeEvents()).toMatchObject([{ topic: "t" }, { topic: "u" }]);
  });
});

describe("[MQTT-3.2.0-1] before CONNACK, a server that sends", () => {
  it.each([
    ["PUBLISH", "30 04 00 01 74 00"],
    ["SUBACK", "90 04 00 01 00 00"],
    ["PINGRESP", "d0 00"],
    ["AUTH without a method of ours", "f0 00"],
  ])("%s is left", (_, hex) => {
    const harness = new MachineHarness();
    harness.start();
    harness.receive(hex);
    expect(harness.takeCloseError()).toMatchObject({ name: "MqttConnectError", reasonCode: 0x82 });
  });

  it("DISCONNECT is understood as a refusal", () => {
    const harness = new MachineHarness();
    harness.start();
    harness.receive("e0 01 8b");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x8b });
  });
});

describe("packets that only clients send", () => {
  it.each([
    ["CONNECT", "10 0d 00 04 4d 51 54 54 05 02 00 00 00 00 00"],
    ["SUBSCRIBE", "82 07 00 01 00 00 01 61 00"],
    ["UNSUBSCRIBE", "a2 06 00 01 00 00 01 61"],
    ["PINGREQ", "c0 00"],
  ])("%s from a server is a protocol error", (_, hex) => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive(hex);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
    expect(harness.takeHex()).toBe("e0 01 82");
  });

  it("DISCONNECT from a server of 3.1.1 is a protocol error, and no DISCONNECT answers it", () => {
    const harness = new MachineHarness({}, 4);
    harness.connect();
    harness.receive("e0 00");
    expect(harness.takeCloseError()).toMatchObject({ name: "MqttDisconnectedError" });
    expect(harness.takeHex()).toBe("");
  });
});

describe("bytes that are no packets", () => {
  it.each([
    ["packet type 0", "00 00", 0x81],
    ["wrong flags [MQTT-2.1.3-1]", "41 02 00 01", 0x81],
    ["a Remaining Length of five bytes", "30 ff ff ff ff 01", 0x81],
    ["QoS 3 [MQTT-3.3.1-4]", "36 04 00 01 74 00", 0x81],
    ["a wildcard in a Topic Name [MQTT-3.3.2-2]", "30 06 00 03 61 2f 23 00", 0x90],
    ["PINGRESP with a body", "d0 01 00", 0x81],
  ])("%s ends the connection of a strict client with its Reason Code", (_, hex, reasonCode) => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect();
    harness.receive(hex);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode });
    expect(harness.takeHex()).toBe(`e0 01 ${reasonCode.toString(16)}`);
  });

  it("are not read further, whatever comes", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive("00 00 30 04 00 01 74 00");
    harness.takeCloseError();
    harness.receive("30 04 00 01 74 00");
    expect(harness.takeEvents()).toEqual([]);
  });

  it("[MQTT-3.1.2-24] an oversize packet is refused by its header, before it has come", () => {
    const harness = new MachineHarness();
    harness.connect({ properties: { maximumPacketSize: 100 } });
    harness.receive("30 ff 7f");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x95 });
    expect(harness.takeHex()).toBe("e0 01 95");
  });

  it("whole packets that come byte by byte are understood", () => {
    const harness = new MachineHarness();
    harness.connect();
    for (const byte of bytesOf("30 07 00 01 74 00 61 62 63 d0 00")) {
      harness.machine.receive(Uint8Array.of(byte), 0);
    }
    expect(harness.takeEvents()).toMatchObject([{ topic: "t", text: "abc" }, { type: "pong" }]);
  });
});

describe("DISCONNECT", () => {
  it("of the server ends the connection with its Reason Code and words", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive("e0 07 8e 05 1f 00 02 68 69");
    expect(harness.takeCloseError()).toMatchObject({
      name: "MqttDisconnectedError",
      reasonCode: 0x8e,
      reasonString: "hi",
    });
    expect(harness.takeHex()).toBe("");
  });

  it("[MQTT-3.14.2-2] of a server with a Session Expiry Interval is a protocol error", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive("e0 07 00 05 11 00 00 00 01");
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
  });

  it("[MQTT-3.14.4-1] of the client is its last packet", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.publish("t");
    harness.machine.disconnect({ type: "disconnect", reasonCode: 0 });
    harness.publish("u");
    expect(harness.takeHex()).toBe("30 04 00 01 74 00 e0 00");
    harness.receive("30 04 00 01 74 00");
    expect(harness.takeEvents()).toEqual([]);
  });
});

describe("[MQTT-3.14.2-3] DISCONNECT whose words are too long for the server", () => {
  it("goes without them", () => {
    const harness = new MachineHarness();
    harness.connect({}, "20 08 00 00 05 27 00 00 00 10");
    harness.machine.disconnect({
      type: "disconnect",
      reasonCode: 4,
      properties: { sessionExpiryIntervalSeconds: 1, reasonString: "more than sixteen bytes" },
    });
    expect(harness.takeHex()).toBe("e0 07 04 05 11 00 00 00 01");
  });
});

describe("[MQTT-3.1.2-29] who asked for no problem information", () => {
  it.each([
    ["PUBACK", "40 0a 00 01 00 06 1f 00 03 61 62 63"],
    ["SUBACK", "90 0a 00 01 06 1f 00 03 61 62 63 00"],
  ])("leaves a server that gives it in %s, if strict", (_, hex) => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect({ properties: { requestProblemInformation: false } });
    harness.publish("t", 1);
    harness.receive(hex);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x82 });
  });
});
