import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { isLoopbackHostHeader, isLoopbackOrigin } from "./loopback.ts";
import type { WebSocketOptions } from "./web-socket-options.ts";

/** The second is what clients of MQTT 3.1 ask for: that version has its own name for itself. */
const SUBPROTOCOLS: readonly string[] = ["mqtt", "mqttv3.1"];

/** Lets in clients that offer any subprotocol, or none. */
const ANY = "*";

/** Bytes of a message if the listener's option says nothing else: some packets of the largest size. */
export const MAXIMUM_MESSAGE_BYTES = 4_194_304;

/** Frames of one message, and reads that one frame may take: each costs memory beside its bytes. */
const MESSAGE_PARTS_MAX = 8_192;

/** Characters of what a client sent that an answer, or the log, repeats. */
const REPEATED_MAX = 100;

/** Who is told how handshakes end. */
export interface UpgradeEvents {
  opened(webSocket: WebSocket): void;
  /** It was answered, and is closed. */
  refused(reason: string): void;
}

/** An answer to a request that does not become a WebSocket. */
interface Refusal {
  readonly status: string;
  readonly reason: string;
}

/** Judges upgrade requests and makes WebSockets of those that are right. Compression is off. */
export class WebSocketHandshake {
  readonly path: string;
  readonly #origins: readonly string[] | undefined;
  readonly #subprotocols: readonly string[];
  readonly #server: WebSocketServer;
  readonly #events = new WeakMap<Duplex, UpgradeEvents>();

  constructor(options: WebSocketOptions) {
    this.path = options.path ?? "/mqtt";
    this.#origins = options.origins;
    this.#subprotocols = options.subprotocols ?? SUBPROTOCOLS;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: options.messageBytesMax ?? MAXIMUM_MESSAGE_BYTES,
      maxFragments: MESSAGE_PARTS_MAX,
      maxBufferedChunks: MESSAGE_PARTS_MAX,
      handleProtocols: (offered) => this.#choose(offered),
    });
    this.#server.on("wsClientError", (error, socket) => {
      this.#refuse(socket, { status: "400 Bad Request", reason: error.message });
    });
  }

  /** True if the request's path is ours; its query does not matter. */
  isFor(request: IncomingMessage): boolean {
    return pathOf(request) === this.path;
  }

  /** Opens a WebSocket if the request is right, on whatever path; answers why not otherwise. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    /** True if only this machine can reach the listener: then only its own pages may. */
    isLoopback: boolean,
    events: UpgradeEvents,
  ): void {
    this.#events.set(socket, events);
    const refusal = this.#refusalOf(request, isLoopback);
    if (refusal !== undefined) return this.#refuse(socket, refusal);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => events.opened(webSocket));
  }

  /** Answers a request for a path that is none of `paths`, and says in words why. */
  refusePath(
    request: IncomingMessage,
    socket: Duplex,
    paths: readonly string[] = [this.path],
  ): string {
    const reason = `MQTT is served at ${paths.join(" and ")}, not at ${quoted(pathOf(request))}`;
    refuseUpgrade(socket, "404 Not Found", reason);
    return reason;
  }

  #refuse(socket: Duplex, { status, reason }: Refusal): void {
    refuseUpgrade(socket, status, reason);
    this.#events.get(socket)?.refused(reason);
  }

  #refusalOf(request: IncomingMessage, isLoopback: boolean): Refusal | undefined {
    return this.#refusedPage(request, isLoopback) ?? this.#refusedSubprotocol(request);
  }

  /**
   * Any page that a browser shows may try to connect to the browser's own machine, and by a name that resolves to it,
   * even as the same site. So a listener for this machine lets in its own pages only, unless `origins` says otherwise.
   * Browsers always send Origin; who sends none is a program, perhaps forwarded by a proxy with the Host of elsewhere.
   */
  #refusedPage({ headers }: IncomingMessage, isLoopback: boolean): Refusal | undefined {
    const { origin, host } = headers;
    if (origin === undefined) return undefined;
    const status = "403 Forbidden";
    if (this.#origins !== undefined) {
      if (this.#origins.includes(origin) || this.#origins.includes("*")) return undefined;
      return { status, reason: `pages of ${quoted(origin)} may not connect` };
    }
    if (!isLoopback) return undefined;
    if (!isLoopbackOrigin(origin)) {
      return { status, reason: `pages of ${quoted(origin)} may not connect to this machine` };
    }
    if (host === undefined || isLoopbackHostHeader(host)) return undefined;
    return { status, reason: `host ${quoted(host)} is not this machine` };
  }

  /** The client must offer the subprotocol of MQTT [MQTT-6.0.0-3], unless the program lets in any. */
  #refusedSubprotocol({ headers }: IncomingMessage): Refusal | undefined {
    if (this.#subprotocols.includes(ANY)) return undefined;
    const offered = headers["sec-websocket-protocol"];
    const names = offered?.split(",") ?? [];
    if (names.some((name) => this.#subprotocols.includes(name.trim()))) return undefined;
    const wanted = this.#subprotocols.join(" or ");
    const given = offered === undefined ? "none" : quoted(offered);
    return {
      status: "400 Bad Request",
      reason: `the WebSocket subprotocol must be ${wanted}, and the client offers ${given}`,
    };
  }

  /** The server answers with the subprotocol that it speaks [MQTT-6.0.0-4]. */
  #choose(offered: ReadonlySet<string>): string | false {
    const chosen = this.#subprotocols.find((name) => offered.has(name));
    if (chosen !== undefined) return chosen;
    const [first = false] = this.#subprotocols.includes(ANY) ? offered : [];
    return first;
  }
}

/** Of a request; what follows a question mark may be a secret and is never shown. */
export function pathOf(request: IncomingMessage): string {
  return request.url?.split("?", 1)[0] ?? "";
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, REPEATED_MAX));
}

/** Answers an upgrade request with an HTTP error that says why. */
export function refuseUpgrade(socket: Duplex, status: string, reason: string): void {
  const explanation = Buffer.from(`This is an MQTT server: ${reason}.\n`);
  socket.once("error", () => undefined);
  socket.write(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${explanation.length}\r\n\r\n`,
  );
  socket.end(explanation);
  socket.once("finish", () => socket.destroy());
}
