/**
 * What the extension events cost: `npm run bench:events -- --help`. A publisher and a
 * subscriber in this process, with no socket between them and the server, so what is measured is the server alone.
 * Prints for each case the nanoseconds and the promises of a message, and the throughput beside that without a handler.
 */
import { createHook } from "node:async_hooks";
import { fileURLToPath } from "node:url";
import { encodePacket } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { MqttServer } from "@anax/server";
import type { ServerEventHandlers } from "@anax/server";
import { DirectListener } from "./support/direct-listener.ts";
import type { End } from "./support/direct-listener.ts";
import { median } from "./support/median.ts";
import { runProgram, wholeNumber } from "./support/program-arguments.ts";

/** One way to run the server. */
export interface EventCase {
  readonly name: string;
  readonly handlers: ServerEventHandlers;
}

const DENIED: ReadonlySet<string> = new Set(["secret", "internal"]);

/** From nothing to a handler that makes the server wait for each message. */
export const EVENT_CASES: readonly EventCase[] = [
  { name: "no handler", handlers: {} },
  { name: "interceptingPublish that does nothing", handlers: { interceptingPublish: () => {} } },
  {
    name: "interceptingPublish that checks access",
    handlers: {
      interceptingPublish: (event) => {
        if (!DENIED.has(event.topic) && event.clientId !== "stranger") return;
        event.processPublish = false;
        event.response.reasonCode = 0x87;
      },
    },
  },
  {
    name: "interceptingPublish that reads each message",
    handlers: {
      interceptingPublish: (event) => {
        const bytes = event.applicationMessage?.payload.length ?? 0;
        if (bytes > 1_000_000) event.processPublish = false;
      },
    },
  },
  {
    name: "interceptingPublish that adds to each message",
    handlers: {
      interceptingPublish: (event) => {
        const message = event.applicationMessage;
        if (message !== undefined) event.applicationMessage = { ...message, contentType: "text" };
      },
    },
  },
  {
    name: "interceptingPublish that is asynchronous",
    handlers: { interceptingPublish: async () => {} },
  },
];

/** Figures of one case. */
export interface EventCost {
  readonly name: string;
  readonly nanoseconds: number;
  readonly promises: number;
}

/** How much is measured. */
export interface EventBenchSettings {
  readonly messages: number;
  readonly rounds: number;
  readonly qos?: QoS;
}

/** Measures all cases in turn, round by round, so that a machine that drifts drifts for all. */
export async function measureEvents(settings: EventBenchSettings): Promise<EventCost[]> {
  const { messages, rounds, qos = 0 } = settings;
  const lines = await Promise.all(EVENT_CASES.map(({ handlers }) => Line.open(handlers, qos)));
  for (const line of lines) await line.run(messages / 20);
  const times = EVENT_CASES.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, line] of lines.entries()) {
      // What does something for each message is slower by far, and shows as much with less.
      const share = index > 2 ? 20 : 1;
      times[index]?.push((await line.run(messages / share)) * share);
    }
  }
  const costs: EventCost[] = [];
  for (const [index, line] of lines.entries()) {
    const nanoseconds = median(times[index] ?? []) / messages;
    costs.push({ name: line.nameOf(index), nanoseconds, promises: await line.promises() });
    await line.close();
  }
  return costs;
}

const PACKETS_PER_READ = 800;

/** A server with one publisher and one subscriber. */
class Line {
  readonly #server: MqttServer;
  readonly #publisher: End;
  readonly #subscriber: End;
  readonly #read: Uint8Array;
  readonly #qos: QoS;

  private constructor(server: MqttServer, direct: DirectListener, qos: QoS) {
    this.#server = server;
    this.#publisher = direct.connect("publisher");
    this.#subscriber = direct.connect("subscriber");
    this.#qos = qos;
    const topicFilter = "some/topic";
    const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    this.#subscriber.send({
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [{ topicFilter, qos, ...plain }],
    });
    this.#read = readOf(qos);
  }

  static async open(handlers: ServerEventHandlers, qos: QoS): Promise<Line> {
    const direct = new DirectListener();
    const server = new MqttServer({ listeners: [direct], systemTopics: false, on: handlers });
    await server.start();
    return new Line(server, direct, qos);
  }

  nameOf(index: number): string {
    const what = EVENT_CASES[index]?.name ?? "";
    return `${what}, QoS ${this.#qos}`;
  }

  /** Publishes so many messages and gives the nanoseconds of processor time until all have come out. */
  async run(messages: number): Promise<number> {
    const reads = Math.max(1, Math.round(messages / PACKETS_PER_READ));
    const before = this.#server.statistics.publishesSent;
    const usedBefore = process.cpuUsage();
    for (let read = 1; read <= reads; read += 1) {
      this.#publisher.receive(this.#read);
      await new Promise((resolve) => setImmediate(resolve));
      while (this.#server.statistics.publishesSent - before < read * PACKETS_PER_READ) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const { user, system } = process.cpuUsage(usedBefore);
    return (user + system) * 1_000;
  }

  /** Promises that the server makes for a message. */
  async promises(): Promise<number> {
    let made = 0;
    const counting = createHook({
      init: (_id, type) => {
        if (type === "PROMISE") made += 1;
      },
    });
    counting.enable();
    await this.run(PACKETS_PER_READ);
    counting.disable();
    // Those of this program: `run` itself, and each turn that it waits for.
    return Math.floor(made / PACKETS_PER_READ);
  }

  async close(): Promise<void> {
    this.#publisher.end();
    this.#subscriber.end();
    await this.#server.stop();
  }
}

/** What a publisher that keeps up sends in one read of a socket. */
function readOf(qos: QoS): Uint8Array {
  const payload = new Uint8Array(64);
  const packets = Array.from({ length: PACKETS_PER_READ }, (_none, index) => {
    const identifier = qos === 0 ? {} : { packetIdentifier: index + 1 };
    const flags = { qos, retain: false, duplicate: false } as const;
    return encodePacket(
      { type: "publish", topic: "some/topic", payload, ...flags, ...identifier },
      4,
    );
  });
  return new Uint8Array(Buffer.concat(packets));
}

/** One line of the result for each case. */
export function eventLines(costs: readonly EventCost[]): string[] {
  const [base] = costs;
  return costs.map(({ name, nanoseconds, promises }) => {
    const share = ((base?.nanoseconds ?? Number.NaN) / nanoseconds) * 100;
    const time = `${nanoseconds.toFixed(0).padStart(6)} ns`;
    return `${name.padEnd(55)} ${time} ${share.toFixed(0).padStart(5)} % ${promises} promises`;
  });
}

/** Its command line. */
export const EVENTS_PROGRAM = {
  command: "npm run bench:events --",
  about:
    "What the extension events cost: nanoseconds and promises of a message, and its share of the throughput.",
  options: {
    messages: wholeNumber("messages of a round, a twentieth where a handler does something", {
      from: 20 * PACKETS_PER_READ,
      to: 1_000_000_000,
      byDefault: 400_000,
    }),
    rounds: wholeNumber("rounds, of which the median counts", { from: 1, to: 1_000, byDefault: 7 }),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(EVENTS_PROGRAM, async (settings) => {
    for (const qos of [0, 1] as const) {
      const costs = await measureEvents({ ...settings, qos });
      for (const line of eventLines(costs)) process.stdout.write(`${line}\n`);
    }
  });
}
