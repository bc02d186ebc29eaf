import { MqttConfigurationError } from "@anax/protocol";
import type { Socket } from "node:net";
import { createServer } from "node:tls";
import type { Server, TlsOptions as TlsServerOptions, TLSSocket } from "node:tls";
import { asError } from "../errors.ts";
import { fenced } from "../user-code.ts";
import type { Log } from "../ports/logger.ts";
import type { HandshakeFailure } from "../ports/listener.ts";
import { HostCertificates, withoutCertificate } from "./host-certificates.ts";
import type { SharedTls } from "./host-certificates.ts";
import { socketBelow } from "./socket-below.ts";
import { clientAddresses } from "./proxied.ts";
import { HandshakeTurns } from "./handshake-turns.ts";
import type { HandleAddresses, SocketHandle } from "./socket-handles.ts";
import { TicketKeys } from "./ticket-keys.ts";
import type { TicketOptions } from "./ticket-keys.ts";
import { tlsFailure } from "./tls-failure.ts";
import { contextOf, tlsHandles } from "./tls-handles.ts";
import type { TlsHandles } from "./tls-handles.ts";
import { TlsNewcomer } from "./tls-newcomer.ts";
import type { CertificateAsking, NewcomerEvents, TlsFacts } from "./tls-newcomer.ts";
import { checkTlsCredentials } from "./tls-credentials.ts";
import type { TlsCredentials } from "./tls-credentials.ts";

/** What `node:tls` takes beside credentials, and what it says of each holds here too. */
type NodeTlsOptions = Pick<
  TlsServerOptions,
  | "ALPNCallback"
  | "ALPNProtocols"
  | "ciphers"
  | "dhparam"
  | "ecdhCurve"
  | "honorCipherOrder"
  | "maxVersion"
  | "minVersion"
  | "sessionTimeout"
  | "sigalgs"
  | "SNICallback"
>;

/**
 * Options of TLS. Either the credentials themselves or `credentials` must be given; `SNICallback` chooses others by the
 * name that a client asks for. `minVersion` is "TLSv1.2" by default.
 */
export interface TlsOptions extends TlsCredentials, NodeTlsOptions, TicketOptions {
  /**
   * Gives the credentials, asked at each new connection: a new object from then on is a new
   * certificate, without a restart. Credentials that do not work are logged, and the old ones stay.
   */
  readonly credentials?: () => TlsCredentials;
  /** True: clients must show a certificate that `ca` has signed. Default false. */
  readonly requestCert?: boolean;
  /** False: a client without a valid certificate is let in too, without `peer.certificate`. Default true. */
  readonly rejectUnauthorized?: boolean;
  /**
   * True: TLS asks for a certificate and lets every client in; one that `ca` has not signed is shown to `validatingConnection` as
   * `peer.unverifiedCertificate`, to be pinned. Without a handler that refuses, everybody is let in. Not together with
   * `rejectUnauthorized: true` or `requestCert: false`. Default false.
   */
  readonly showUnverified?: boolean;
  /** Milliseconds that a client has for its TLS handshake. Default 15 000: a slow link needs seconds. */
  readonly tlsHandshakeTimeoutMs?: number;
}

/** Takes a connection over by its handle; false if it does not. */
type HandleAcceptor = (handle: SocketHandle, addresses: HandleAddresses) => boolean;

/** A handshake of TLS that failed; what is missing is that of the listener. */
export type TlsFailure = Omit<HandshakeFailure, "transport">;

/** Who is told how handshakes end. */
export interface TlsEvents {
  secure(socket: TLSSocket): void;
  failed(failure: TlsFailure): void;
}

/** The same of handshakes that were made on a handle, without a TLS socket. */
export interface TlsHandleEvents {
  /** `newcomer.becomes` is to be called. */
  secure(newcomer: TlsNewcomer, facts: TlsFacts, handles: TlsHandles): void;
  /** The connection of one that did not come in is closed. */
  closed(): void;
}

type SniAnswer = Parameters<NonNullable<TlsServerOptions["SNICallback"]>>[1];

/** Milliseconds that a client has for its TLS handshake. A link with seconds each way takes some. */
const HANDSHAKE_TIMEOUT_MS = 15_000;

/** A socket that waits for its handshake, or is in it. */
class SocketClient {
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get isOver(): boolean {
    return this.socket.destroyed;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Turns accepted sockets into TLS sockets whose handshake is done. */
export class TlsTerminator {
  readonly #server: Server;
  readonly #credentials: (() => TlsCredentials) | undefined;
  readonly #log: Log;
  readonly #events: TlsEvents;
  /** Sockets in their handshake, by who they come from: Node does not say which socket a TLS socket wraps. */
  readonly #handshakes = new Map<string, SocketClient>();
  readonly #newcomers = new Set<TlsNewcomer>();
  readonly #turns = new HandshakeTurns<SocketClient | TlsNewcomer>((client) => {
    if (client instanceof TlsNewcomer) this.#beginOnHandle(client);
    else this.#begin(client);
  });
  readonly #handshakeTimeoutMs: number;
  readonly #asking: CertificateAsking;
  readonly #ticketKeys: TicketKeys;
  /** Options that all certificates share. */
  readonly #shared: SharedTls;
  #hosts: HostCertificates;
  readonly #options: TlsOptions;
  #current: TlsCredentials | undefined;

