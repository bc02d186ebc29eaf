import { beforeEach, describe, expect, it } from "vitest";
import type { InterceptingPublish } from "../../src/core/hooks/publish-events.ts";
import type { HookResult } from "../../src/core/pending.ts";
import { EventHandlers } from "../../src/driver/event-handlers.ts";
import { HandlerWaits } from "../../src/driver/handler-waits.ts";
import { SERVER_EVENT_NAMES, SERVER_EVENTS } from "../../src/events.ts";
import type { LogRecord } from "../../src/ports/logger.ts";
import { logFor } from "../../src/system/log.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { turns } from "../support/turns.ts";

const HANDLER_TIMEOUT_MS = 10_000;

let clock: ManualClock;
let records: LogRecord[];
let counters: { handlerFailures: number; handlerTimeouts: number };
let handlers: EventHandlers;

beforeEach(() => {
  clock = new ManualClock();
  records = [];
  counters = { handlerFailures: 0, handlerTimeouts: 0 };
  const logger = { level: "debug", write: (record: LogRecord) => records.push(record) } as const;
  handlers = new EventHandlers({
    clock,
    log: logFor("handler", logger, () => clock.now()),
    handlerTimeoutMs: HANDLER_TIMEOUT_MS,
    startTimeoutMs: HANDLER_TIMEOUT_MS,
    counters,
    waits: new HandlerWaits(),
    resume: (work) => work(),
  });
});

function publishEvent(): InterceptingPublish {
  return {
    clientId: "publisher",
    sessionItems: new Map(),
    topic: "a",
    applicationMessage: { topic: "a", payload: Uint8Array.of(1), qos: 0, retain: false },
    processPublish: true,
    closeConnection: false,
    response: {},
  };
}

/** What the core does with a hook's result. */
function whenDone(result: HookResult): { isDone: boolean } {
  const state = { isDone: result === undefined };
  result?.whenSettled(() => {
    state.isDone = true;
  });
  return state;
}

describe("registration", () => {
  it("leaves the hook undefined while nobody listens", () => {
    expect(handlers.hooks.interceptingPublish).toBeUndefined();
    const registration = handlers.on("interceptingPublish", () => undefined);
    expect(handlers.hooks.interceptingPublish).toBeTypeOf("function");
    registration.dispose();
    expect(handlers.hooks.interceptingPublish).toBeUndefined();
  });

  it("removes a handler once, even if the same function was registered twice", () => {
    let calls = 0;
    const handler = (): void => {
      calls += 1;
    };
    const first = handlers.on("started", handler);
    handlers.on("started", handler);
    first.dispose();
    first[Symbol.dispose]();
    handlers.hooks.started?.({});
    expect(calls).toBe(1);
  });

  it("calls a once handler for one event", () => {
    let calls = 0;
    handlers.once("started", () => {
      calls += 1;
    });
    handlers.hooks.started?.({});
    expect(handlers.hooks.started).toBeUndefined();
    expect(calls).toBe(1);
  });

  it("refuses an event that does not exist", () => {
    const wrong = { validatingConection: () => undefined };
    expect(() => handlers.addAll(wrong as object)).toThrow('no event "validatingConection"');
    expect(() => handlers.addAll(JSON.parse('{"__proto__": 1}') as object)).toThrow("__proto__");
  });

  it("has a hook and a description for each of the 22 events", () => {
    expect(SERVER_EVENT_NAMES).toHaveLength(22);
    for (const name of SERVER_EVENT_NAMES) {
      handlers.on(name, () => undefined);
      expect(handlers.hooks[name]).toBeTypeOf("function");
      expect(SERVER_EVENTS[name].fires).not.toBe("");
    }
  });
});

