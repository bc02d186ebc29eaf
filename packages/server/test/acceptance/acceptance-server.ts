import { connect } from "@anax/client";
import type { ClientOptions, MqttClient, SubscribeOptions } from "@anax/client";
import { onTestFinished } from "vitest";
import { MqttServer } from "../../src/index.ts";
import type { MqttServerOptions } from "../../src/index.ts";

/** A server on TCP with the clients that a test makes; all of them end with the test. */
export class AcceptanceServer {
  readonly server: MqttServer;
  readonly #clients: MqttClient[] = [];

  private constructor(server: MqttServer) {
    this.server = server;
  }

  static async start(options: MqttServerOptions = {}): Promise<AcceptanceServer> {
    const server = new MqttServer({
      port: options.listeners === undefined ? 0 : undefined,
      systemTopics: false,
      ...options,
    });
    const acceptance = new AcceptanceServer(server);
    onTestFinished(() => acceptance.#end());
    await server.start();
    return acceptance;
  }

  get url(): string {
    return this.server.address().url;
  }

  get port(): number {
    return this.server.address().port ?? 0;
  }

  /** A client that is connected. It does not come back by itself. */
  async client(clientId: string, options: ClientOptions = {}): Promise<MqttClient> {
    const client = await connect(this.url, { clientId, reconnect: false, ...options });
    this.#clients.push(client);
    return client;
  }

  async #end(): Promise<void> {
    await Promise.allSettled(this.#clients.map((client) => client.disconnect()));
    await this.server.stop({ deadlineMs: 100 });
  }
}

/** Takes what a client's subscription gets. */
export class Inbox {
  readonly texts: string[] = [];
  readonly topics: string[] = [];

  /** Subscribes, and waits until the server has granted it. */
  static async open(
    client: MqttClient,
    filters: string | readonly string[],
    options: SubscribeOptions = {},
  ): Promise<Inbox> {
    const inbox = new Inbox();
    await client.subscribe(
      filters,
      (message) => {
        inbox.texts.push(message.text);
        inbox.topics.push(message.topic);
      },
      options,
    );
    return inbox;
  }
}
