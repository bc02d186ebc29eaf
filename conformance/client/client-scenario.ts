/**
 * Scenarios that hold the client to its own statements: a scripted server that sends and expects
 * bytes, and `@anax/client` on the other end.
 */
import { createServer, type Server } from "node:net";

import { MqttClient, type ClientOptions, type ConnectResult } from "@anax/client";

import type { Statements } from "../scenario.ts";
import type { Version } from "../wire/notation.ts";
import { Peer } from "../wire/peer.ts";

/** One behaviour of the client on the wire, for each version that it names statements of. */
export interface ClientScenario {
  readonly title: string;
  readonly statements: Statements;
  readonly run: (context: ClientContext) => Promise<void>;
}

/** A client whose attempt to connect is under way. */
export interface StartedClient {
  readonly client: MqttClient;
  /** Settles with the attempt; a rejection that nobody waits for does no harm. */
  readonly result: Promise<ConnectResult>;
}

/** A scripted server, and the clients that connect to it. All ends with `close`. */
export class ClientContext {
  readonly version: Version;
  readonly #server: Server;
  readonly #arrived: Peer[] = [];
  readonly #peers: Peer[] = [];
  readonly #clients: MqttClient[] = [];
  #wake: () => void = () => {};

  private constructor(version: Version, server: Server) {
    this.version = version;
    this.#server = server;
    server.on("connection", (socket) => {
      const peer = new Peer(socket, { version });
      this.#peers.push(peer);
      this.#arrived.push(peer);
      this.#wake();
    });
  }

  /** A scripted server that listens. */
  static async listen(version: Version): Promise<ClientContext> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ClientContext(version, server);
  }

  /** True when this run speaks MQTT 5.0. */
  get isV5(): boolean {
    return this.version === "5.0";
  }

  /** Makes a client and has it connect. It does not come back by itself unless told to. */
  start(options: ClientOptions = {}): StartedClient {
    const address = this.#server.address();
    const port = address && typeof address === "object" ? address.port : 0;
    const client = new MqttClient(`mqtt://127.0.0.1:${port}`, {
      clientId: "client",
      protocolVersion: this.isV5 ? 5 : 4,
      keepAliveSeconds: 0,
      reconnect: false,
      // The statements say what closes a connection; by default the client is more patient than they are.
      strict: true,
      ...options,
    });
    this.#clients.push(client);
    const result = client.connect();
    result.catch(() => {});
    return { client, result };
  }

  /** The next connection, on which nothing has been read yet. */
  async accept(): Promise<Peer> {
    const limit = Date.now() + 5000;
    while (this.#arrived.length === 0) {
      if (Date.now() > limit) throw new Error("expected a connection, got nothing");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limit - Date.now());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const peer = this.#arrived.shift();
    if (!peer) throw new Error("expected a connection");
    return peer;
  }

  /** The next connection, its CONNECT read and answered by a CONNACK with these properties. */
  async acceptClient(connackProperties = "", flags = "00"): Promise<Peer> {
    const peer = await this.accept();
    await peer.expect("10 { * }");
    peer.send(`20 { ${flags} 00 <{ ${connackProperties} }> }`);
    return peer;
  }

  /** A client that is connected, and the server's end of its connection. */
  async connected(
    options: ClientOptions = {},
    connackProperties = "",
  ): Promise<{ readonly client: MqttClient; readonly peer: Peer }> {
    const { client, result } = this.start(options);
    const peer = await this.acceptClient(connackProperties);
    await result;
    return { client, peer };
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const peer of this.#peers) peer.drop();
    await Promise.all(this.#clients.map((client) => client.disconnect().catch(() => {})));
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/**
 * A PINGREQ of the client and its answer, once the client is connected: whatever it had to send
 * before that has been sent, so it proves that there was nothing else.
 */
export async function ping(client: MqttClient, peer: Peer): Promise<void> {
  await untilConnected(client);
  const pong = client.ping();
  await peer.expect("C0 00");
  peer.send("D0 00");
  await pong;
}

/** Resolves once the client has taken CONNACK. */
export async function untilConnected(client: MqttClient): Promise<void> {
  if (client.connected) return;
  await new Promise<void>((resolve) => {
    const registration = client.on("connected", () => {
      registration.dispose();
      resolve();
    });
  });
}

/** Options that make a client come back at once, to the session it had. */
const RESUMING: ClientOptions = {
  cleanStart: false,
  reconnect: { initialDelayMs: 1, delayMaxMs: 1 },
};

/** `RESUMING`, with the Session Expiry Interval that MQTT 5.0 needs for it. */
export function resuming({ isV5 }: ClientContext): ClientOptions {
  return isV5 ? { ...RESUMING, sessionExpiryIntervalSeconds: 60 } : RESUMING;
}

/** Breaks the connection and takes the client's next one, with the session kept. */
export async function resume(context: ClientContext, peer: Peer): Promise<Peer> {
  peer.drop();
  return await context.acceptClient("", "01");
}

/** The promise must be rejected. */
export async function rejected(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection");
}
