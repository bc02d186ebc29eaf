import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { Log } from "../ports/logger.ts";
import type { WebSocketOptions } from "./web-socket-options.ts";

/** The second is what clients of MQTT 3.1 ask for: that version has its own name for itself. */
const SUBPROTOCOLS: readonly string[] = ["mqtt", "mqttv3.1"];

/** Bytes of a message if the listener's option says nothing else: some packets of the largest size. */
const MAXIMUM_MESSAGE_BYTES = 2_097_152;

/** Frames of one message, and reads that one frame may take: each costs memory beside its bytes. */
const MESSAGE_PARTS_MAX = 8_192;

/** Judges upgrade requests and makes WebSockets of those that are right. Compression is off. */
export class WebSocketHandshake {
  readonly path: string;
  readonly #origins: readonly string[] | undefined;
  readonly #subprotocols: readonly string[];
  readonly #server: WebSocketServer;
  readonly #log: Log;

  constructor(options: WebSocketOptions, log: Log) {
    this.path = options.path ?? "/mqtt";
    this.#origins = options.origins;
    this.#subprotocols = options.subprotocols ?? SUBPROTOCOLS;
    this.#log = log;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: options.maximumMessageBytes ?? MAXIMUM_MESSAGE_BYTES,
      maxFragments: MESSAGE_PARTS_MAX,
      maxBufferedChunks: MESSAGE_PARTS_MAX,
      handleProtocols: (offered) => this.#choose(offered),
    });
    this.#server.on("wsClientError", (error, socket) => {
      this.#log.debug?.("WebSocket handshake failed", {}, error);
      refuseUpgrade(socket, "400 Bad Request");
    });
  }

  /** True if the request's path is ours; its query does not matter. */
  isFor(request: IncomingMessage): boolean {
    return request.url?.split("?", 1)[0] === this.path;
  }

  /** Calls `opened` if the request is right; refuses it otherwise. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: (webSocket: WebSocket) => void,
  ): void {
    const refusal = this.#refusalOf(request);
    if (refusal === undefined) {
      this.#server.handleUpgrade(request, socket, head, opened);
      return;
    }
    this.#log.debug?.("WebSocket handshake refused", { refusal, url: request.url });
    refuseUpgrade(socket, refusal);
  }

  /** The client must offer the subprotocol of MQTT [MQTT-6.0.0-3]. */
  #refusalOf(request: IncomingMessage): string | undefined {
    const { origin } = request.headers;
    if (origin !== undefined && this.#origins?.includes(origin) === false) return "403 Forbidden";
    const offered = request.headers["sec-websocket-protocol"]?.split(",") ?? [];
    const known = offered.some((name) => this.#subprotocols.includes(name.trim()));
    return known ? undefined : "400 Bad Request";
  }

  /** The server answers with the subprotocol that it speaks [MQTT-6.0.0-4]. */
  #choose(offered: ReadonlySet<string>): string | false {
    return this.#subprotocols.find((name) => offered.has(name)) ?? false;
  }
}

/** Answers an upgrade request with a plain HTTP error. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  const explanation = "This is an MQTT server: WebSocket, subprotocol mqtt.\n";
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${explanation.length}\r\n\r\n${explanation}`,
  );
  socket.once("finish", () => socket.destroy());
}
