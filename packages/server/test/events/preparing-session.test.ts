import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord, MqttServer, PreparingSession } from "../../src/index.ts";
import { connected, LASTING, startedServer } from "../support/memory-server.ts";

let server: MqttServer;
let records: LogRecord[];
let seen: boolean[];

afterEach(() => server.stop());

async function started(prepare: (event: PreparingSession) => void): Promise<void> {
  records = [];
  seen = [];
  const logger = {
    level: "warn",
    write: (record: LogRecord) => void records.push(record),
  } as const;
  const preparingSession = (event: PreparingSession): void => {
    seen.push(event.isExistingSession);
    prepare(event);
  };
  server = await startedServer({ on: { preparingSession }, logger });
}

describe("isExistingSession", () => {
  const resuming = { ...LASTING, cleanStart: false };
  const ending = { cleanStart: false };

  it("is false at a takeover of a session that ends with its connection", async () => {
    await started(() => undefined);
    await connected(server, "c", ending);
    await connected(server, "c", ending);
    expect(seen).toEqual([false, false]);
  });

  it("is true at a takeover of one that outlives it, and false with Clean Start", async () => {
    await started(() => undefined);
    await connected(server, "c", resuming);
    await connected(server, "c", resuming);
    await connected(server, "c", { ...LASTING, cleanStart: true });
    expect(seen).toEqual([false, true, false]);
  });

  it("so what its handler brings at such a takeover is restored", async () => {
    await started((event) => {
      if (!event.isExistingSession) event.subscriptions = [{ topicFilter: "a", qos: 1 }];
    });
    await connected(server, "c", ending);
    await connected(server, "c", ending);
    expect(server.sessions.subscriptions("c")).toMatchObject([{ topicFilter: "a" }]);
  });
});

describe("what cannot be restored is left out, named, and the client is let in with the rest:", () => {
  const message = { topic: "t", payload: "x", qos: 1, retain: false };
  const subscription = { topicFilter: "a", qos: 1 };
  const wrong: readonly (readonly [event: object, field: string, subscriptions: number])[] = [
    [{ messages: [{ ...message, contentType: 5 }, message] }, "messages[0].contentType", 0],
    [{ messages: [{ ...message, topic: "t/#" }, message] }, "messages[0].topic", 0],
    [{ messages: [{ ...message, qos: null }, message] }, "messages[0].qos", 0],
    [{ messages: [null, message] }, "messages[0] must be an object", 0],
    [{ subscriptions: [{ topicFilter: "a/#/b", qos: 1 }, subscription] }, "subscriptions[0]", 1],
    [{ subscriptions: [{ topicFilter: "b", qos: 3 }, subscription] }, "subscriptions[0].qos", 1],
  ];
  for (const [answer, field, subscriptions] of wrong) {
    it(field, async () => {
      await started((event) => void Object.assign(event, answer));
      const peer = await connected(server, "c", LASTING);
      expect(server.statistics.handlerFailures).toBe(1);
      expect(records).toMatchObject([{ fields: { event: "preparingSession", clientId: "c" } }]);
      expect(records[0]?.error?.message).toContain(field);
      expect(server.sessions.get("c")?.subscriptionCount).toBe(subscriptions);
      if (subscriptions === 0) expect(await peer.packet()).toMatchObject({ topic: "t" });
    });
  }

  it("no list at all", async () => {
    await started((event) => void Object.assign(event, { messages: "text", subscriptions: null }));
    await connected(server, "c");
    expect(records[0]?.error?.message).toContain("messages must be an array, not string");
  });
});
