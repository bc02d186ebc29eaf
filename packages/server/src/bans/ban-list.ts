import { MqttServerBusyError } from "../errors.ts";
import { BannedAddresses } from "./banned-addresses.ts";
import type { Ban, BanKind, BanSubject } from "./ban.ts";

/** Bans at a time; an address range needs one. */
export const BANS_MAX = 10_000;

/** A client that may be banned. */
export interface Candidate {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly remoteAddress: string | undefined;
}

/** Bans in force. One look costs the same however many there are. */
export class BanList {
  readonly #bans = new Map<string, Ban>();
  readonly #wallNow: () => number;
  #addresses = new BannedAddresses();
  /** When the first ban of an address ends: what is in a list of addresses cannot be taken out. */
  #addressesEndAtMs = Infinity;

  constructor(wallNow: () => number) {
    this.#wallNow = wallNow;
  }

  /** In the order in which they were made. */
  *[Symbol.iterator](): Generator<Ban, void> {
    const nowMs = this.#wallNow();
    for (const ban of this.#bans.values()) if (isInForce(ban, nowMs)) yield ban;
  }

  /** In the place of one of the same subject. @throws MqttServerBusyError if there are 10 000 already */
  add(ban: Ban): void {
    const key = keyOf(ban.kind, ban.value);
    if (!this.#bans.has(key) && this.#bans.size >= BANS_MAX) this.#forgetEnded();
    if (!this.#bans.has(key) && this.#bans.size >= BANS_MAX)
      throw new MqttServerBusyError(`there are ${BANS_MAX} bans; lift some first`);
    const replaced = this.#bans.delete(key);
    this.#bans.set(key, ban);
    if (ban.kind !== "address") return;
    if (replaced) this.#listAddresses();
    else this.#listAddress(ban);
  }

  /** False if there was none. */
  lift({ kind, value }: BanSubject): boolean {
    const key = keyOf(kind, value);
    const ban = this.#bans.get(key);
    this.#bans.delete(key);
    if (kind === "address") this.#listAddresses();
    return ban !== undefined && isInForce(ban, this.#wallNow());
  }

  /** What keeps a client out; undefined if nothing does. */
  kindFor({ clientId, userName, remoteAddress }: Candidate): BanKind | undefined {
    if (this.#bans.size === 0) return undefined;
    if (this.#holds("clientId", clientId)) return "clientId";
    if (userName !== undefined && this.#holds("userName", userName)) return "userName";
    return this.hasAddress(remoteAddress) ? "address" : undefined;
  }

  hasAddress(address: string | undefined): boolean {
    if (this.#bans.size === 0 || address === undefined) return false;
    if (this.#wallNow() >= this.#addressesEndAtMs) this.#forgetEnded();
    return this.#addresses.has(address);
  }

  #holds(kind: BanKind, value: string): boolean {
    const ban = this.#bans.get(keyOf(kind, value));
    return ban !== undefined && isInForce(ban, this.#wallNow());
  }

  #forgetEnded(): void {
    const nowMs = this.#wallNow();
    for (const [key, ban] of this.#bans) if (!isInForce(ban, nowMs)) this.#bans.delete(key);
    this.#listAddresses();
  }

  #listAddresses(): void {
    this.#addresses = new BannedAddresses();
    this.#addressesEndAtMs = Infinity;
    for (const ban of this.#bans.values()) if (ban.kind === "address") this.#listAddress(ban);
  }

  #listAddress({ value, untilMs = Infinity }: Ban): void {
    this.#addresses.add(value);
    this.#addressesEndAtMs = Math.min(this.#addressesEndAtMs, untilMs);
  }
}

function isInForce({ untilMs }: Ban, nowMs: number): boolean {
  return untilMs === undefined || nowMs < untilMs;
}

function keyOf(kind: BanKind, value: string): string {
  return `${kind} ${value}`;
}
