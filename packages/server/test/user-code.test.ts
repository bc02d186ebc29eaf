import { afterEach, describe, expect, it } from "vitest";
import { MqttConfigurationError, MqttServer, SERVER_EVENT_NAMES } from "../src/index.ts";
import type {
  Clock,
  ConnectionAcceptor,
  ConnectionSink,
  Listener,
  Logger,
  MqttServerOptions,
  ServerEventHandlers,
  Wire,
} from "../src/index.ts";
import { systemClock } from "../src/driver/system-clock.ts";
import { MemoryStore } from "../src/stores/memory-store.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { connected, LASTING, publication, subscribe } from "./support/memory-server.ts";
import { MqttPeer } from "./support/mqtt-peer.ts";
import { turns, until } from "./support/turns.ts";

/** What a function of the program's own may do once, in place of its work. */
const MISDEEDS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error("broken");
  },
  "throws what has no text": () => {
    throw Object.assign(Object.create(null) as object, { code: "DB" });
  },
  "rejects with what has no text": () =>
    Promise.reject(
      Object.assign(Object.create(null) as object, { code: "DB" }) as unknown as Error,
    ),
  "throws no Error": () => {
    throw null;
  },
  rejects: () => Promise.reject(new Error("broken")),
  "never answers": () => new Promise(() => undefined),
  "returns rubbish": () => Symbol("rubbish"),
};

/** A function that does its work, but for the one time after `misbehave` was called. */
class Unreliable {
  #misdeed: (() => unknown) | undefined;
  misdeeds = 0;

  misbehave(misdeed: () => unknown): void {
    this.#misdeed = misdeed;
  }

  call<Result>(work: () => Result): Result {
    const misdeed = this.#misdeed;
    this.#misdeed = undefined;
    if (misdeed === undefined) return work();
    this.misdeeds += 1;
    return misdeed() as Result;
  }
}

/** Puts an unreliable function in place of one that the program gives to the server. */
type Install = (unreliable: Unreliable) => MqttServerOptions;

function logging(unreliable: Unreliable): Logger {
  return { level: "trace", write: () => unreliable.call(() => undefined) };
}

function clockWith(method: keyof Clock, unreliable: Unreliable): Clock {
  const clock: Clock = {
    now: () => systemClock.now(),
    callAfter: (delayMs, callback) => systemClock.callAfter(delayMs, callback),
  };
  return {
    now: () => (method === "now" ? unreliable.call(() => clock.now()) : clock.now()),
    callAfter: (delayMs, callback) =>
      method === "now"
        ? clock.callAfter(delayMs, callback)
        : unreliable.call(() => clock.callAfter(delayMs, callback)),
  };
}

function storeWith(
  method: "commit" | "read" | "close" | "bytes",
  unreliable: Unreliable,
): MemoryStore {
  const store = new MemoryStore();
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name === method && typeof value !== "function") return unreliable.call(() => value);
      if (typeof value !== "function") return value;
      const own = (...given: unknown[]): unknown => Reflect.apply(value, target, given);
      if (name !== method) return own;
      return (...given: unknown[]) => unreliable.call(() => own(...given));
    },
  });
}

const INSTALLS: Readonly<Record<string, Install>> = {
  "logger.write": (unreliable) => ({ logger: logging(unreliable) }),
  "clock.now": (unreliable) => ({ clock: clockWith("now", unreliable) }),
  "clock.callAfter": (unreliable) => ({
    clock: clockWith("callAfter", unreliable),
    // Whose time is limited by the clock.
    authenticate: async () => true,
  }),
  authenticate: (unreliable) => ({
    authenticate: () => unreliable.call(() => true),
  }),
  "authenticator.authenticate": (unreliable) => ({
    authenticate: { authenticate: async () => unreliable.call(() => true) },
  }),
  "store.bytes": (unreliable) => ({ store: storeWith("bytes", unreliable) }),
};

