import { afterEach, describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import type { LoadingRetainedMessage, LogRecord, MqttServerOptions } from "../../src/index.ts";
import { MqttServerOptionsBuilder } from "../../src/builders/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { turns } from "../support/turns.ts";

let server: MqttServer;
let records: LogRecord[];

afterEach(() => server.stop());

function make(
  load: (event: LoadingRetainedMessage) => void | Promise<void>,
  options: MqttServerOptions = {},
): MqttServer {
  records = [];
  const logger = {
    level: "warn",
    write: (record: LogRecord) => void records.push(record),
  } as const;
  const on = { loadingRetainedMessage: load };
  server = new MqttServer({ listeners: [], systemTopics: false, logger, on, ...options });
  return server;
}

function loading(...messages: object[]): (event: LoadingRetainedMessage) => void {
  return (event) => void Object.assign(event, { loadedRetainedMessages: messages });
}

function topics(): string[] {
  return server.retainedMessages.list().items.map(({ topic }) => topic);
}

const good = { topic: "good", payload: Uint8Array.of(1), qos: 1, retain: true };

describe("loadingRetainedMessage", () => {
  const bad: readonly (readonly [message: unknown, said: string])[] = [
    [{ ...good, topic: "a/#" }, '"a/#").topic cannot be'],
    [{ ...good, topic: "bad", contentType: 5 }, '"bad").contentType must be a string'],
    [{ ...good, topic: "bad", payload: 5 }, '"bad").payload must be text or a Uint8Array'],
    [{ ...good, topic: "bad", qos: 7 }, '"bad").qos 7 is not one of'],
    [{ ...good, topic: "bad", messageExpiryIntervalSeconds: -1 }, "messageExpiryIntervalSeconds"],
    [{ ...good, topic: undefined }, "loadedRetainedMessages[0].topic is missing"],
    [null, "loadedRetainedMessages[0] must be an object"],
  ];
  for (const [message, said] of bad) {
    it(`names a message that cannot be, and loads the rest: ${said}`, async () => {
      await make(loading(message as object, good)).start();
      expect(topics()).toEqual(["good"]);
      expect(server.statistics.handlerFailures).toBe(1);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({
        level: "warn",
        fields: { event: "loadingRetainedMessage" },
      });
      expect(records[0]?.error?.message).toContain(said);
    });
  }

  it("takes null for what is not there", async () => {
    const absent = { contentType: null, responseTopic: null, userProperties: null, qos: null };
    await make(loading({ ...good, ...absent })).start();
    expect(server.retainedMessages.get("good")).toMatchObject({ qos: 0 });
    expect(records).toEqual([]);
  });

  it("[MQTT-3.3.1-7] does not load an empty payload", async () => {
    await make(loading({ ...good, topic: "empty", payload: new Uint8Array(0) }, good)).start();
    expect(topics()).toEqual(["good"]);
  });

  it("takes an expiry of 0 for none only where the handler or the builder says so", async () => {
    const message = { ...good, messageExpiryIntervalSeconds: 0 };
    await make(loading(message)).start();
    expect(topics()).toEqual([]);
    await server.stop();
    await make((event) => {
      event.isZeroExpiryNone = true;
      loading(message)(event);
    }).start();
    expect(topics()).toEqual(["good"]);
    await server.stop();
    const storage = {
      loadRetainedMessages: () => [message] as never,
      saveRetainedMessage: () => undefined,
    };
    server = new MqttServer(new MqttServerOptionsBuilder().withStorage(storage).build());
    await server.start();
    expect(topics()).toEqual(["good"]);
  });

  const failures: Readonly<Record<string, () => void | Promise<void>>> = {
    throws: () => {
      throw new Error("the file is gone");
    },
    rejects: () => Promise.reject(new Error("the file is gone")),
  };
  for (const [way, load] of Object.entries(failures)) {
    it(`has the start reject where its handler ${way}, and asks no later one`, async () => {
      let laterCalls = 0;
      make(load).on("loadingRetainedMessage", () => void (laterCalls += 1));
      await expect(server.start()).rejects.toThrow("the file is gone");
      expect(server.isStarted).toBe(false);
      expect(laterCalls).toBe(0);
      expect(server.statistics.handlerFailures).toBe(1);
    });
  }

  it("has the start reject where it answers no list", async () => {
    make((event) => void Object.assign(event, { loadedRetainedMessages: "file" }));
    await expect(server.start()).rejects.toThrow("loadedRetainedMessages must be an array");
  });

  it("may take longer than other handlers, but not for ever", async () => {
    const clock = new ManualClock();
    let answer = (): void => undefined;
    const load = (event: LoadingRetainedMessage): Promise<void> =>
      new Promise((resolve) => {
        answer = () => {
          loading(good)(event);
          resolve();
        };
      });
    let starting = make(load, { clock }).start();
    await turns();
    clock.advance(599_999);
    answer();
    await starting;
    expect(topics()).toEqual(["good"]);
    await server.stop();
    starting = make(load, { clock, startTimeoutMs: 5_000 }).start();
    starting.catch(() => undefined);
    await turns();
    clock.advance(5_000);
    await expect(starting).rejects.toThrow("took more than 5000 ms");
  });
});
