/** A Will whose handlers take their time: it stays owed until it is published, whatever becomes of session and server. */
import type { ConnectPacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { inspectStore } from "../../src/inspection/index.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import {
  acknowledgement,
  lasting,
  Later,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import { textOf } from "../support/scripted-peer.ts";

function withWill(text: string, fields: Partial<ConnectPacket>): Partial<ConnectPacket> {
  const payload = new TextEncoder().encode(text);
  return { ...fields, will: { topic: "will", payload, qos: 1, retain: true } };
}

const CLEAN: Partial<ConnectPacket> = { cleanStart: true, properties: {} };

/** A server with a session "s" that wants Wills, and a handler that answers when a test wants it. */
class Server {
  readonly asked: string[] = [];
  readonly hooks: Hooks = {};
  readonly durable: DurableServer;
  #waiting: Later[] = [];

  constructor() {
    this.durable = new DurableServer({}, { isLog: true }, this.hooks);
    const s = this.durable.harness.connect("s", lasting(1_000_000));
    subscribe(s, { topicFilter: "#", qos: 1 });
    s.cut();
    this.hooks.interceptingPublish = ({ applicationMessage }) => {
      this.asked.push(textOf(applicationMessage?.payload ?? new Uint8Array(0)));
      const later = new Later();
      this.#waiting.push(later);
      return later;
    };
  }

  answer(): void {
    const later = this.#waiting.shift();
    if (later === undefined) throw new Error("nothing was asked");
    later.settle();
    this.durable.harness.settle();
  }

  crash(): void {
    this.#waiting = [];
    this.durable.crash();
  }

  /** What the session "s" has got. */
  got(): string[] {
    const s = this.durable.harness.connect("s", lasting(1_000_000));
    const publishes = s.receivePublishes();
    for (const { packetIdentifier } of publishes)
      s.send(acknowledgement("puback", packetIdentifier));
    s.cut();
    this.durable.commit();
    return publishes.map(({ payload }) => textOf(payload));
  }
}

/** What may happen while the handler of the Will works. */
const MEANWHILE: Record<string, (server: Server) => void> = {
  "nothing happens": () => undefined,
  "the client is back": ({ durable }) => void durable.harness.connect("c", lasting()),
  "the client is back with another Will": ({ durable }) =>
    void durable.harness.connect("c", withWill("other", lasting())),
  "the client begins anew": ({ durable }) =>
    void durable.harness.connect("c", { ...lasting(), cleanStart: true }),
  "the tables are written": ({ durable }) => durable.checkpoint(),
  "everything is written anew": ({ durable }) => durable.checkpoint("everything"),
  "the server dies before, and everything is written anew": (server) => {
    server.crash();
    server.durable.checkpoint("everything");
    server.asked.pop();
  },
  "the client is back, and the tables are written": ({ durable }) => {
    durable.harness.connect("c", lasting());
    durable.checkpoint();
  },
  "the session ends": ({ durable }) => durable.harness.advance(3_601_000),
};

describe.each([
  ["a session that lasts", lasting()],
  ["a session that ends with its connection", CLEAN],
])("[MQTT-3.1.2-8] a due Will of %s", (_name, session) => {
  it.each(Object.entries(MEANWHILE))(
    "is published after a restart if the server dies, and %s",
    (_what, happens) => {
      const server = new Server();
      server.durable.harness.connect("c", withWill("gone", session)).cut();
      expect(server.asked).toEqual(["gone"]);
      happens(server);
      server.durable.commit();
      server.crash();
      expect(server.asked.slice(0, 2)).toEqual(["gone", "gone"]);
      server.answer();
      expect(server.got()).toEqual(["gone"]);
      server.crash();
      expect(server.got()).toEqual([]);
      expect(server.asked.filter((text) => text === "gone")).toHaveLength(2);
    },
  );

  it("leaves the store in the commit that publishes it", () => {
    for (const isMade of [true, false]) {
      const server = new Server();
      server.durable.harness.connect("c", withWill("gone", session)).cut();
      server.durable.commit();
      server.durable.isCommitting = false;
      server.answer();
      const commit = server.durable.take();
      if (commit !== undefined && isMade) server.durable.apply(commit);
      server.durable.isCommitting = true;
      server.crash();
      expect(server.asked).toHaveLength(isMade ? 1 : 2);
      if (!isMade) server.answer();
      expect(server.got()).toEqual(["gone"]);
      expect(server.durable.harness.core.retained.count).toBe(1);
    }
  });

  it("is owed still when the server gives up its works, and is counted until then", () => {
    const server = new Server();
    server.durable.harness.connect("c", withWill("gone", session)).cut();
    const { core } = server.durable.harness;
    expect(core.works.count).toBe(1);
    expect(core.works.abandonAll()).toMatchObject([{ owner: "c", what: "Will" }]);
    expect(core.works.count).toBe(0);
    expect(server.durable.harness.reports).toEqual([]);
    server.durable.commit();
    server.crash();
    server.answer();
    expect(server.got()).toEqual(["gone"]);
  });
});

describe("a due Will", () => {
  it("is in the store apart from its session, which is shown once, and without a fault", () => {
    const server = new Server();
    server.durable.harness.connect("c", withWill("gone", lasting())).cut();
    server.durable.harness.connect("c", withWill("other", lasting()));
    server.durable.checkpoint();
    const { sessions, batches } = server.durable.medium;
    const contents = inspectStore((visitor) => {
      for (const [key, row] of sessions) visitor.session(key, row);
      for (const [position, bytes] of batches) visitor.batch(position, bytes);
    });
    expect(contents.faults).toEqual([]);
    expect(contents.counts).toMatchObject({ sessions: 2, wills: 2 });
    expect(Array.from(contents.sessions(), ({ clientId }) => clientId).toSorted()).toEqual([
      "c",
      "s",
    ]);
  });

  it("is published after what its client published, and before what it publishes then", () => {
    const server = new Server();
    const { harness } = server.durable;
    const c = harness.connect("c", withWill("gone", lasting()));
    c.send(publishPacket("t", "before", { qos: 1, packetIdentifier: 1 }));
    c.cut();
    harness
      .connect("c", lasting())
      .send(publishPacket("t", "after", { qos: 1, packetIdentifier: 2 }));
    for (const asked of [["before"], ["before", "gone"], ["before", "gone", "after"]]) {
      expect(server.asked).toEqual(asked);
      server.answer();
    }
    expect(server.got()).toEqual(["before", "gone", "after"]);
  });

  it("that waits for its turn is owed after a crash as well", () => {
    const server = new Server();
    const c = server.durable.harness.connect("c", withWill("gone", lasting()));
    c.send(publishPacket("t", "before", { qos: 1, packetIdentifier: 1 }));
    c.cut();
    server.durable.harness.connect("c", lasting());
    server.durable.commit();
    server.crash();
    expect(server.asked).toEqual(["before", "gone"]);
    server.answer();
    expect(server.got()).toEqual(["gone"]);
  });
});
