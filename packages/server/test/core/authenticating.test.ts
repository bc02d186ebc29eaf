import { describe, expect, it } from "vitest";
import type { AuthPacket } from "@anax/protocol";
import type { ValidatingConnection } from "../../src/core/hooks/connection-events.ts";
import type { HookResult } from "../../src/core/pending.ts";
import { CoreHarness, Later, publishPacket, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const METHOD = { authenticationMethod: "test" };

function auth(reasonCode: number, data?: string, method = "test"): AuthPacket {
  const authenticationData = data === undefined ? undefined : new TextEncoder().encode(data);
  const properties = {
    authenticationMethod: method,
    ...(authenticationData && { authenticationData }),
  };
  return { type: "auth", reasonCode, properties };
}

/** Lets in who answers "yes" to one question; a second exchange asks again. */
class Doorkeeper {
  readonly answers: (string | undefined)[] = [];
  readonly later: Later[] = [];

  readonly validate = (args: ValidatingConnection): HookResult => {
    const later = new Later();
    this.later.push(later);
    args.exchange?.send({ authenticationData: new TextEncoder().encode("?") }, (packet) => {
      const data = packet?.properties?.authenticationData;
      this.answers.push(data && new TextDecoder().decode(data));
      if (this.answers.at(-1) !== "yes") args.reasonCode = 0x87;
    });
    return later;
  };

  /** The handler is done with the last answer. */
  decide(harness: CoreHarness): void {
    this.later.at(-1)?.settle();
    harness.settle();
  }
}

function guarded(): { harness: CoreHarness; door: Doorkeeper; enter(): ScriptedPeer } {
  const door = new Doorkeeper();
  const harness = new CoreHarness();
  const enter = (): ScriptedPeer => {
    const peer = harness.connecting("c", { properties: METHOD });
    peer.receiveOne("auth");
    peer.send(auth(0x18, "yes"));
    door.decide(harness);
    peer.receiveOne("connack");
    return peer;
  };
  harness.core.hooks.validatingConnection = door.validate;
  return { harness, door, enter };
}

describe("enhanced authentication at CONNECT", () => {
  it("[MQTT-4.12.0-2] [MQTT-4.12.0-3] AUTH goes back and forth before CONNACK", () => {
    const { harness, door } = guarded();
    const peer = harness.connecting("c", { properties: METHOD });
    const question = peer.receiveOne("auth");
    expect(question.reasonCode).toBe(0x18);
    expect(question.properties?.authenticationMethod).toBe("test");
    peer.send(auth(0x18, "yes"));
    expect(peer.receive()).toEqual([]);
    door.decide(harness);
    const connack = peer.receiveOne("connack");
    expect(connack.reasonCode).toBe(0);
    expect(connack.properties?.authenticationMethod).toBe("test");
  });

  it("[MQTT-4.12.0-4] a wrong answer is refused", () => {
    const { harness, door } = guarded();
    const peer = harness.connecting("c", { properties: METHOD });
    peer.receiveOne("auth");
    peer.send(auth(0x18, "no"));
    door.decide(harness);
    expect(peer.receiveOne("connack").reasonCode).toBe(0x87);
    expect(peer.isClosed).toBe(true);
  });

  it("[MQTT-4.12.0-5] another method in AUTH is a Protocol Error", () => {
    const { harness } = guarded();
    const peer = harness.connecting("c", { properties: METHOD });
    peer.receiveOne("auth");
    peer.send(auth(0x18, "yes", "other"));
    expect(peer.receiveOne("connack").reasonCode).toBe(0x82);
    expect(peer.isClosed).toBe(true);
  });

  it("[MQTT-3.1.2-30] PUBLISH before CONNACK is a Protocol Error, DISCONNECT is none", () => {
    const { harness } = guarded();
    const publisher = harness.connecting("c", { properties: METHOD });
    publisher.receiveOne("auth");
    publisher.send(publishPacket("a", ""));
    expect(publisher.receiveOne("connack").reasonCode).toBe(0x82);
    const leaver = harness.connecting("d", { properties: METHOD });
    leaver.receiveOne("auth");
    leaver.send({ type: "disconnect", reasonCode: 0 });
    expect(leaver.receive()).toEqual([]);
    expect(leaver.isClosed).toBe(true);
  });

  it("the handler is told when the client goes away", () => {
    const { harness, door } = guarded();
    const peer = harness.connecting("c", { properties: METHOD });
    peer.cut();
    door.decide(harness);
    expect(door.answers).toEqual([undefined]);
    expect(harness.core.sessions.size).toBe(0);
  });

  it("[MQTT-4.12.0-1] without a handler the method is refused with 0x8C", () => {
    const peer = new CoreHarness().connecting("c", { properties: METHOD });
    expect(peer.receiveOne("connack").reasonCode).toBe(0x8c);
  });

  it("the first packet waits until clientConnected is done, also after an exchange", () => {
    const { harness, door } = guarded();
    const connected = new Later();
    harness.core.hooks.clientConnected = () => connected;
    const peer = harness.connecting("c", { properties: METHOD });
    peer.send(auth(0x18, "yes"));
    door.decide(harness);
    peer.send({ type: "pingreq" });
    expect(peer.receive().map(({ type }) => type)).toEqual(["auth", "connack"]);
    connected.settle();
    harness.settle();
    expect(peer.receiveOne("pingresp")).toEqual({ type: "pingresp" });
  });
});

describe("re-authentication", () => {
  it("[MQTT-4.12.1-1] AUTH 0x19 starts it, and it ends with AUTH 0x00", () => {
    const { harness, door, enter } = guarded();
    const peer = enter();
    peer.send(auth(0x19));
    expect(peer.receiveOne("auth").reasonCode).toBe(0x18);
    peer.send(auth(0x18, "yes"));
    door.decide(harness);
    expect(peer.receiveOne("auth").reasonCode).toBe(0);
    peer.send({ type: "pingreq" });
    peer.receiveOne("pingresp");
  });

  it("[MQTT-4.12.1-2] that fails ends the connection", () => {
    const { harness, door, enter } = guarded();
    const peer = enter();
    peer.send(auth(0x19));
    peer.receiveOne("auth");
    peer.send(auth(0x18, "no"));
    door.decide(harness);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x87);
  });

  it("other packets go on meanwhile", () => {
    const { enter } = guarded();
    const peer = enter();
    peer.send(auth(0x19), { type: "pingreq" });
    expect(peer.receive().map(({ type }) => type)).toEqual(["auth", "pingresp"]);
  });

  it("packets keep their order, also while an interceptor waits", () => {
    const { harness, enter } = guarded();
    const peer = enter();
    harness.core.hooks.validatingConnection = (args) => {
      args.exchange?.send({}, () => undefined);
      return new Later();
    };
    subscribe(peer, "a");
    const waits: Later[] = [];
    harness.core.hooks.interceptingPublish = () => {
      const later = new Later();
      waits.push(later);
      return later;
    };
    peer.send(auth(0x19), publishPacket("a", "1"), publishPacket("a", "2"));
    expect(waits).toHaveLength(1);
    waits[0]?.settle();
    harness.settle();
    waits[1]?.settle();
    harness.settle();
    expect(
      peer
        .receive()
        .flatMap((packet) =>
          packet.type === "publish" ? [new TextDecoder().decode(packet.payload)] : [],
        ),
    ).toEqual(["1", "2"]);
  });

  it("without a method in CONNECT it is a Protocol Error [MQTT-4.12.0-7]", () => {
    const peer = new CoreHarness().connect("c");
    peer.send(auth(0x19));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x82);
  });
});
