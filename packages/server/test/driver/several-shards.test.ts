/** Several servers of a cluster in one process, each with a core, a store and timers of its own. */
import { MemoryMedium, MemoryStore } from "@anax/server/contracts";
import type { Packet } from "@anax/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { CORE_DEFAULTS } from "../../src/core/core-options.ts";
import type { Wire } from "../../src/core/wire.ts";
import { Admission } from "../../src/driver/admission.ts";
import { Driver } from "../../src/driver/driver.ts";
import { HandlerWaits } from "../../src/driver/handler-waits.ts";
import { SERVER_DEFAULTS } from "../../src/options.ts";
import type { ConnectionSink } from "../../src/ports/listener.ts";
import { connectPacket, lasting, publishPacket, subscribePacket } from "../support/core-harness.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { turns } from "../support/turns.ts";
import { decodePacket, encodePacket, Framer } from "@anax/protocol";

const PEER = { transport: "test", secure: false };
const SHARDS = 3;
const running = new Set<Driver>();

afterEach(async () => {
  for (const driver of running) await stop(driver);
});

async function start(shard: number, medium: MemoryMedium, epoch: number): Promise<Driver> {
  const clock = new ManualClock();
  const driver = new Driver({
    core: CORE_DEFAULTS,
    hooks: {},
    waits: new HandlerWaits(),
    clock,
    log: {},
    admission: new Admission({ connectionsMax: 10, connectionRatePerAddress: false }, clock),
    store: new MemoryStore(medium),
    storage: SERVER_DEFAULTS,
    startTimeoutMs: SERVER_DEFAULTS.startTimeoutMs,
    newClientId: () => "assigned",
    peers: { cluster: "c", shard, shards: SHARDS, epoch },
  });
  await driver.load();
  driver.start();
  running.add(driver);
  return driver;
}

async function stop(driver: Driver): Promise<void> {
  running.delete(driver);
  await driver.stop({ reasonCode: 0x8b }, 0);
  await driver.unload();
}

/** Two wires that carry bytes to each other, a turn later. */
function link(one: Driver, other: Driver): void {
  const sinks: (ConnectionSink | undefined)[] = [];
  const wireTo = (index: number): Wire => ({
    write(bytes) {
      const copy = bytes.slice();
      queueMicrotask(() => sinks[index]?.received(copy));
      return true;
    },
    pause() {},
    resume() {},
    end() {
      queueMicrotask(() => {
        for (const sink of sinks) sink?.closed();
      });
    },
    destroy() {},
  });
  sinks.push(one.openLink(wireTo(1), PEER), other.openLink(wireTo(0), PEER));
}

/** A client with a lasting session. */
class Client {
  readonly packets: Packet[] = [];
  readonly #sink: ConnectionSink;
  readonly #framer = new Framer(Infinity);

  constructor(driver: Driver, clientId: string) {
    const wire: Wire = {
      write: (bytes) => {
        this.#framer.push(bytes);
        while (this.#framer.next()) {
          const { firstByte, bytes: array, bodyStart, end } = this.#framer;
          this.packets.push(decodePacket(firstByte, array, bodyStart, end, 5));
        }
        this.#framer.release();
        return true;
      },
      pause() {},
      resume() {},
      end: () => queueMicrotask(() => this.#sink.closed()),
      destroy() {},
    };
    this.#sink = driver.open(wire, PEER);
    this.send(connectPacket({ clientId, ...lasting() }));
  }

  send(packet: Packet): void {
    this.#sink.received(Buffer.from(encodePacket(packet, 5)));
  }

  /** Types of what has come, and the texts of messages. */
  get story(): string[] {
    return this.packets.map((packet) =>
      packet.type === "publish" ? new TextDecoder().decode(packet.payload) : packet.type,
    );
  }
}

describe("shards in one process", () => {
  it("share nothing but their links, and one that starts again goes on", async () => {
    const media = Array.from({ length: SHARDS }, () => new MemoryMedium());
    const [a, b, c] = await Promise.all(media.map((medium, shard) => start(shard, medium, 1)));
    if (a === undefined || b === undefined || c === undefined) throw new Error("not started");
    link(a, b);
    link(a, c);
    link(b, c);
    const s = new Client(b, "s");
    await turns(5);
    s.send(subscribePacket("t"));
    await turns(10);
    expect(s.story).toEqual(["connack", "suback"]);
    const p = new Client(a, "p");
    await turns(5);
    p.send(publishPacket("t", "one", { qos: 1, packetIdentifier: 1 }));
    await turns(10);
    expect(p.story).toEqual(["connack", "puback"]);
    expect(s.story).toEqual(["connack", "suback", "one"]);
    expect(c.core.sessions.size).toBe(0);
    await stop(b);
    p.send(publishPacket("t", "two", { qos: 1, packetIdentifier: 2 }));
    await turns(10);
    expect(p.story).toEqual(["connack", "puback", "puback"]);
    const again = await start(1, media[1] ?? new MemoryMedium(), 2);
    link(a, again);
    link(c, again);
    const back = new Client(again, "s");
    await turns(10);
    expect(back.story).toEqual(["connack", "one", "two"]);
    expect(a.core.peers?.session(1)?.epoch).toBe(2);
  });
});
