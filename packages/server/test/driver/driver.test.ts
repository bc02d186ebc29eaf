import { beforeEach, describe, expect, it } from "vitest";
import { CORE_DEFAULTS } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import type { Wire } from "../../src/core/wire.ts";
import { Admission } from "../../src/driver/admission.ts";
import { SERVER_DEFAULTS } from "../../src/options.ts";
import { Driver } from "../../src/driver/driver.ts";
import { HandlerWaits } from "../../src/driver/handler-waits.ts";
import type { ConnectionSink } from "../../src/ports/listener.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { turns } from "../support/turns.ts";

const PEER = { transport: "test", secure: false };
/** CONNECT of MQTT 3.1.1, client id "t", Keep Alive 10 s. */
const CONNECT = Buffer.from("100d00044d5154540402000a000174", "hex");

class ArrayWire implements Wire {
  readonly writes: string[] = [];
  isEnded = false;
  isDestroyed = false;
  write(bytes: Uint8Array): boolean {
    this.writes.push(Buffer.from(bytes).toString("hex"));
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {
    this.isEnded = true;
  }
  destroy(): void {
    this.isDestroyed = true;
  }
}

let clock: ManualClock;
let hooks: Hooks;
let errors: (Error | undefined)[];
let driver: Driver;

beforeEach(() => {
  clock = new ManualClock();
  hooks = {};
  errors = [];
  driver = new Driver({
    core: { ...CORE_DEFAULTS, connectTimeoutMs: 5_000 },
    hooks,
    waits: new HandlerWaits(),
    clock,
    log: { error: (_message, _fields, error) => errors.push(error) },
    admission: new Admission({ connectionsMax: 10, connectionRatePerAddress: false }, clock),
    store: undefined,
    storage: SERVER_DEFAULTS,
    startTimeoutMs: SERVER_DEFAULTS.startTimeoutMs,
    newClientId: () => "assigned",
  });
  driver.start();
});

function open(): { wire: ArrayWire; sink: ConnectionSink } {
  const wire = new ArrayWire();
  return { wire, sink: driver.open(wire, PEER) };
}

describe("deadlines", () => {
  it("are kept with one timer, whatever the number of connections", () => {
    const peers = [open(), open(), open()];
    expect(clock.pending).toBe(1);
    clock.advance(5_000);
    expect(peers.map(({ wire }) => wire.isEnded)).toEqual([true, true, true]);
  });

  it("follow the clock of the driver: Keep Alive ends a silent client after one and a half times", async () => {
    const { wire, sink } = open();
    sink.received(CONNECT);
    await turns();
    clock.advance(14_000);
    sink.received(Buffer.from("c000", "hex"));
    clock.advance(14_000);
    expect(wire.isEnded).toBe(false);
    clock.advance(2_000);
    expect(wire.isEnded).toBe(true);
  });

  it("that are met late find nobody silent whose packets have arrived meanwhile", async () => {
    const [lively, silent, waiting] = [open(), open(), open()];
    lively.sink.received(CONNECT);
    silent.sink.received(Buffer.from("100d00044d5154540402000a000175", "hex"));
    await turns();
    clock.stall(16_000);
    // The timer has had its turn; sockets have theirs.
    lively.sink.received(Buffer.from("c000", "hex"));
    waiting.sink.received(Buffer.from("100d00044d5154540402000a000177", "hex"));
    await turns();
    expect([lively, silent, waiting].map(({ wire }) => wire.isEnded)).toEqual([false, true, false]);
    expect(lively.wire.writes.at(-1)).toBe("d000");
    clock.stall(16_000);
    await turns();
    expect(lively.wire.isEnded).toBe(true);
  });

  it("leave no timer when the driver has stopped", async () => {
    const { wire, sink } = open();
    const stopped = driver.stop({ reasonCode: 0x8b }, 1_000);
    expect(wire.isEnded).toBe(true);
    sink.closed();
    await stopped;
    sink.drained();
    expect(clock.pending).toBe(0);
  });
});

describe("output", () => {
  it("of one turn of the loop is one write", async () => {
    const { wire, sink } = open();
    sink.received(CONNECT);
    sink.received(Buffer.from("c000", "hex"));
    sink.received(Buffer.from("c000", "hex"));
    expect(wire.writes).toEqual([]);
    await turns(1);
    expect(wire.writes).toEqual(["20020000d000d000"]);
  });

  it("for others does not wait for the end of a turn in which thousands are read, answers do", async () => {
    const [receiver, publisher, ...crowd] = Array.from({ length: 10 }, open);
    // Each with an identifier of its own; the first subscribes to `a`.
    for (const [index, peer] of [receiver, publisher, ...crowd].entries())
      peer?.sink.received(Buffer.from(`100d00044d5154540402000a0001${61 + index}`, "hex"));
    receiver?.sink.received(Buffer.from("8206000100016100", "hex"));
    await turns(1);
    publisher?.sink.received(Buffer.from("3003000161", "hex"));
    expect(receiver?.wire.writes).toHaveLength(1);
    const reads: number[] = [];
    for (const { sink } of crowd) {
      clock.stall(1);
      sink.received(Buffer.from("c000", "hex"));
      reads.push(receiver?.wire.writes.length ?? 0);
    }
    expect(reads).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    expect(receiver?.wire.writes.at(-1)).toBe("3003000161");
    expect(crowd.map(({ wire }) => wire.writes.length)).toEqual(crowd.map(() => 1));
    await turns(1);
    expect(crowd.map(({ wire }) => wire.writes.at(-1))).toEqual(crowd.map(() => "d000"));
  });
});

describe("what a handler asks of the server", () => {
  it("waits until the packet that called the handler is done", async () => {
    const order: string[] = [];
    hooks.interceptingPublish = ({ applicationMessage }) => {
      order.push(`intercepting ${applicationMessage?.topic}`);
      if (applicationMessage?.topic !== "a") return undefined;
      const answer = { topic: "b", payload: new Uint8Array(), qos: 0, retain: false } as const;
      void driver.inject(answer, {}).then(() => order.push("injected b"));
      order.push("handler of a is done");
      return undefined;
    };
    const { sink } = open();
    sink.received(CONNECT);
    sink.received(Buffer.from("3003000161", "hex"));
    expect(order).toEqual(["intercepting a", "handler of a is done", "intercepting b"]);
    await turns(1);
    expect(order.at(-1)).toBe("injected b");
  });

  it("is told even if the connection closes inside the handler", () => {
    const { sink } = open();
    let disconnected = 0;
    hooks.interceptingInboundPacket = ({ packet }) => {
      if (packet.type === "pingreq") sink.closed();
      return undefined;
    };
    hooks.clientDisconnected = () => {
      disconnected += 1;
      return undefined;
    };
    sink.received(CONNECT);
    sink.received(Buffer.from("c000", "hex"));
    expect(disconnected).toBe(1);
  });
});

describe("a defect inside", () => {
  it("ends one connection and no other", () => {
    const [broken, whole] = [open(), open()];
    hooks.interceptingInboundPacket = (event) => {
      if (event.peer === PEER && event.clientId === "t") throw new Error("a hook must not throw");
      return undefined;
    };
    broken.sink.received(CONNECT);
    broken.sink.received(Buffer.from("c000", "hex"));
    expect(errors.length).toBeGreaterThan(0);
    expect(broken.wire.isDestroyed || broken.wire.isEnded).toBe(true);
    expect(whole.wire.isDestroyed || whole.wire.isEnded).toBe(false);
  });
});

describe("stopping", () => {
  it("cuts at its deadline what has not closed", async () => {
    const { wire, sink } = open();
    sink.received(CONNECT);
    const stopped = driver.stop({ reasonCode: 0x8b }, 1_000);
    clock.advance(1_000);
    await stopped;
    expect(wire.isDestroyed).toBe(true);
  });

  it("lets nobody in any more", async () => {
    await driver.stop({ reasonCode: 0x8b }, 1_000);
    expect(driver.admit("192.0.2.1")).toBe(false);
    expect(open().wire.isDestroyed).toBe(true);
  });
});
