/** A cable between a client and a server that a test can cut. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

/** Passes bytes on between its own port and another one. */
export class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: number;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
  }

  /** Starts a relay to a port of this machine. */
  static async to(port: number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server, port);
    server.on("connection", (socket) => relay.#join(socket, connect(relay.#target, "127.0.0.1")));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return relay;
  }

  /** The port that clients are to use. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the relay has ended");
    return address.port;
  }

  /** Leads new connections to another port. */
  moveTo(port: number): void {
    this.#target = port;
  }

  /** Breaks every connection, both ways at once and without a word. New ones are welcome. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  #join(client: Socket, server: Socket): void {
    client.pipe(server);
    server.pipe(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => undefined);
      one.once("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