  /** Throws `MqttConfigurationError` for credentials, ciphers or a version that cannot be used. */
  constructor(options: TlsOptions, log: Log, on: TlsEvents) {
    const { credentials, minVersion = "TLSv1.2", showUnverified, ...more } = options;
    const { ticketKeys: _keys, ticketRotationSeconds: _rotation, ...rest } = more;
    this.#ticketKeys = new TicketKeys(options);
    const asking = showUnverified === true ? askingForAny(options) : {};
    const handshakeTimeout = options.tlsHandshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    this.#handshakeTimeoutMs = handshakeTimeout;
    this.#asking = {
      requestCert: showUnverified === true || options.requestCert === true,
      rejectUnauthorized: showUnverified !== true && options.rejectUnauthorized !== false,
    };
    this.#credentials = credentials;
    this.#log = log;
    this.#events = on;
    this.#current = credentials && usable(credentials());
    const callbacks = {
      SNICallback: (serverName: string, done: SniAnswer) =>
        done(null, this.#hosts.contextFor(serverName)),
      ...fencedCallbacks(options, log),
    };
    const { hosts: _ofOptions, ...common } = { ...rest, ...asking, minVersion };
    const settings = { ...common, ...callbacks, handshakeTimeout, noDelay: true };
    const { hosts: _hosts, ...first } = this.#current ?? {};
    this.#server = secureServer({ ...settings, ...first }, { ...options, ...this.#current });
    this.#ticketKeys.trust({ ...options, ...first });
    this.#server.setTicketKeys(this.#ticketKeys.now);
    this.#shared = withoutCertificate(common);
    this.#options = options;
    this.#hosts = this.#hostsWith(this.#current);
    this.#server.on("secureConnection", (socket) => {
      this.#socketDone(origin(socket));
      on.secure(socket);
    });
    this.#server.on("tlsClientError", (error, socket) => {
      this.#handshakeFailed(error, socket);
      socket.destroy();
    });
  }

  /** A socket of which neither a byte nor an error came was that of a health check, most likely. */
  #handshakeFailed(error: Error, secured: TLSSocket): void {
    const socket = socketBelow(secured) ?? secured;
    this.#events.failed({
      ...clientAddresses(socket),
      ...tlsFailure(error, secured.authorizationError),
      isSilent: socket.bytesRead === 0 && hasLeft(error),
      error,
    });
  }

  /** Begins the handshake when it is this socket's turn. */
  accept(socket: Socket): void {
    this.#turns.add(new SocketClient(socket));
  }

  #begin(client: SocketClient): void {
    const { socket } = client;
    // Read now, it is still known when the socket is gone.
    const key = origin(socket);
    this.#handshakes.set(key, client);
    socket.once("close", () => {
      if (this.#handshakes.get(key) === client) this.#socketDone(key);
    });
    this.#renewCredentials();
    this.#server.emit("connection", socket);
  }

  #socketDone(key: string): void {
    const client = this.#handshakes.get(key);
    if (client === undefined) return;
    this.#handshakes.delete(key);
    this.#turns.done(client);
  }

  /**
   * What does the same on handles, without the cost of sockets: it answers false where the certificate depends on what the client asks
   * for. Undefined where it never can be, as Node is not as it is known, or a callback of the program has its say.
   */
  onHandles(on: TlsHandleEvents): HandleAcceptor | undefined {
    const handles = tlsHandles();
    const { SNICallback, ALPNCallback, ALPNProtocols } = this.#options;
    if (typeof handles === "string" || contextOf(this.#server) === undefined) return undefined;
    if ((SNICallback ?? ALPNCallback ?? ALPNProtocols) !== undefined) return undefined;
    const events = this.#newcomerEvents(on, handles);
    return (handle, addresses) => {
      if (!this.#hosts.isEmpty) return false;
      const timeoutMs = this.#handshakeTimeoutMs;
      const newcomer = new TlsNewcomer({ handle, handles, addresses, timeoutMs, events });
      this.#newcomers.add(newcomer);
      newcomer.start();
      return true;
    };
  }

  #newcomerEvents(on: TlsHandleEvents, handles: TlsHandles): NewcomerEvents {
    return {
      came: (newcomer) => this.#turns.add(newcomer),
      secured: (newcomer, facts) => {
        this.#newcomerDone(newcomer);
        on.secure(newcomer, facts, handles);
      },
      failed: ({ addresses, isSilent }, error, authorizationError) => {
        this.#events.failed({
          remoteAddress: addresses.remoteAddress,
          remotePort: addresses.remotePort,
          ...tlsFailure(error, authorizationError),
          isSilent: isSilent && hasLeft(error),
          error,
        });
      },
      closed: (newcomer) => {
        this.#newcomerDone(newcomer);
        on.closed();
      },
    };
  }

  #newcomerDone(newcomer: TlsNewcomer): void {
    this.#newcomers.delete(newcomer);
    this.#turns.done(newcomer);
  }

  #beginOnHandle(newcomer: TlsNewcomer): void {
    this.#renewCredentials();
    const context = contextOf(this.#server);
    if (context !== undefined) newcomer.begin(context, this.#asking);
  }

  /** Ends the handshakes that are going on, or wait. */
  stop(): void {
    this.#turns.stop();
    for (const client of this.#handshakes.values()) client.destroy();
    this.#handshakes.clear();
    for (const newcomer of this.#newcomers) newcomer.destroy();
    this.#newcomers.clear();
  }

  /** Of the options, and of credentials that take their place. Throws where an `SNICallback` chooses too. */
  #hostsWith(credentials: TlsCredentials | undefined): HostCertificates {
    const all = { ...this.#options, ...credentials };
    if (all.SNICallback !== undefined && all.hosts !== undefined)
      throw new MqttConfigurationError("hosts and SNICallback are given; use one of them");
    return new HostCertificates(all, this.#shared);
  }

  #renewCredentials(): void {
    if (this.#ticketKeys.areOld) this.#server.setTicketKeys(this.#ticketKeys.now);
    const ask = this.#credentials;
    if (ask === undefined) return;
    try {
      const credentials = ask();
      if (credentials === this.#current) return;
      this.#current = credentials;
      checkTlsCredentials(usable(credentials));
      const { hosts: _hosts, ...first } = credentials;
      const hosts = this.#hostsWith(credentials);
      this.#ticketKeys.trust({ ...this.#options, ...first });
      const ticketKeys = this.#ticketKeys.now;
      this.#server.setSecureContext({ ...this.#shared, ...first, ticketKeys });
      this.#hosts = hosts;
      this.#log.info?.("TLS credentials were renewed");
    } catch (error) {
      this.#log.error?.("new TLS credentials cannot be used", {}, asError(error));
    }
  }
}

/** Throws for what can be no credentials of a server: Node would take it, and then fail each handshake. */
function usable(credentials: TlsCredentials): TlsCredentials {
  const given: TlsCredentials | null | undefined = credentials;
  const hasPair = given?.cert !== undefined && given.key !== undefined;
  if (hasPair || given?.pfx !== undefined) return credentials;
  // A promise is none; what it rejects with must not end the process.
  fenced(
    (): unknown => credentials,
    () => undefined,
  );
  throw new MqttConfigurationError("credentials gave neither cert and key nor pfx");
}

/** Node looks at what these give or call, and not at a promise: one that rejects would end the process. */
function fencedCallbacks({ SNICallback, ALPNCallback }: TlsOptions, log: Log): TlsServerOptions {
  const callbacks: TlsServerOptions = {};
  if (SNICallback !== undefined) {
    callbacks.SNICallback = (serverName, done) => {
      fenced(
        (): unknown => SNICallback(serverName, done),
        (error) => {
          log.warn?.("SNICallback failed", {}, error);
          done(error);
        },
      );
    };
  }
  if (ALPNCallback !== undefined) {
    callbacks.ALPNCallback = (asked) =>
      fenced(
        () => ALPNCallback(asked),
        (error) => log.warn?.("ALPNCallback failed", {}, error),
      );
  }
  return callbacks;
}

/** Asks each client for its certificate, and leaves it to the program what that is worth. */
function askingForAny({ requestCert, rejectUnauthorized }: TlsOptions): TlsServerOptions {
  if (requestCert === false || rejectUnauthorized === true) {
    const fault = requestCert === false ? "requestCert is false" : "rejectUnauthorized is true";
    throw new MqttConfigurationError(`showUnverified is true, but ${fault}`);
  }
  return { requestCert: true, rejectUnauthorized: false };
}

function secureServer(settings: TlsServerOptions, credentials: TlsCredentials): Server {
  checkTlsCredentials(credentials);
  try {
    return createServer(settings);
  } catch (cause) {
    const text = `the options of TLS cannot be used: ${asError(cause).message}`;
    throw new MqttConfigurationError(text, { cause });
  }
}

function hasLeft(error: Error): boolean {
  return "code" in error && error.code === "ECONNRESET";
}

function origin(socket: Pick<Socket, "remoteAddress" | "remotePort">): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
