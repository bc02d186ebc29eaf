import type { Packet } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { acknowledgement, CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

/** What the system takes to acknowledge bytes that nothing answers. */
const DELAY_MS = 40;

/** A client that is subscribed to what it publishes. */
class Echo {
  readonly harness = new CoreHarness();
  readonly peer: ScriptedPeer = this.harness.connect("c", { protocolVersion: 4 });
  #identifier = 0;

  constructor() {
    subscribe(this.peer, { topicFilter: "t", qos: 1 });
  }

  /** Publishes one message. Gives the types of what comes at once. */
  publish(): string[] {
    this.#identifier += 1;
    this.peer.send(publishPacket("t", "x", { qos: 1, packetIdentifier: this.#identifier }));
    return this.#types();
  }

  /** Acknowledges what it was sent. Gives the types of what comes at once. */
  acknowledge(): string[] {
    this.peer.send(acknowledgement("puback", this.#identifier));
    return this.#types();
  }

  #types(): string[] {
    return this.peer.receive().map(({ type }) => type);
  }

  /** A publish that waits for a delayed acknowledgement, several times. */
  beDelayed(times = 4): void {
    for (let time = 0; time < times; time += 1) {
      this.publish();
      this.acknowledge();
      this.harness.advance(DELAY_MS);
    }
  }
}

describe("a client that publishes one message at a time to what it is subscribed to", () => {
  it("gets message and PUBACK at once", () => {
    const echo = new Echo();
    for (let time = 0; time < 10; time += 1) {
      expect(echo.publish()).toEqual(["publish", "puback"]);
      expect(echo.acknowledge()).toEqual([]);
      echo.harness.advance(1);
    }
  });

  it("gets PUBACK with its own acknowledgement, if its packets are held up by Nagle's algorithm", () => {
    const echo = new Echo();
    echo.beDelayed();
    for (let time = 0; time < 10; time += 1) {
      expect(echo.publish()).toEqual(["publish"]);
      expect(echo.acknowledge()).toEqual(["puback"]);
    }
  });

  it("is noticed if only every second of its packets is held up", () => {
    const echo = new Echo();
    for (let time = 0; time < 8; time += 1) {
      echo.publish();
      echo.acknowledge();
      if (time % 2 === 0) echo.harness.advance(DELAY_MS);
    }
    expect(echo.publish()).toEqual(["publish"]);
  });

  it("[MQTT-4.6.0-2] gets PUBACK before that of its next message, which it may send first", () => {
    const echo = new Echo();
    echo.beDelayed();
    echo.publish();
    expect(echo.publish()).toEqual(["puback", "publish"]);
    expect(echo.acknowledge()).toEqual(["puback"]);
  });

  it("waits for PUBACK a short time only, if it does not answer, and is then treated as others", () => {
    const echo = new Echo();
    echo.beDelayed();
    expect(echo.publish()).toEqual(["publish"]);
    echo.harness.advance(20);
    expect(echo.peer.receive().map(({ type }) => type)).toEqual(["puback"]);
    expect(echo.publish()).toEqual(["publish", "puback"]);
  });

  it("gets PUBACK before it is sent away, and no harm is done when it goes", () => {
    const echo = new Echo();
    echo.beDelayed();
    echo.publish();
    echo.harness.core.disconnectAll({ reasonCode: 0x8b });
    echo.harness.settle();
    expect(echo.peer.receive().map(({ type }) => type)).toEqual(["puback"]);

    const gone = new Echo();
    gone.beDelayed();
    gone.publish();
    gone.peer.cut();
    gone.harness.advance(100);
    expect(gone.harness.reports).toEqual([]);
  });
});

describe("the same at QoS 2", () => {
  it("has one thing to answer at a time", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", { protocolVersion: 4 });
    subscribe(peer, "t");
    const types = (packet: Packet): string[] => {
      peer.send(packet);
      return peer.receive().map(({ type }) => type);
    };
    const round = (identifier: number): string[][] => [
      types(publishPacket("t", "x", { qos: 2, packetIdentifier: identifier })),
      types(acknowledgement("pubrec", identifier)),
      types(acknowledgement("pubrel", identifier)),
      types(acknowledgement("pubcomp", identifier)),
    ];
    expect(round(1)).toEqual([["publish", "pubrec"], ["pubrel"], ["pubcomp"], []]);
    for (let identifier = 2; identifier < 6; identifier += 1) {
      harness.advance(DELAY_MS);
      round(identifier);
    }
    expect(round(6)).toEqual([["publish"], ["pubrec"], ["pubrel"], ["pubcomp"]]);
  });
});

describe("other output to a client that is held up", () => {
  it("is not kept behind what needs no answer", () => {
    const echo = new Echo();
    echo.beDelayed();
    echo.publish();
    echo.acknowledge();
    for (const payload of ["1", "2", "3"].map((text) => new TextEncoder().encode(text)))
      echo.harness.inject({ topic: "t", payload });
    expect(echo.peer.receiveTexts()).toEqual(["1", "2", "3"]);
  });

  it("is kept a short time only, and lost never", () => {
    const echo = new Echo();
    echo.beDelayed();
    for (let count = 0; count < 10; count += 1) echo.harness.inject({ topic: "t", qos: 1 });
    expect(echo.peer.receive()).toHaveLength(1);
    echo.harness.advance(20);
    // What is sent then is to be answered too.
    for (let count = 0; count < 20; count += 1) echo.harness.advance(20);
    expect(echo.peer.receive()).toHaveLength(9);
  });

  it("is written at once where there is much of it", () => {
    const echo = new Echo();
    echo.beDelayed();
    echo.publish();
    echo.harness.inject({ topic: "t", qos: 1, payload: new Uint8Array(5_000) });
    expect(echo.peer.receive().map(({ type }) => type)).toEqual(["puback", "publish"]);
  });
});
