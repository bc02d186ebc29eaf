/** A request to become a WebSocket, without a socket. */
import { createServer } from "node:http";
import { Duplex } from "node:stream";
import { WebSocketHandshake } from "../packages/server/src/listeners/web-socket-handshake.ts";

const handshake = new WebSocketHandshake({});
let opened = 0;
const server = createServer((_request, response) => response.writeHead(404).end());
server.on("clientError", (_error, socket) => socket.destroy());
server.on("upgrade", (request, socket, head) => {
  socket.on("error", () => undefined);
  const events = {
    opened: (webSocket: { terminate(): void; on(name: "error", told: () => void): void }) => {
      opened += 1;
      webSocket.on("error", () => undefined);
      webSocket.terminate();
    },
    refused: () => undefined,
  };
  if (handshake.isFor(request)) handshake.upgrade(request, socket, head, true, events);
  else handshake.refusePath(request, socket);
});

/** How a stranger's connection looks to Node, with what it is answered. */
class Stranger extends Duplex {
  answer = "";

  override _read(): void {
    // Nothing more comes.
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.answer += Buffer.from(chunk).toString("latin1");
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

/** Rejects if it is let in without the subprotocol of MQTT, or answered with something that is no HTTP. */
export async function tryUpgrade(input: Uint8Array): Promise<void> {
  const stranger = new Stranger();
  stranger.on("error", () => undefined);
  const before = opened;
  server.emit("connection", stranger);
  stranger.push(input);
  await new Promise((resolve) => setImmediate(resolve));
  const { answer } = stranger;
  stranger.destroy();
  if (answer !== "" && !answer.startsWith("HTTP/1.1 "))
    throw new Error(`it is answered ${JSON.stringify(answer)}`);
  if (
    opened > before &&
    !/sec-websocket-protocol:[^\r\n]*mqtt/i.test(Buffer.from(input).toString("latin1"))
  )
    throw new Error("it is let in without the subprotocol");
}

/** Requests that became WebSockets. */
export function upgrades(): number {
  return opened;
}