for (const name of SERVER_EVENT_NAMES) {
  if (["started", "stopped", "loadingRetainedMessage"].includes(name)) continue;
  Object.assign(INSTALLS, {
    [`on.${name}`]: (unreliable: Unreliable): MqttServerOptions => ({
      on: { [name]: () => unreliable.call(() => undefined) } as ServerEventHandlers,
    }),
  });
}

/** Everything that ordinary clients do. */
async function useEverything(server: MqttServer, round: number): Promise<void> {
  const clientId = `client ${round}`;
  const topic = `a/${round}`;
  const peer = await connected(server, clientId, { ...LASTING, keepAliveSeconds: 30 });
  await subscribe(peer, "b", 1);
  peer.sendPacket({ type: "unsubscribe", packetIdentifier: 3, topicFilters: ["b"] });
  expect(await peer.packet()).toMatchObject({ type: "unsuback", reasonCodes: [0] });
  expect(await subscribe(peer, topic, 1)).toMatchObject({ reasonCodes: [1] });
  for (const retain of [false, true]) {
    peer.sendPacket({ ...publication(topic, "x", 1), retain });
    const packets = [await peer.packet(), await peer.packet()];
    expect(new Set(packets.map((packet) => packet?.type))).toEqual(new Set(["puback", "publish"]));
    const published = packets.find((packet) => packet?.type === "publish");
    const packetIdentifier = published?.type === "publish" ? (published.packetIdentifier ?? 0) : 0;
    peer.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
  }
  await server.injectApplicationMessage({ topic: "nobody" });
  peer.stream.destroy();
  await until(() => server.sessions.get(clientId)?.isConnected === false);
  for (const payload of ["1", "2"])
    await server.injectApplicationMessage({ topic, payload, qos: 1 });
  expect(server.sessions.get(clientId)?.queuedMessages).toBe(1);
  expect(server.statistics.sessionsCurrent).toBeGreaterThan(0);
  await server.retainedMessages.clear();
  await server.sessions.delete(clientId);
}

let server: MqttServer;
let unhandled: unknown[];

function note(error: unknown): void {
  unhandled.push(error);
}

async function start(options: MqttServerOptions): Promise<void> {
  unhandled = [];
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  server = new MqttServer({
    listeners: [{ type: "memory" }],
    handlerTimeoutMs: 50,
    queueMessagesMax: 1,
    ...options,
  });
  await server.start();
}

