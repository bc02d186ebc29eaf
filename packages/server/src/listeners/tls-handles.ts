import type { Server } from "node:tls";
import type { SocketHandle, SocketHandles } from "./socket-handles.ts";
import { socketHandles } from "./socket-handles.ts";

/**
 * Node's own object below a TLS socket, and the only place that knows it. A `TLSSocket` is two streams more on top of that of
 * TCP: two thirds of what a handshake costs in time, and a third of what a connection costs in memory. As with `SocketHandle`,
 * it is used only where every part, and the way in which Node itself makes it, is as it is known.
 */
export interface TlsHandle extends SocketHandle {
  /** The handle that carries it. Node's `close` closes that one. */
  _parent?: SocketHandle;
  onhandshakestart: (this: TlsHandle, nowMs: number) => void;
  onhandshakedone: (this: TlsHandle) => void;
  onerror: (this: TlsHandle, error: Error) => void;
  /** Takes bytes of the peer that were read before. */
  receive(bytes: Uint8Array): void;
  setVerifyMode(requestsCertificate: boolean, rejectsUnauthorized: boolean): void;
  /** Undefined if the peer's certificate is verified. */
  verifyError(): (Error & { readonly code?: string }) | null | undefined;
  getServername(): string | false;
  getProtocol(): string | null;
  getCipher(): { readonly standardName: string };
  /** Frees what OpenSSL has of it. Not from within one of its calls. */
  destroySSL(): void;
}

/** What Node calls a `SecureContext` within. */
export interface NativeContext {
  readonly context: unknown;
}

/** What belongs to all handles of TLS. */
export class TlsHandles {
  readonly sockets: SocketHandles;
  readonly #binding: TlsBinding;

  constructor(sockets: SocketHandles, binding: TlsBinding) {
    this.sockets = sockets;
    this.#binding = binding;
  }

  /** The server's end of TLS on a handle of TCP. */
  wrap(carrier: SocketHandle, { context }: NativeContext): TlsHandle {
    const handle = this.#binding.wrap(carrier, context, true, false);
    handle._parent = carrier;
    return handle;
  }
}

interface TlsBinding {
  wrap(carrier: object, context: unknown, isServer: boolean, hasOtherWrites: boolean): TlsHandle;
  readonly TLSWrap: { readonly prototype: object };
}

/** Node ends the process if it is called in another way. */
const KNOWN_CALL =
  /tls_wrap\.wrap\(\s*handle,\s*context\.context,\s*!!options\.isServer,\s*wrapHasActiveWriteFromPrevOwner,?\s*\)/u;

const METHODS = [
  "receive",
  "setVerifyMode",
  "verifyError",
  "getServername",
  "getProtocol",
  "getCipher",
  "getPeerCertificate",
  "destroySSL",
  "useUserBuffer",
  "readStart",
  "readStop",
  "writeBuffer",
  "writev",
  "shutdown",
];

let known: TlsHandles | string | undefined;

/** Handles of TLS in this process; where it is not Node as it is known, the reason, in words for the log. */
export function tlsHandles(): TlsHandles | string {
  return (known ??= look());
}

function look(): TlsHandles | string {
  const sockets = socketHandles();
  if (typeof sockets === "string") return sockets;
  const { binding } = process as unknown as { binding: (name: string) => unknown };
  try {
    const sources = binding.call(process, "natives") as Record<string, unknown>;
    const source = sources["internal/tls/wrap"] ?? sources["_tls_wrap"];
    const found = binding.call(process, "tls_wrap");
    if (typeof source === "string" && KNOWN_CALL.test(source) && isTlsBinding(found))
      return new TlsHandles(sockets, found);
  } catch {
    // Said below.
  }
  return `TLS of Node ${process.versions.node} is not as it is known`;
}

function isTlsBinding(found: unknown): found is TlsBinding {
  if (typeof found !== "object" || found === null) return false;
  const { wrap, TLSWrap } = found as Partial<TlsBinding>;
  const { prototype } = TLSWrap ?? {};
  if (typeof wrap !== "function" || prototype === undefined) return false;
  return METHODS.every(
    (name) => typeof (prototype as Record<string, unknown>)[name] === "function",
  );
}

/** With what a server of `node:tls` begins its handshakes, as its options and its last `setSecureContext` say. */
export function contextOf(server: Server): NativeContext | undefined {
  const { _sharedCreds: shared } = server as unknown as { _sharedCreds?: Partial<NativeContext> };
  return typeof shared?.context === "object" && shared.context !== null
    ? { context: shared.context }
    : undefined;
}
