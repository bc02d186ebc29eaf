import { createServer, isIPv6 } from "node:net";
import type { ListenOptions, Server, Socket } from "node:net";
import type { Peer } from "../core/wire.ts";
import { asError, MqttListenError } from "../errors.ts";
import type { ConnectionAcceptor } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { HandleWire } from "./handle-wire.ts";
import type { SocketAddresses } from "./network-address.ts";
import { clientAddresses, throughProxy } from "./proxied.ts";
import { ProxyGate } from "./proxy-gate.ts";
import { withSharedReading } from "./shared-reading.ts";
import { HandleAddresses, socketHandles, takeHandles } from "./socket-handles.ts";
import type { SocketHandle } from "./socket-handles.ts";
import { openAdmitted } from "./stream-wire.ts";
import { WaitingRoom } from "./waiting-room.ts";
import { monotonicMs } from "../platform.ts";

/** What all listeners on sockets can be told. */
export interface SocketOptions {
  /** Connections that the system holds for the server until it accepts them; the system has a limit of its own. Default 4096. */
  readonly backlog?: number;
  /** Milliseconds of silence after which TCP itself probes the peer; 0, the default, never. */
  readonly tcpKeepAliveMs?: number;
  /**
   * Addresses and ranges of load balancers that begin each connection with a header of the PROXY protocol, version 1 or 2. If
   * given, other addresses are not let in, and the client is whom the header names: for limits, bans, rules, events and the log.
   * Default: none, and a header is a malformed packet.
   */
  readonly proxyProtocolFrom?: readonly string[];
}

/**
 * Clients of a server that starts again come by thousands at once. Whom the system has no room for is not told: it tries
 * again by itself after a second, then after three. Linux has 4096 as its own limit (net.core.somaxconn) since 5.4.
 */
const BACKLOG = 4_096;

/** Accept errors are logged once in this many milliseconds: under EMFILE they come by thousands. */
const ERROR_LOG_INTERVAL_MS = 1_000;

/** Who takes a connection over by its handle. */
type HandleTaker = (handle: SocketHandle, addresses: HandleAddresses) => void;

/** Logs that have been told of the slower way. */
const TOLD = new WeakSet<Log>();

/**
 * Accepts sockets, asks whether each may stay, and hands those on. An accept error (too many open
 * files, say) is logged and survived: the system keeps waiting peers in its backlog or drops them,
 * and accepting goes on by itself when there is room again.
 */
export class SocketServer {
  readonly #options: SocketOptions;
  readonly #log: Log;
  #server: Server | undefined;
  #gate: ProxyGate | undefined;
  #room: WaitingRoom | undefined;
  #errorLoggedAtMs = -Infinity;