afterEach(async () => {
  await server.stop({ deadlineMs: 50 });
  process.off("uncaughtException", note);
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

describe("a function of the program's own that misbehaves once:", () => {
  for (const [name, install] of Object.entries(INSTALLS)) {
    for (const [misdeed, act] of Object.entries(MISDEEDS)) {
      it(`${name} ${misdeed}: everything else goes on`, async () => {
        const unreliable = new Unreliable();
        await start(install(unreliable));
        const before = await connected(server, "before");
        unreliable.misbehave(act);
        // Who meets the misdeed may wait for an answer in vain.
        void useEverything(server, 1).catch(() => undefined);
        await until(() => unreliable.misdeeds === 1);
        await useEverything(server, 2);
        before.sendPacket({ type: "pingreq" });
        expect(await before.packet()).toEqual({ type: "pingresp" });
      });
    }
  }
});

/** A listener of the program's own, and the wires that it makes. */
class OwnListener implements Listener {
  readonly type = "own";
  readonly address = undefined;
  acceptor: ConnectionAcceptor | undefined;
  readonly #unreliable: Unreliable;
  readonly #method: string;

  constructor(method: string, unreliable: Unreliable) {
    this.#method = method;
    this.#unreliable = unreliable;
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    this.acceptor = acceptor;
  }

  stop(): Promise<void> {
    const work = async (): Promise<void> => undefined;
    return this.#method === "stop" ? this.#unreliable.call(work) : work();
  }

  /** A connection whose client sends what comes in `stream`. */
  open(): { wire: Wire; sink: ConnectionSink | undefined; writes: string[] } {
    const writes: string[] = [];
    const guarded = <Result>(name: string, work: () => Result): Result =>
      name === this.#method ? this.#unreliable.call(work) : work();
    const wire: Wire = {
      write: (bytes) =>
        guarded("write", () => {
          writes.push(Buffer.from(bytes).toString("hex"));
          return true;
        }),
      pause: () => guarded("pause", () => undefined),
      resume: () => guarded("resume", () => undefined),
      end: () => guarded("end", () => sink?.closed()),
      destroy: () => guarded("destroy", () => undefined),
      limitMessages: () => guarded("limitMessages", () => undefined),
    };
    const sink = this.acceptor?.open(wire, { transport: "own", secure: false });
    return { wire, sink, writes };
  }
}

describe("a wire of the program's own that misbehaves once costs its connection at most:", () => {
  /** CONNECT of MQTT 3.1.1, client id "t", Keep Alive 10 s; then a second CONNECT, which ends the connection. */
  const connect = Buffer.from("100d00044d5154540402000a000174", "hex");
  for (const method of ["write", "pause", "resume", "end", "limitMessages"]) {
    for (const [misdeed, act] of Object.entries(MISDEEDS)) {
      it(`${method} ${misdeed}`, async () => {
        const unreliable = new Unreliable();
        const own = new OwnListener(method, unreliable);
        await start({
          listeners: [own, { type: "memory" }],
          on: { interceptingInboundPacket: async () => undefined },
        });
        unreliable.misbehave(act);
        const { sink } = own.open();
        sink?.received(connect);
        await turns();
        sink?.received(connect);
        await until(() => unreliable.misdeeds === 1);
        await expect(useEverything(server, 1)).resolves.toBeUndefined();
      });
    }
  }
});

describe("a listener of the program's own that does not stop", () => {
  for (const [misdeed, act] of Object.entries(MISDEEDS)) {
    it(`${misdeed}: the others stop, and clients are told`, async () => {
      const unreliable = new Unreliable();
      const clock = new ManualClock();
      const own = new OwnListener("stop", unreliable);
      await start({ listeners: [own, { type: "memory" }], clock, systemTopics: false });
      const peer = await connected(server, "c");
      unreliable.misbehave(act);
      const stopped = server.stop();
      await turns();
      clock.advance(5_000);
      expect(await peer.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x8b });
      await stopped;
      expect(() => server.connectInMemory()).toThrow("not started");
    });
  }

  it("start that never answers fails after startTimeoutMs", async () => {
    const clock = new ManualClock();
    const own: Listener = {
      type: "own",
      address: undefined,
      start: () => new Promise(() => undefined),
      stop: async () => undefined,
    };
    server = new MqttServer({ listeners: [own], clock, startTimeoutMs: 1_000 });
    const starting = server.start();
    starting.catch(() => undefined);
    await turns();
    clock.advance(1_000);
    await expect(starting).rejects.toThrow("the own listener does not listen after 1000 ms");
  });
});

describe("a store of the program's own", () => {
  for (const [misdeed, act] of Object.entries(MISDEEDS)) {
    if (misdeed === "never answers") continue;
    it(`whose commit ${misdeed} is one that has failed: said, and the rest goes on`, async () => {
      const unreliable = new Unreliable();
      const records: string[] = [];
      const logger: Logger = { level: "error", write: ({ message }) => void records.push(message) };
      await start({ store: storeWith("commit", unreliable), logger });
      unreliable.misbehave(act);
      await server.retainedMessages.set({ topic: "a", payload: "x" }).catch(() => undefined);
      expect(unreliable.misdeeds).toBe(1);
      expect(server.health.isHealthy).toBe(false);
      expect(records).toContainEqual(expect.stringContaining("the store has failed"));
      const peer = await connected(server, "c");
      await subscribe(peer, "b", 0);
      await server.injectApplicationMessage({ topic: "b", payload: "x" });
      expect(await peer.packet()).toMatchObject({ topic: "b" });
    });
  }

  it("that never opens has the start fail after startTimeoutMs, and is closed when it opens after all", async () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    let open: () => void = () => {};
    let closed = 0;
    store.open = () => new Promise((resolve) => (open = resolve));
    store.close = async () => void (closed += 1);
    server = new MqttServer({ listeners: [], clock, store, startTimeoutMs: 1_000 });
    const starting = server.start();
    starting.catch(() => undefined);
    await turns();
    clock.advance(1_000);
    await expect(starting).rejects.toThrow("the store is not open after 1000 ms");
    expect([server.isStarted, closed]).toEqual([false, 0]);
    open();
    await until(() => closed === 1);
  });

  it("that never answers a commit does not keep the server from stopping", async () => {
    const unreliable = new Unreliable();
    const clock = new ManualClock();
    await start({ store: storeWith("commit", unreliable), clock, systemTopics: false });
    unreliable.misbehave(() => new Promise(() => undefined));
    server.retainedMessages.set({ topic: "a", payload: "x" }).catch(() => undefined);
    await until(() => unreliable.misdeeds === 1);
    const stopped = server.stop();
    stopped.catch(() => undefined);
    await turns();
    clock.advance(60_000);
    await expect(stopped).rejects.toThrow("the store has not answered for 60 s");
    expect(server.isStarted).toBe(false);
  });

  it("that never answers close neither", async () => {
    const unreliable = new Unreliable();
    const clock = new ManualClock();
    await start({ store: storeWith("close", unreliable), clock, systemTopics: false });
    unreliable.misbehave(() => new Promise(() => undefined));
    const stopped = server.stop();
    stopped.catch(() => undefined);
    await until(() => unreliable.misdeeds === 1);
    clock.advance(60_000);
    await expect(stopped).rejects.toThrow("the store has not answered for 60 s");
  });
});

