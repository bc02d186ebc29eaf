/** Transports on Node sockets: TCP, TLS and Unix domain sockets, with or without a proxy. */
import { connect as connectSocket } from "node:net";
import type { Socket, TcpSocketConnectOpts } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";
import { hasTls } from "../server-address.ts";
import type { Transport, TransportEvents, TransportRequest } from "../transports/transport.ts";
import { plainBytes } from "./plain-bytes.ts";
import { connectThroughProxy } from "./proxy.ts";
import { nodeTlsOptions, refusedCertificate } from "./tls-options.ts";

/** Opens a connection that carries MQTT as it is. */
export async function openSocketTransport(
  request: TransportRequest,
  events: TransportEvents,
): Promise<Transport> {
  return new SocketTransport(await openSocket(request), events);
}

/** Opens a socket to the server, through the proxy if there is one, and verifies its certificate if it has TLS. */
export async function openSocket(request: TransportRequest): Promise<Socket> {
  const { address, proxy } = request;
  if (address.protocol === "unix") return whenOpen(connectSocket({ path: address.path }), request);
  if (proxy === undefined) {
    return hasTls(address.protocol)
      ? openTls(request)
      : whenOpen(connectSocket(socketOptions(request)), request);
  }
  const socket = await connectThroughProxy(new URL(proxy), request);
  return hasTls(address.protocol) ? openTls(request, socket) : socket;
}

async function openTls(request: TransportRequest, socket?: Socket): Promise<Socket> {
  const { address, tls } = request;
  const way = socket === undefined ? socketOptions(request) : { socket };
  const secured = connectTls({ ...way, ...nodeTlsOptions(address.host, tls) });
  secured.setNoDelay(true);
  await whenOpen<TLSSocket>(secured, request, "secureConnect");
  const fault = refusedCertificate(address.host, tls, secured);
  if (fault === undefined) return secured;
  secured.destroy();
  throw fault;
}

function socketOptions(request: TransportRequest): TcpSocketConnectOpts {
  const { address, addressFamily, localAddress } = request;
  return {
    host: address.host,
    port: address.port,
    // MQTT packets are small and complete; waiting to fill a segment would only delay them.
    noDelay: true,
    ...(addressFamily && { family: addressFamily }),
    ...(localAddress !== undefined && { localAddress }),
  };
}

function whenOpen<Kind extends Socket>(
  socket: Kind,
  { signal }: TransportRequest,
  openEvent: "connect" | "secureConnect" = "connect",
): Promise<Kind> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    const onClosed = (): void => onError(new Error("the connection was closed before it was open"));
    const onError = (error: Error): void => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onError);
    socket.once("close", onClosed);
    socket.once(openEvent, () => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.off("close", onClosed);
      resolve(socket);
    });
  });
}

class SocketTransport implements Transport {
  readonly #socket: Socket;

  constructor(socket: Socket, events: TransportEvents) {
    this.#socket = socket;
    let failure: Error | undefined;
    socket.once("data", (first: Buffer) => {
      const foreign = foreignAnswer(first);
      if (foreign !== undefined) return void socket.destroy(new Error(foreign));
      socket.on("data", (chunk: Buffer) => events.onBytes(plainBytes(chunk)));
      events.onBytes(plainBytes(first));
    });
    socket.on("drain", () => events.onDrained());
    socket.on("error", (error) => (failure = error));
    socket.on("close", () => events.onClosed(failure));
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** What to do where another protocol answers, as on a port for WebSocket or TLS; no packet of MQTT begins like that. */
function foreignAnswer(bytes: Buffer): string | undefined {
  if (bytes.toString("latin1", 0, 5) === "HTTP/") {
    return "what answers there is HTTP, not MQTT: a server of WebSocket is reached by ws or wss";
  }
  // An alert, of whatever version.
  if (bytes[0] === 0x15 && bytes[1] === 0x03) {
    return "what answers there is TLS, not MQTT: it is reached by mqtts";
  }
  return undefined;
}
