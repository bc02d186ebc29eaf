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
