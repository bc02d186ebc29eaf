/** Transports on Node sockets: TCP, TLS and Unix domain sockets. */
import { connect as connectSocket } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Transport, TransportEvents, TransportRequest } from "../transports/transport.ts";
import { plainBytes } from "./plain-bytes.ts";
import { nodeTlsOptions } from "./tls-options.ts";

/** Opens a TCP connection. */
export function openTcp(request: TransportRequest, events: TransportEvents): Promise<Transport> {
  const { host, port } = request.address;
  // MQTT packets are small and complete; waiting to fill a segment would only delay them.
  return whenOpen(connectSocket({ host, port, noDelay: true }), "connect", request, events);
}

/** Opens a TLS connection and verifies the server's certificate. */
export function openTls(request: TransportRequest, events: TransportEvents): Promise<Transport> {
  const { host, port } = request.address;
  const socket = connectTls({ host, port, ...nodeTlsOptions(host, request.tls) });
  socket.setNoDelay(true);
  return whenOpen(socket, "secureConnect", request, events);
}

/** Opens a connection to a Unix domain socket. */
export function openUnixSocket(
  request: TransportRequest,
  events: TransportEvents,
): Promise<Transport> {
  return whenOpen(connectSocket({ path: request.address.path }), "connect", request, events);
}

function whenOpen(
  socket: Socket,
  openEvent: "connect" | "secureConnect",
  request: TransportRequest,
  events: TransportEvents,
): Promise<Transport> {
  const { signal } = request;
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
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onError);
    socket.once("close", onClosed);
    socket.once(openEvent, () => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.off("close", onClosed);
      resolve(new SocketTransport(socket, events));
    });
  });
}

class SocketTransport implements Transport {
  readonly #socket: Socket;

  constructor(socket: Socket, events: TransportEvents) {
    this.#socket = socket;
    let failure: Error | undefined;
    socket.on("data", (chunk: Buffer) => events.onBytes(plainBytes(chunk)));
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
