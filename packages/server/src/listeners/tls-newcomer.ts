import { CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW, TLSSocket } from "node:tls";
import { joined } from "../core/wire.ts";
import type { HandleWire } from "./handle-wire.ts";
import { sharedArray } from "./shared-reading.ts";
import { systemError } from "./socket-handles.ts";
import type { HandleAddresses, SocketHandle } from "./socket-handles.ts";
import type { NativeContext, TlsHandle, TlsHandles } from "./tls-handles.ts";
import { clearTimeout, setTimeout } from "../platform.ts";

/** Bytes of a client whose handshake has not begun: its first message, or of what is no TLS the beginning. */
const HELLO_BYTES_MAX = 65_536;

/** What the system calls the end of what a peer sends. */
const END_OF_FILE = -4095;

const OWNER = Symbol("owner");

/** What a handle of TLS tells, and how often it was asked to shake hands. */
type OwnedTlsHandle = TlsHandle & {
  [OWNER]: TlsNewcomer | HandleWire;
  handshakes: number;
  lastHandshakeMs: number;
};
type OwnedHandle = SocketHandle & { [OWNER]: TlsNewcomer | undefined };

/** A client may ask for a new handshake now and then, and not so often that it costs anybody. As Node counts. */
function onHandshakeStart(this: TlsHandle, nowMs: number): void {
  const handle = this as OwnedTlsHandle;
  const { lastHandshakeMs } = handle;
  handle.lastHandshakeMs = nowMs;
  if (lastHandshakeMs === 0) return;
  const isNewWindow = nowMs - lastHandshakeMs >= CLIENT_RENEG_WINDOW * 1_000;
  handle.handshakes = isNewWindow ? 1 : handle.handshakes + 1;
  if (handle.handshakes > CLIENT_RENEG_LIMIT)
    handle[OWNER].failed(new Error("the client asks for new handshakes again and again"));
}

function onHandshakeDone(this: TlsHandle): void {
  const owner = (this as OwnedTlsHandle)[OWNER];
  if (owner instanceof TlsNewcomer) owner.secured();
}

function onError(this: TlsHandle, error: Error): void {
  (this as OwnedTlsHandle)[OWNER].failed(error);
}

function onRead(this: SocketHandle): void {
  (this as OwnedHandle)[OWNER]?.read();
}

function onTimeout(newcomer: TlsNewcomer): void {
  newcomer.failed(coded("ERR_TLS_HANDSHAKE_TIMEOUT", "TLS handshake timeout"));
}

function ignoreRead(): void {
  // What carries TLS is read by TLS.
}

/** Who comes, and what it needs. */
interface NewcomerFields {
  readonly handle: SocketHandle;
  readonly handles: TlsHandles;
  readonly addresses: HandleAddresses;
  /** Milliseconds that it has for its first bytes, and from its turn on for its handshake. */
  readonly timeoutMs: number;
  readonly events: NewcomerEvents;
}

/** Told of newcomers. */
export interface NewcomerEvents {
  /** Its first bytes are there: from now on it waits for its turn. */
  came(newcomer: TlsNewcomer): void;
  secured(newcomer: TlsNewcomer, facts: TlsFacts): void;
  /** It does not come in. Told once. `authorizationError`: what was wrong with its certificate. */
  failed(newcomer: TlsNewcomer, error: Error, authorizationError?: string): void;
  /** Its connection is closed, before it came in. */
  closed(newcomer: TlsNewcomer): void;
}

/**
 * A client of TLS until its handshake is done. What it says first is read before its turn comes: so it is known when it leaves, and
 * no key is used for a client that has gone. And TLS, which is given these bytes, makes no room for 64 KB of which it never needs
 * more than a record, as it does where it reads itself from the beginning.
 */