describe("a logger", () => {
  it("that fails for a while freezes nobody, neither then nor afterwards", async () => {
    let isFull = false;
    const write = (): void => {
      if (isFull) throw new Error("the disk of the log is full");
    };
    await start({ logger: { level: "trace", write } });
    const before = await connected(server, "before");
    isFull = true;
    const refused = new MqttPeer(server.connectInMemory(), 5);
    refused.send("ff00");
    expect(await refused.packet()).toBeUndefined();
    await connected(server, "meanwhile");
    isFull = false;
    before.sendPacket(publication("a", "b", 1));
    expect(await before.packet()).toMatchObject({ type: "puback" });
    await connected(server, "afterwards");
  });

  it("that is none is refused in the constructor", () => {
    const none: readonly (readonly [logger: unknown, said: string])[] = [
      [console, "logger.level"],
      [null, "logger"],
      [{ level: "info" }, "logger.write"],
      [{ level: "loud", write: () => undefined }, 'logger.level "loud" is not one of'],
      ["file.log", "logger must be an object"],
    ];
    for (const [logger, said] of none) {
      const options = { logger } as MqttServerOptions;
      expect(() => new MqttServer(options)).toThrow(MqttConfigurationError);
      expect(() => new MqttServer(options)).toThrow(said);
    }
  });
});

describe("an authenticator whose promise is none of the platform's", () => {
  it("lets nobody in before it has answered", async () => {
    const answers: ((isIn: boolean) => void)[] = [];
    const later = {
      // oxlint-disable-next-line unicorn/no-thenable -- what query builders return
      then: (answer: (isIn: boolean) => void) => void answers.push(answer),
    };
    await start({ authenticate: () => later as never, handlerTimeoutMs: 10_000 });
    const peer = new MqttPeer(server.connectInMemory(), 5);
    const connack = peer.connect();
    await until(() => answers.length === 1);
    answers[0]?.(false);
    expect(await connack).toMatchObject({ type: "connack", reasonCode: 0x86 });
  });
});

describe("an authenticator", () => {
  it("that never loads has the start fail after startTimeoutMs", async () => {
    const clock = new ManualClock();
    const authenticate = {
      authenticate: () => true,
      load: (): Promise<void> => new Promise(() => undefined),
    };
    server = new MqttServer({ listeners: [], clock, authenticate, startTimeoutMs: 1_000 });
    const starting = server.start();
    starting.catch(() => undefined);
    await turns();
    clock.advance(1_000);
    await expect(starting).rejects.toThrow("the authenticator has not loaded after 1000 ms");
    expect(server.isStarted).toBe(false);
  });
});
