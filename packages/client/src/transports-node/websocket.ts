/** WebSocket transport through `ws`: Node 20 has no `WebSocket` of its own. */
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import { describeAddress } from "../server-address.ts";
import { webSocketClosed } from "../transports/transport.ts";
import type { Transport, TransportEvents, TransportRequest } from "../transports/transport.ts";
import { plainBytes } from "./plain-bytes.ts";
import { openSocket } from "./socket.ts";

/** Above this many unsent bytes `write` says to wait, as a socket of Node does at its own mark. */
const BUFFERED_BYTES_MAX = 65_536;

/** Characters of a refusal that are told. */
const ANSWER_CHARACTERS_MAX = 200;

/** Opens a WebSocket; over `wss` it verifies the server's certificate before it sends a header. */
export async function openWebSocket(
  request: TransportRequest,
  events: TransportEvents,
): Promise<Transport> {
  const { address, signal } = request;
  const connection = await openSocket(request);
  const socket = new WebSocket(describeAddress(address), [...request.subprotocols], {
    createConnection: () => connection,
    headers: { ...request.webSocket.headers },
    // Compression costs more memory and time per message than small packets gain.
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      socket.terminate();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    });
    socket.once("unexpected-response", (sent, response) => {
      void refusalOf(response).then((refusal) => {
        signal.removeEventListener("abort", onAbort);
        sent.destroy();
        reject(refusal);
      });
    });
    socket.once("open", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(new WebSocketTransport(socket, events));
    });
  });
}

/** Says what the server answered in place of a WebSocket, with the first of its words if they are for people. */
async function refusalOf(response: IncomingMessage): Promise<Error> {
  const { statusCode, statusMessage, headers } = response;
  const status = `the server answered ${statusCode} ${statusMessage} in place of a WebSocket`;
  if (!/^text\/plain\b/.test(headers["content-type"] ?? "")) return new Error(status);
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += String(chunk);
      if (text.length >= ANSWER_CHARACTERS_MAX) break;
    }
  } catch {
    // What came before the end of the connection is told.
  }
  const words = text
    .slice(0, ANSWER_CHARACTERS_MAX)
    .replace(/[\p{C}\s]+/gu, " ")
    .trim();
  return new Error(words === "" ? status : `${status}: ${words}`);
}

class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #events: TransportEvents;
  #isWaiting = false;
  #failure: Error | undefined;

  constructor(socket: WebSocket, events: TransportEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("error", (error) => (this.#failure = error));
    socket.on("close", (code, reason) => {
      events.onClosed(this.#failure ?? webSocketClosed(code, reason.toString()));
    });
  }

  write(bytes: Uint8Array): boolean {
    this.#socket.send(bytes, this.#sent);
    this.#isWaiting ||= this.#socket.bufferedAmount > BUFFERED_BYTES_MAX;
    return !this.#isWaiting;
  }

  close(): void {
    this.#socket.close(1000);
  }

  destroy(): void {
    this.#socket.terminate();
  }

  /** Runs once per frame that has left; an error of it reaches the `error` event as well. */
  readonly #sent = (): void => {
    if (!this.#isWaiting || this.#socket.bufferedAmount > BUFFERED_BYTES_MAX) return;
    this.#isWaiting = false;
    this.#events.onDrained();
  };

  #receive(data: RawData, isBinary: boolean): void {
    if (isBinary && data instanceof Buffer) {
      this.#events.onBytes(plainBytes(data));
      return;
    }
    // [MQTT-6.0.0-1] Control Packets come in binary frames only.
    this.#failure = new Error("a WebSocket frame is not binary");
    this.#socket.terminate();
  }
}
