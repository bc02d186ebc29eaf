import { MqttClient } from "@anax/client";
import type { ClientOptions, Transport, TransportFactory } from "@anax/client";
import { MqttServer } from "@anax/server";
import type { MqttServerOptions } from "@anax/server";
import type { Duplex } from "node:stream";
import { RawPeer } from "./raw-peer.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A server without sockets, on a clock that only the test moves, with clients in the same process. */
export class MemoryServer implements AsyncDisposable {
  readonly server: MqttServer;
  readonly clock: VirtualClock;
  readonly #clients: MqttClient[] = [];
  readonly #peers: RawPeer[] = [];

  /** Not started: `MemoryServer.start` gives one that is. */
  constructor(options: MqttServerOptions) {
    this.clock = new VirtualClock();
    const { clock } = this;
    this.server = new MqttServer({
      systemTopics: false,
      ...options,
      clock,
      listeners: [{ type: "memory" }],
    });
  }

  /** Options are those of the server; clock and listeners are the test's own. */
  static async start(options: MqttServerOptions = {}): Promise<MemoryServer> {
    const memory = new MemoryServer(options);
    await memory.server.start();
    return memory;
  }

  /** A client that is not connected yet. */
  client(options: ClientOptions = {}): MqttClient {
    const client = new MqttClient("mqtt://memory", { ...options, transport: this.transport });
    this.#clients.push(client);
    return client;
  }

  /** A connection on which nothing was sent. */
  peer(version: 3 | 4 | 5 = 5): RawPeer {
    const peer = new RawPeer(this.server.connectInMemory(), version);
    this.#peers.push(peer);
    return peer;
  }

  /** Carries a client's bytes to this server. */
  readonly transport: TransportFactory = async (_request, events) => {
    const stream = this.server.connectInMemory();
    stream.on("data", (chunk: Uint8Array) => events.onBytes(new Uint8Array(chunk)));
    stream.on("drain", () => events.onDrained());
    let failure: Error | undefined;
    stream.on("error", (error: Error) => {
      failure = error;
    });
    stream.once("close", () => events.onClosed(failure));
    return transportOver(stream);
  };

  /** Ends clients and connections, then the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.disconnect().catch(() => undefined)));
    for (const peer of this.#peers) peer.cut();
    await this.server.stop();
  }
}

function transportOver(stream: Duplex): Transport {
  return {
    write: (bytes) => stream.write(bytes),
    close: () => {
      stream.end();
    },
    destroy: () => {
      stream.destroy();
    },
  };
}
