import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { nextTick } from "node:process";
import { AddressRanges } from "../address-ranges.ts";
import { asError } from "../errors.ts";
import { clearTimeout, setTimeout } from "../platform.ts";
import { setProxied } from "./proxied.ts";
import { readProxyHeader } from "./proxy-header.ts";
import type { ProxyHeader } from "./proxy-header.ts";

/** Milliseconds that a proxy has for its header, which it sends at once. */
const HEADER_TIMEOUT_MS = 5_000;
/** Sockets that may wait for their headers at a time. They have no place in the server yet. */
const HEADERS_WAITING_MAX = 1_000;

/** Who is told of sockets. */
export interface ProxyGateEvents {
  /** The header was read, and what came behind it is still to be read. */
  passed(socket: Socket): void;
  /** The socket is closed. */
  refused(socket: Socket, reason: string): void;
}

/** Reads the header of the PROXY protocol from each socket before anything else, and lets in trusted proxies alone. */
export class ProxyGate {
  readonly #trusted: AddressRanges;
  readonly #events: ProxyGateEvents;
  readonly #waiting = new Set<Socket>();

  constructor(from: readonly string[], events: ProxyGateEvents) {
    this.#trusted = new AddressRanges(from);
    this.#events = events;
  }

  accept(socket: Socket): void {
    const { remoteAddress } = socket;
    if (!this.#trusted.includes(remoteAddress))
      return this.#refuse(socket, "the address is none of proxyProtocolFrom");
    if (this.#waiting.size >= HEADERS_WAITING_MAX)
      return this.#refuse(
        socket,
        `${HEADERS_WAITING_MAX} connections wait for their PROXY headers`,
      );
    this.#waiting.add(socket);
    let come = Buffer.alloc(0);
    const timer = setTimeout(
      () => failed(`no PROXY header came within ${HEADER_TIMEOUT_MS / 1_000} s`),
      HEADER_TIMEOUT_MS,
    );
    const settle = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(socket);
      socket.off("readable", onReadable).off("close", onClose);
    };
    const failed = (reason: string): void => {
      settle();
      this.#refuse(socket, reason);
    };
    const onClose = (): void => failed("the peer left before its PROXY header was whole");
    // Not by `data`: what is behind the header is for whoever reads next, who may have to wait for a place.
    const onReadable = (): void => {
      const chunk: unknown = socket.read();
      if (!(chunk instanceof Buffer)) return;
      come = Buffer.concat([come, chunk]);
      let header: ProxyHeader | undefined;
      try {
        header = readProxyHeader(come);
      } catch (error) {
        return failed(`its PROXY header is wrong: ${asError(error).message}`);
      }
      if (header === undefined) return;
      settle();
      if (come.length > header.bytes) socket.unshift(come.subarray(header.bytes));
      if (header.client !== undefined) setProxied(socket, header.client);
      // A stream forgets in the next tick that it was read by `readable`.
      nextTick(() => this.#events.passed(socket));
    };
    socket.on("readable", onReadable).on("close", onClose);
  }

  /** Closes all that wait. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #refuse(socket: Socket, reason: string): void {
    this.#events.refused(socket, reason);
    socket.destroy();
  }
}
