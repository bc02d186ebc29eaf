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
