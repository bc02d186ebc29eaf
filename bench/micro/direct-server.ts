import { MqttServer } from "@anax/server";
import type { MqttServerOptions } from "@anax/server";
import { DirectListener } from "../support/direct-listener.ts";

const OPTIONS = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
/** Filters in one SUBSCRIBE, which must not become larger than a packet may be. */
const FILTERS_PER_PACKET = 1_000;

/** A server in this process whose clients are connected to it with nothing between. */
export class DirectServer {
  readonly listener: DirectListener;
  readonly #server: MqttServer;

  private constructor(server: MqttServer, listener: DirectListener) {
    this.#server = server;
    this.listener = listener;
  }

  static async start(options: MqttServerOptions = {}): Promise<DirectServer> {
    const listener = new DirectListener();
    const server = new MqttServer({ ...options, listeners: [listener], systemTopics: false });
    await server.start();
    return new DirectServer(server, listener);
  }

  get statistics(): MqttServer["statistics"] {
    return this.#server.statistics;
  }

  /** A client that has subscribed to filters, which may last several turns, and takes what comes. */
  async subscriber(
    clientId: string,
    topicFilters: readonly string[],
    { qos = 0, version = 4 }: { qos?: 0 | 1 | 2; version?: 4 | 5 } = {},
  ): Promise<void> {
    const wanted = this.statistics.subscriptionsCurrent + topicFilters.length;
    const end = this.listener.connect(clientId, version);
    for (let first = 0; first < topicFilters.length; first += FILTERS_PER_PACKET) {
      const some = topicFilters.slice(first, first + FILTERS_PER_PACKET);
      const subscriptions = some.map((topicFilter) => ({ topicFilter, qos, ...OPTIONS }));
      end.send({ type: "subscribe", packetIdentifier: 1, subscriptions });
    }
    await this.subscribed(wanted);
  }

  /** Waits until there are so many subscriptions. */
  subscribed(subscriptions: number): Promise<void> {
    return until(() => this.#server.statistics.subscriptionsCurrent >= subscriptions);
  }

  /** Waits until so many messages have been sent to clients since the server began. */
  sent(publishes: number): Promise<void> {
    return until(() => this.#server.statistics.publishesSent >= publishes);
  }

  async stop(): Promise<void> {
    await this.#server.stop({ deadlineMs: 500 });
  }
}

/** Waits turn by turn. */
async function until(hasHappened: () => boolean): Promise<void> {
  while (!hasHappened()) await new Promise((resolve) => setImmediate(resolve));
}
