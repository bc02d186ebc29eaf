import { networkOf } from "../core/network-of.ts";
import { PEER_LEFT } from "../core/connection/stranger.ts";
import type { Stranger } from "../core/connection/stranger.ts";
import { AddressBuckets } from "../driver/address-buckets.ts";
import type { Clock } from "../ports/clock.ts";
import type { HandshakeFailure, Listener, SpokenProtocol } from "../ports/listener.ts";
import type { Log, LogFields } from "../ports/logger.ts";
import { CountedWarning } from "./counted-warning.ts";
import { protocolOf } from "./first-bytes.ts";

/** Lines of one address in the log at once, when it is not let in: a stranger must not fill it. */
const LINES_AT_ONCE = 10;
/** Seconds for each line that may follow. */
const SECONDS_PER_LINE = 10;
/** Addresses whose lines that were left out are counted. */
const COUNTED_ADDRESSES_MAX = 10_000;

const PROXY =
  "the PROXY protocol of a load balancer, which this listener does not expect (proxyProtocolFrom)";
/** OpenSSL tells that it is no TLS, and not what it is. */
const NO_TLS = `this is no TLS, but MQTT without it or ${PROXY}`;

type AddressedFields = LogFields & { readonly remoteAddress?: string | undefined };

/** What the log needs from the server. */
export interface TurnedAwayLogOptions {
  readonly log: Log;
  readonly clock: Clock;
  listeners(): readonly Listener[];
}

/**
 * Says who came and did not get in before CONNECT, and what came in place of it. Each address has a rate; the next line
 * tells how many were left out.
 */
export class TurnedAwayLog {
  readonly #options: TurnedAwayLogOptions;
  readonly #buckets: AddressBuckets;
  readonly #leftOut = new Map<string, number>();
  readonly #full: CountedWarning;

  constructor(options: TurnedAwayLogOptions) {
    this.#options = options;
    const rate = { burst: LINES_AT_ONCE, perSecond: 1 / SECONDS_PER_LINE };
    this.#buckets = new AddressBuckets(rate, options.clock);
    const { log, clock } = options;
    this.#full = new CountedWarning("the server is full: connections are refused", log, clock);
  }

  /** A transport was refused before a byte was read; `isFull`: for want of a place. */
  readonly transportRefused = (
    remoteAddress: string | undefined,
    reason: string,
    isFull = false,
  ): void => {
    this.#write("connection refused", { remoteAddress, reason });
    if (isFull) this.#full.add({ reason });
  };

  /** A handshake before MQTT failed. */
  handshakeFailed({ transport, firstBytes, speaks, error, ...failure }: HandshakeFailure): void {
    const protocol = speaks ?? (firstBytes && protocolOf(firstBytes));
    const reason = this.#insteadOfHandshake(protocol, transport) ?? failure.reason;
    const { remoteAddress, remotePort } = failure;
    const message = transport === "tls" ? "TLS handshake failed" : "WebSocket handshake failed";
    const fields = { transport, remoteAddress, remotePort, reason };
    if (failure.isSilent === true) this.#options.log.debug?.(message, fields, error);
    else this.#write(message, fields, error);
  }

  /** A connection ended before a whole CONNECT had come. One that sent nothing and left is a health check, most likely. */
  stranger({ peer, bytesReceived, firstBytes, ...stranger }: Stranger): void {
    const { transport, remoteAddress, remotePort } = peer;
    const protocol = protocolOf(firstBytes);
    const reason = this.#insteadOfMqtt(protocol, transport) ?? stranger.reason;
    const known = { transport, remoteAddress, remotePort, reason, bytesReceived };
    // Of a CONNECT the next bytes may be a password.
    const isUnknown = protocol === undefined && firstBytes.length > 0;
    const fields = isUnknown ? { ...known, firstBytes: hexadecimal(firstBytes) } : known;
    const message = "connection ended before CONNECT";
    const hasLeft = bytesReceived === 0 && stranger.reason === PEER_LEFT;
    if (hasLeft) this.#options.log.debug?.(message, fields);
    else this.#write(message, fields);
  }

  #write(message: string, fields: AddressedFields, error?: Error): void {
    const { info } = this.#options.log;
    if (info === undefined) return;
    const address = networkOf(fields.remoteAddress ?? "");
    const leftOut = this.#leftOut.get(address);
    if (!this.#buckets.take(address)) {
      if (leftOut === undefined && this.#leftOut.size >= COUNTED_ADDRESSES_MAX) return;
      this.#leftOut.set(address, (leftOut ?? 0) + 1);
      return;
    }
    this.#leftOut.delete(address);
    info(message, leftOut === undefined ? fields : { ...fields, linesLeftOut: leftOut }, error);
  }

  /** What came in place of a handshake, and where it would be right: "this looks like TLS; the TLS port is 8883". */
  #insteadOfHandshake(protocol: SpokenProtocol | undefined, transport: string): string | undefined {
    const isSecure = transport !== "ws";
    if (protocol === "HTTP")
      return `this looks like HTTP${isSecure ? " without TLS" : ""}; ${this.#place("WebSocket", "ws")}`;
    if (protocol !== "MQTT") return this.#insteadOfMqtt(protocol, transport);
    const what = isSecure ? NO_TLS : "this looks like MQTT without WebSocket";
    return `${what}; ${this.#place("MQTT", "tcp")}`;
  }

  /** The same where all handshakes are done, so that it is not the transport that is wrong. */
  #insteadOfMqtt(protocol: SpokenProtocol | undefined, transport: string): string | undefined {
    switch (protocol) {
      case "TLS":
        return `this looks like TLS; ${this.#place("TLS", transport.startsWith("ws") ? "wss" : "tls")}`;
      case "HTTP":
        return `this looks like HTTP; ${this.#place("WebSocket", transport === "tls" ? "wss" : "ws")}`;
      case "PROXY":
        return `this looks like ${PROXY}`;
      case "SSH":
        return "this looks like SSH";
      case "MQTT":
      case undefined:
        return undefined;
    }
  }

  #place(name: string, type: string): string {
    const listeners = this.#options.listeners().filter((listener) => listener.type === type);
    const ports = new Set(listeners.flatMap(({ address }) => address?.port ?? []));
    if (ports.size === 0) return `there is no ${name} port`;
    return `the ${name} port is ${Array.from(ports).join(" or ")}`;
  }
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
