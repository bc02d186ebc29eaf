/** WebSocket transport on the platform's own `WebSocket`: browsers, and runtimes that have one. */
import { callEach } from "../platform.ts";
import { describeAddress } from "../server-address.ts";
import { webSocketClosed } from "./transport.ts";
import type { Transport, TransportEvents, TransportRequest } from "./transport.ts";

/** Above this many unsent bytes `write` says to wait: some hundred milliseconds of a slow line. */
const BUFFERED_BYTES_MAX = 1_048_576;
/** The platform has no event for an emptied buffer, so it is looked at this often. */
const DRAIN_CHECK_MS = 20;

/** Opens a WebSocket with the platform's own `WebSocket`. */
export function openBrowserWebSocket(
  request: TransportRequest,
  events: TransportEvents,
): Promise<Transport> {
  const { address, signal } = request;
  const url = describeAddress(address);
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...request.subprotocols]);
    socket.binaryType = "arraybuffer";
    const abort = (): void => {
      socket.close();
      reject(signal.reason);
    };
    // Once it is open, nobody hears a rejection any more, and to close it twice does no harm.
    signal.addEventListener("abort", abort);
    socket.addEventListener("close", ({ code, reason }) => {
      reject(webSocketClosed(code, reason) ?? new Error("the server closed it"));
    });
    socket.addEventListener("open", () => resolve(new BrowserWebSocketTransport(socket, events)));
  });
}

class BrowserWebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #events: TransportEvents;
  #endDrainChecks: (() => void) | undefined;
  #failure: Error | undefined;

  constructor(socket: WebSocket, events: TransportEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.addEventListener("message", (event: MessageEvent<unknown>) => this.#receive(event.data));
    socket.addEventListener("close", (event) => this.#closed(event));
  }

  write(bytes: Uint8Array<ArrayBuffer>): boolean {
    // `send` throws only while connecting and ignores what comes after the close.
    this.#socket.send(bytes);
    if (this.#socket.bufferedAmount <= BUFFERED_BYTES_MAX) return true;
    this.#endDrainChecks ??= callEach(DRAIN_CHECK_MS, () => this.#checkDrained());
    return false;
  }

  close(): void {
    this.#socket.close(1000);
  }

  destroy(): void {
    this.#socket.close();
  }

  #receive(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      this.#events.onBytes(new Uint8Array(data));
      return;
    }
    // [MQTT-6.0.0-1] Control Packets come in binary frames only.
    this.#failure = new Error("a WebSocket frame is not binary");
    this.#socket.close();
  }

  #checkDrained(): void {
    if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX / 2) return;
    this.#endDrainChecks?.();
    this.#endDrainChecks = undefined;
    this.#events.onDrained();
  }

  #closed(event: CloseEvent): void {
    this.#endDrainChecks?.();
    this.#events.onClosed(this.#failure ?? webSocketClosed(event.code, event.reason));
  }
}
