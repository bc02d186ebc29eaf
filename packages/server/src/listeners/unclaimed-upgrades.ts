import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { clearTimeout, setTimeout } from "../platform.ts";

/** Milliseconds after which an upgrade that nobody has taken is nobody's. */
const CLAIM_MS = 1_000;

/** Events that whoever takes a socket listens to. */
const EVENTS_OF_OWNERS = ["data", "readable", "error"];

interface Unclaimed {
  readonly request: IncomingMessage;
  readonly timer: NodeJS.Timeout;
  readonly bytesWritten: number;
}

/**
 * Upgrade requests that may be those of another handler of the same HTTP server. Node closes what no handler wants only
 * where there is no handler at all, so what nobody takes would stay open for ever, and keep the HTTP server from closing.
 */
export class UnclaimedUpgrades {
  readonly #refuse: (request: IncomingMessage, socket: Socket) => void;
  readonly #waiting = new Map<Socket, Unclaimed>();

  constructor(refuse: (request: IncomingMessage, socket: Socket) => void) {
    this.#refuse = refuse;
  }

  /** Looks after a while whether anybody has answered, or at least listens to the socket. */
  watch(request: IncomingMessage, socket: Socket): void {
    const timer = setTimeout(() => this.#settle(socket), CLAIM_MS);
    this.#waiting.set(socket, { request, timer, bytesWritten: socket.bytesWritten });
  }

  /** Waits no longer. */
  refuseAll(): void {
    for (const socket of Array.from(this.#waiting.keys())) this.#settle(socket);
  }

  #settle(socket: Socket): void {
    const unclaimed = this.#waiting.get(socket);
    if (unclaimed === undefined) return;
    this.#waiting.delete(socket);
    clearTimeout(unclaimed.timer);
    const isAnswered = socket.destroyed || socket.bytesWritten > unclaimed.bytesWritten;
    const isOwned = EVENTS_OF_OWNERS.some((name) => socket.listenerCount(name) > 0);
    if (!isAnswered && !isOwned) this.#refuse(unclaimed.request, socket);
  }
}