export class TlsNewcomer {
  readonly addresses: HandleAddresses;
  readonly #carrier: SocketHandle;
  readonly #handles: TlsHandles;
  readonly #timeoutMs: number;
  readonly #events: NewcomerEvents;
  #asking: CertificateAsking | undefined;
  #hello: Uint8Array[] = [];
  #helloBytes = 0;
  #tls: TlsHandle | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor({ handle, handles, addresses, timeoutMs, events }: NewcomerFields) {
    this.#carrier = handle;
    this.#handles = handles;
    this.addresses = addresses;
    this.#timeoutMs = timeoutMs;
    this.#events = events;
    (handle as OwnedHandle)[OWNER] = this;
  }

  /** Begins to read. */
  start(): void {
    const carrier = this.#carrier;
    carrier.useUserBuffer(sharedArray());
    carrier.onread = onRead;
    this.#startTimer();
    const error = carrier.readStart();
    if (error !== 0) this.failed(systemError(error, "read"));
  }

  /** True if it has gone, or is in. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** True if it has sent nothing. */
  get isSilent(): boolean {
    return this.#helloBytes === 0;
  }

  /** The handle, from the beginning of the handshake on. Throws before. */
  get tls(): TlsHandle {
    if (this.#tls === undefined) throw new Error("the handshake has not begun");
    return this.#tls;
  }

  #startTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onTimeout, this.#timeoutMs, this);
    this.#timer.unref();
  }

  /** Something came before the handshake has begun, or during it, or the end. */
  read(): void {
    if (this.#isOver) return;
    const count = this.#handles.sockets.lastRead;
    if (count < 0) {
      const hasLeft = count === END_OF_FILE;
      this.failed(hasLeft ? coded("ECONNRESET", "socket hang up") : systemError(count, "read"));
    } else if (count > 0 && this.#tls === undefined) this.#keep(count);
  }

  #keep(count: number): void {
    const isFirst = this.#helloBytes === 0;
    this.#hello.push(new Uint8Array(sharedArray().subarray(0, count)));
    this.#helloBytes += count;
    if (this.#helloBytes > HELLO_BYTES_MAX) this.#carrier.readStop();
    if (!isFirst) return;
    // From here on it waits for the server.
    clearTimeout(this.#timer);
    this.#events.came(this);
  }

  /** It is its turn. */
  begin(context: NativeContext, asking: CertificateAsking): void {
    this.#asking = asking;
    this.#startTimer();
    this.#carrier.readStop();
    this.#carrier.onread = ignoreRead;
    const tls = this.#handles.wrap(this.#carrier, context) as OwnedTlsHandle;
    this.#tls = tls;
    tls[OWNER] = this;
    tls.handshakes = 0;
    tls.lastHandshakeMs = 0;
    tls.onhandshakestart = onHandshakeStart;
    tls.onhandshakedone = onHandshakeDone;
    tls.onerror = onError;
    tls.onread = onRead;
    if (asking.requestCert) tls.setVerifyMode(true, asking.rejectUnauthorized);
    const error = tls.readStart();
    if (error !== 0) return this.failed(systemError(error, "read"));
    const hello = this.#hello;
    this.#hello = [];
    tls.receive(hello.length === 1 && hello[0] !== undefined ? hello[0] : joined(hello));
  }

  /** TLS says that the handshake is done. */
  secured(): void {
    const [tls, asking] = [this.#tls, this.#asking];
    if (this.#isOver || tls === undefined || asking === undefined) return;
    const facts = new TlsFacts(tls, asking);
    const { authorizationError: fault } = facts;
    if (fault === undefined || !asking.rejectUnauthorized) this.#events.secured(this, facts);
    else this.failed(coded("ECONNRESET", "socket hang up"), fault);
  }

  /** It is a connection from here on, that `wire` carries. */
  becomes(wire: HandleWire): void {
    this.#end();
    const tls = this.tls as OwnedTlsHandle;
    tls.readStop();
    tls[OWNER] = wire;
    // Else it would keep the newcomer for as long as the connection lasts.
    (this.#carrier as OwnedHandle)[OWNER] = undefined;
  }

  failed(error: Error, authorizationError?: string): void {
    if (this.#isOver) return;
    this.#events.failed(this, error, authorizationError);
    this.destroy();
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#end();
    const tls = this.#tls;
    this.#carrier.close(() => {
      tls?.destroySSL();
      this.#events.closed(this);
    });
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#hello = [];
  }
}

/** Whether TLS asks for a certificate, and refuses who has none that is valid. */
export interface CertificateAsking {
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
}

/** What a handle of TLS knows of its peer once the handshake is done, as a TLS socket tells it. */
export class TlsFacts {
  readonly authorized: boolean;
  readonly authorizationError: string | undefined;
  readonly #tls: TlsHandle;

  constructor(tls: TlsHandle, { requestCert }: CertificateAsking) {
    const fault = requestCert ? tls.verifyError() : undefined;
    this.authorized = requestCert && (fault === undefined || fault === null);
    this.authorizationError = fault?.code;
    this.#tls = tls;
  }

  get servername(): string | false {
    return this.#tls.getServername();
  }

  getProtocol(): string | null {
    return this.#tls.getProtocol();
  }

  getCipher(): { readonly standardName: string } {
    return this.#tls.getCipher();
  }

  /** Node puts it in order only for its sockets, by the handle that these have. */
  getPeerCertificate(): object {
    const { getPeerCertificate } = TLSSocket.prototype as unknown as {
      getPeerCertificate: (this: { readonly _handle: TlsHandle }) => object;
    };
    return getPeerCertificate.call({ _handle: this.#tls });
  }
}

function coded(code: string, text: string): Error {
  return Object.assign(new Error(text), { code });
}
