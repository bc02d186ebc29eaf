import type { ListenerLimits } from "./listener-limits.ts";
import { chmod, stat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { MqttListenError } from "../errors.ts";
import type { ConnectionAcceptor, Listener, ListenerAddress } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { listenError, SocketServer } from "./socket-server.ts";
import type { SocketOptions } from "./socket-server.ts";

/** Options of a listener on a unix domain socket. */
export interface UnixListenerOptions extends Pick<SocketOptions, "backlog">, ListenerLimits {
  readonly type: "unix";
  /** The socket's file. One that a dead process left behind is replaced. */
  readonly path: string;
  /** Permissions of the file, such as 0o660. Default: what the process's umask leaves. */
  readonly mode?: number;
}

/** MQTT over a unix domain socket. */
export class UnixListener implements Listener {
  readonly type = "unix";
  readonly connectionsMax: number | undefined;
  readonly #options: UnixListenerOptions;
  readonly #server: SocketServer;

  constructor(options: UnixListenerOptions, log: Log) {
    this.connectionsMax = options.connectionsMax;
    this.#options = options;
    this.#server = new SocketServer(options, log);
  }

  get address(): ListenerAddress | undefined {
    const path = this.#server.address;
    return typeof path === "string" ? { url: `unix:${path}`, path } : undefined;
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    const { path, mode } = this.#options;
    await removeStaleSocket(path);
    await this.#server.startPlain({ path }, acceptor, () => ({ transport: "unix", secure: false }));
    if (mode === undefined) return;
    await chmod(path, mode).catch((error: unknown) => {
      this.#server.stop();
      throw listenError({ path }, error);
    });
  }

  async stop(): Promise<void> {
    this.#server.stop();
  }
}

/** Only a socket on which nobody answers is removed: never a file, never another server's socket. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new MqttListenError(`cannot listen on ${path}: a file that is no socket is in the way`);
  }
  if (!(await answers(path))) await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error: Error) => {
      resolve(!("code" in error) || error.code !== "ECONNREFUSED");
    });
  });
}
