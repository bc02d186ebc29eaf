import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Peer } from "../core/wire.ts";
import { AddressRanges, plainAddress } from "../address-ranges.ts";

/** Addresses in `X-Forwarded-For` that are looked at, from its end. */
const HOPS_MAX = 20;

/**
 * For whom an HTTP proxy forwards a request, by `X-Forwarded-For`. Each proxy adds the address that it was called from, so the list
 * is read from its end: the first address that is no trusted proxy is the client. What stands before it, anyone may have written.
 */
export class ForwardedFor {
  readonly #trusted: AddressRanges;

  constructor(from: readonly string[] = []) {
    this.#trusted = new AddressRanges(from);
  }

  /** True if the address is a proxy that is believed. */
  trusts(address: string | undefined): boolean {
    return this.#trusted.includes(address);
  }

  /** The peer as the proxy tells of it, if there is one. */
  peerOf(request: IncomingMessage, peer: Peer): Peer {
    const remoteAddress = this.clientOf(request, peer.remoteAddress);
    if (remoteAddress === undefined || peer.remoteAddress === undefined) return peer;
    // The port is that of the proxy's own connection.
    const { remotePort: _port, ...rest } = peer;
    return { ...rest, remoteAddress, proxyAddress: peer.remoteAddress };
  }

  /** Address of the client; undefined if it is the peer itself. */
  clientOf({ headers }: IncomingMessage, peerAddress: string | undefined): string | undefined {
    if (!this.trusts(peerAddress)) return undefined;
    const given = headers["x-forwarded-for"];
    const list = (Array.isArray(given) ? given.join(",") : (given ?? "")).split(",");
    let client: string | undefined;
    for (const text of list.slice(-HOPS_MAX).reverse()) {
      const address = addressIn(text.trim());
      if (address === undefined) return client;
      client = address;
      if (!this.trusts(address)) return client;
    }
    return client;
  }
}

/** Some proxies add the port. */
function addressIn(text: string): string | undefined {
  const inBrackets = /^\[([^\]]+)\](?::\d+)?$/u.exec(text)?.[1];
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/u.exec(text)?.[1];
  const address = inBrackets ?? withPort ?? text;
  return isIP(address) === 0 ? undefined : plainAddress(address);
}