  constructor(options: SocketOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  /** The bound address: of TCP with the real port, of a unix socket its path. */
  get address(): ReturnType<Server["address"]> | undefined {
    return this.#server?.address();
  }

  /**
   * Listens, and calls `onSocket` with each admitted socket, whose place is then its to give back. Rejects with
   * `MqttListenError`.
   */
  async start(
    target: Pick<ListenOptions, "host" | "port" | "path" | "ipv6Only">,
    acceptor: ConnectionAcceptor,
    onSocket: (socket: Socket) => void,
    /** True for an address that speaks for others, which are known later. */
    isForwarding: (address: string | undefined) => boolean = () => false,
  ): Promise<void> {
    const keepAliveMs = this.#options.tcpKeepAliveMs ?? 0;
    const room = new WaitingRoom(acceptor);
    const server = createServer({
      allowHalfOpen: false,
      noDelay: true,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: keepAliveMs,
    });
    const admit = (accepted: Socket): void => {
      const admitted = (): void => {
        if (accepted.destroyed) acceptor.release();
        else onSocket(accepted);
      };
      const { remoteAddress } = clientAddresses(accepted);
      const judged = isForwarding(remoteAddress) ? undefined : remoteAddress;
      room.admit(judged, admitted, () => accepted.destroy());
    };
    const gate = this.#gateFor(acceptor, admit);
    server.on("connection", (accepted) => {
      // It may be reset while it waits.
      accepted.on("error", ignoreError);
      if (gate === undefined) admit(accepted);
      else gate.accept(accepted);
    });
    await listen(server, { ...target, backlog: this.#options.backlog ?? BACKLOG });
    server.on("error", (error) => this.#acceptFailed(error));
    this.#server = server;
    this.#gate = gate;
    this.#room = room;
  }

  #gateFor(acceptor: ConnectionAcceptor, passed: (socket: Socket) => void): ProxyGate | undefined {
    const { proxyProtocolFrom } = this.#options;
    if (proxyProtocolFrom === undefined) return undefined;
    return new ProxyGate(proxyProtocolFrom, {
      passed,
      refused: ({ remoteAddress }, reason) => acceptor.refuse?.(remoteAddress, reason),
    });
  }

  /**
   * Listens, and has MQTT spoken on each admitted socket as it is: on its handle alone where Node is as it is known, and
   * on a socket otherwise. Rejects with `MqttListenError`.
   */
  async startPlain(
    target: Pick<ListenOptions, "host" | "port" | "path" | "ipv6Only">,
    acceptor: ConnectionAcceptor,
    peerOf: (addresses: SocketAddresses) => Peer,
  ): Promise<void> {
    await this.start(target, acceptor, (accepted) => {
      // What came behind a header of a proxy is in this very socket.
      const socket = this.#gate === undefined ? withSharedReading(accepted) : accepted;
      openAdmitted(socket, throughProxy(peerOf(socket), socket), acceptor);
    });
    const handles = socketHandles();
    if (typeof handles === "string")
      return this.#gate === undefined ? this.#tellSlower(handles) : undefined;
    const open = (handle: SocketHandle, addresses: HandleAddresses, to = acceptor): void => {
      const wire = new HandleWire(handle, handles, to);
      wire.start(to.open(wire, peerOf(addresses)));
    };
    this.takeHandles(open, (handle, addresses) => {
      const turning = acceptor.isFull === true ? acceptor.turnAway?.() : undefined;
      if (turning === undefined) handle.close();
      else open(handle, addresses, turning);
    });
  }

  /**
   * From now on, has `admitted` called with the handle of each connection that may stay, in place of `onSocket`, and `refused` with that of
   * others. Not where headers of proxies are read, which are in sockets, nor where Node is not as it is known.
   */
  takeHandles(admitted: HandleTaker, refused: HandleTaker): void {
    const room = this.#room;
    if (this.#server === undefined || this.#gate !== undefined) return;
    const take = (handle: SocketHandle): void => {
      const addresses = new HandleAddresses(handle);
      room?.admit(
        addresses.remoteAddress,
        () => {
          this.#setUp(handle);
          admitted(handle, addresses);
        },
        () => refused(handle, addresses),
      );
    };
    if (!takeHandles(this.#server, take)) this.#tellSlower("the listening handle is not known");
  }

  /** Once for each server: the reason is the same for all its listeners. */
  #tellSlower(reason: string): void {
    if (TOLD.has(this.#log)) return;
    TOLD.add(this.#log);
    this.#log.info?.("plain connections take the slower way, through streams", { reason });
  }

  #setUp(handle: SocketHandle): void {
    const keepAliveMs = this.#options.tcpKeepAliveMs ?? 0;
    handle.setNoDelay?.(true);
    if (keepAliveMs > 0) handle.setKeepAlive?.(true, Math.trunc(keepAliveMs / 1_000));
  }

  /** Accepts no more. Sockets that were accepted stay as they are. */
  stop(): void {
    this.#gate?.close();
    this.#gate = undefined;
    this.#room?.close();
    this.#room = undefined;
    this.#server?.close();
    this.#server = undefined;
  }

  #acceptFailed(error: Error): void {
    const now = monotonicMs();
    if (now - this.#errorLoggedAtMs < ERROR_LOG_INTERVAL_MS) return;
    this.#errorLoggedAtMs = now;
    this.#log.error?.("cannot accept connections for now", {}, error);
  }
}

/** Gives the place of an admitted socket back when it closes, also if that is during a handshake. */
export function holdPlace(socket: Socket, acceptor: ConnectionAcceptor): void {
  socket.once("close", () => acceptor.release());
  // A reset during a handshake ends that socket, not the process.
  socket.on("error", ignoreError);
}

function ignoreError(): void {
  // The close event that follows is what counts.
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(listenError(options, error));
    server.once("error", failed);
    server.listen(options, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the address is in use",
  EACCES: "permission is denied",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "the host name is unknown",
  ENOENT: "its folder does not exist",
};

/** What could not listen where and why, in one line. */
export function listenError(options: ListenOptions, thrown: unknown): MqttListenError {
  const cause = asError(thrown);
  const code = "code" in cause ? String(cause.code) : "";
  const { host = "*", port = 0 } = options;
  const where = options.path ?? `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const reason = LISTEN_ERRORS[code] ?? cause.message;
  return new MqttListenError(`cannot listen on ${where}: ${reason}${code && ` (${code})`}`, {
    cause,
  });
}