describe("order", () => {
  it("calls synchronous handlers in order and returns nothing to wait for", () => {
    const order: string[] = [];
    handlers.on("interceptingPublish", () => void order.push("first"));
    handlers.on("interceptingPublish", () => void order.push("second"));
    expect(handlers.hooks.interceptingPublish?.(publishEvent())).toBeUndefined();
    expect(order).toEqual(["first", "second"]);
  });

  it("waits for an asynchronous handler before it calls the next", async () => {
    const order: string[] = [];
    let answer = (): void => undefined;
    handlers.on("interceptingPublish", async () => {
      order.push("first begins");
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      order.push("first ends");
    });
    handlers.on("interceptingPublish", () => void order.push("second"));
    const state = whenDone(handlers.hooks.interceptingPublish?.(publishEvent()));
    await turns();
    expect(order).toEqual(["first begins"]);
    expect(state.isDone).toBe(false);
    answer();
    await turns();
    expect(order).toEqual(["first begins", "first ends", "second"]);
    expect(state.isDone).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("lets an event on its way keep the handlers that it began with", async () => {
    let calls = 0;
    handlers.on("interceptingPublish", () => Promise.resolve());
    const second = handlers.on("interceptingPublish", () => void (calls += 1));
    handlers.hooks.interceptingPublish?.(publishEvent());
    second.dispose();
    await turns();
    expect(calls).toBe(1);
  });

  it("resumes also if the core begins to wait after the handler has settled", async () => {
    handlers.on("interceptingPublish", () => Promise.resolve());
    const result = handlers.hooks.interceptingPublish?.(publishEvent());
    await turns();
    const state = whenDone(result);
    expect(state.isDone).toBe(false);
    await turns();
    expect(state.isDone).toBe(true);
  });
});

describe("failures", () => {
  const decisions = {
    interceptingInboundPacket: [{ processPacket: true }, { processPacket: false }],
    interceptingOutboundPacket: [{ processPacket: true }, { processPacket: false }],
    interceptingClientEnqueue: [{ acceptEnqueue: true }, { acceptEnqueue: false }],
    interceptingPublish: [
      { processPublish: true, response: {} },
      { processPublish: false, response: { reasonCode: 0x83 } },
    ],
    interceptingSubscription: [
      {
        topicFilter: { topicFilter: "a", qos: 2 },
        processSubscription: true,
        closeConnection: false,
        response: { reasonCode: 2 },
      },
      { processSubscription: false, response: { reasonCode: 0x83 } },
    ],
    interceptingUnsubscription: [
      { processUnsubscription: true, response: { reasonCode: 0 } },
      { processUnsubscription: false, response: { reasonCode: 0x83 } },
    ],
    loadingRetainedMessage: [
      { loadedRetainedMessages: [{}], isZeroExpiryNone: false },
      { loadedRetainedMessages: [], failure: expect.any(Error) as Error },
    ],
    preparingSession: [
      { subscriptions: [{}], messages: [{}] },
      { subscriptions: [], messages: [] },
    ],
    validatingConnection: [{ reasonCode: 0 }, { reasonCode: 0x80 }],
  } as const;
  type Deciding = keyof typeof decisions;
  const names = Object.keys(decisions) as Deciding[];
  const ways = {
    throws: (): void => {
      throw new Error("broken");
    },
    rejects: (): Promise<void> => Promise.reject(new Error("broken")),
    "takes too long": (): Promise<void> => new Promise<void>(() => undefined),
  };

  async function fire(name: Deciding, event: object): Promise<void> {
    const hook = handlers.hooks[name] as ((event: object) => HookResult) | undefined;
    const state = whenDone(hook?.(event));
    await turns();
    clock.advance(HANDLER_TIMEOUT_MS);
    await turns();
    expect(state.isDone).toBe(true);
  }

  for (const name of names) {
    for (const [way, handler] of Object.entries(ways)) {
      it(`${name}: a handler that ${way} has the outcome of the table`, async () => {
        const [before, after] = decisions[name];
        let laterCalls = 0;
        handlers.on(name, handler);
        handlers.on(name, () => void (laterCalls += 1));
        const event = structuredClone<object>(before);
        await fire(name, event);
        expect(event).toMatchObject(after);
        expect(laterCalls).toBe(0);
        expect(records.map(({ message }) => message)).toEqual(["a handler failed"]);
      });
    }
  }

  it("says in the table which events are decided by a failure", () => {
    const deciding = SERVER_EVENT_NAMES.filter((name) => SERVER_EVENTS[name].fail !== undefined);
    expect(deciding).toEqual(names.toSorted());
  });

  for (const [way, handler] of Object.entries(ways)) {
    it(`a notification whose handler ${way} goes on to the next handler`, async () => {
      let laterCalls = 0;
      handlers.on("clientUnsubscribedTopic", handler);
      handlers.on("clientUnsubscribedTopic", () => void (laterCalls += 1));
      const state = whenDone(handlers.hooks.clientUnsubscribedTopic?.({} as never));
      await turns();
      clock.advance(HANDLER_TIMEOUT_MS);
      await turns();
      expect(laterCalls).toBe(1);
      expect(state.isDone).toBe(true);
    });
  }

  it("counts failures and time-outs apart", async () => {
    handlers.on("started", ways.throws);
    handlers.on("started", ways.rejects);
    handlers.on("started", ways["takes too long"]);
    handlers.hooks.started?.({});
    await turns();
    clock.advance(HANDLER_TIMEOUT_MS);
    await turns();
    expect(counters).toEqual({ handlerFailures: 2, handlerTimeouts: 1 });
  });

  it("a handler that goes on after its time is over changes nothing", async () => {
    let goOn = (): void => undefined;
    let thrown: unknown;
    handlers.on("interceptingPublish", async (event) => {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      try {
        event.processPublish = true;
      } catch (error) {
        thrown = error;
      }
      event.response.reasonCode = 0;
    });
    const event = publishEvent();
    let resumed = 0;
    handlers.hooks.interceptingPublish?.(event)?.whenSettled(() => (resumed += 1));
    clock.advance(HANDLER_TIMEOUT_MS);
    await turns();
    goOn();
    await turns();
    expect(event.processPublish).toBe(false);
    expect(event.response.reasonCode).toBe(0x83);
    expect(thrown).toBeInstanceOf(TypeError);
    expect(resumed).toBe(1);
  });
});

describe("validatingConnection", () => {
  type Given = Parameters<NonNullable<EventHandlers["hooks"]["validatingConnection"]>>[0];
  const connection = (exchange?: Given["exchange"]): Given =>
    ({ reasonCode: 0, authenticationMethodAccepted: false, exchange }) as Given;

  it("asks no further handler once one has refused", async () => {
    let laterCalls = 0;
    handlers.on("validatingConnection", async (event) => {
      event.reasonCode = 0x86;
    });
    handlers.on("validatingConnection", (event) => {
      laterCalls += 1;
      event.reasonCode = 0;
    });
    const event = connection();
    handlers.hooks.validatingConnection?.(event);
    await turns();
    expect(event.reasonCode).toBe(0x86);
    expect(laterCalls).toBe(0);
  });

  it("[MQTT-4.12.0-3] gives handlers the client's AUTH as a promise", async () => {
    const sent: unknown[] = [];
    const exchange: Given["exchange"] = {
      method: "SCRAM",
      send: (step, answered) => {
        sent.push(step);
        setImmediate(() => answered({ type: "auth", reasonCode: 0x18 }));
      },
    };
    handlers.on("validatingConnection", async (event) => {
      const step = { authenticationData: Uint8Array.of(1) };
      const answer = await event.exchangeEnhancedAuthentication(step);
      event.responseAuthenticationData = Uint8Array.of(answer.reasonCode);
    });
    const event = connection(exchange);
    handlers.hooks.validatingConnection?.(event);
    await turns(4);
    expect(sent).toEqual([{ authenticationData: Uint8Array.of(1) }]);
    expect(event.responseAuthenticationData).toEqual(Uint8Array.of(0x18));
  });

  it("rejects the exchange when the client goes, and the client is refused", async () => {
    const exchange: Given["exchange"] = {
      method: "SCRAM",
      send: (_step, answered) => answered(undefined),
    };
    let code: unknown;
    handlers.on("validatingConnection", async (event) => {
      await event.exchangeEnhancedAuthentication({}).catch((error: unknown) => {
        code = (error as { code?: unknown }).code;
        throw error;
      });
    });
    const event = connection(exchange);
    handlers.hooks.validatingConnection?.(event);
    await turns();
    expect(code).toBe("ANAX_CONNECTION_CLOSED");
    expect(event.reasonCode).toBe(0x80);
  });

  it("rejects the exchange with a client that asked for none, even if nobody looks", async () => {
    handlers.on("validatingConnection", (event) => {
      void event.exchangeEnhancedAuthentication({});
    });
    const event = connection();
    handlers.hooks.validatingConnection?.(event);
    await turns();
    expect(event.reasonCode).toBe(0);
  });
});
