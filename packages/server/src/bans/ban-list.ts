import { AddressRanges, plainAddress } from "../address-ranges.ts";
import type { BanCandidate } from "../core/connection/refusal.ts";
import { MqttServerBusyError } from "../errors.ts";
import type { Ban, BanKind, BanSubject } from "./ban.ts";

/** Bans at a time; an address range needs one. */
export const BANS_MAX = 10_000;

/** Bans in force. A look costs the same however many there are of one identifier, user or address; ranges are gone through. */
export class BanList {
  readonly #bans = new Map<string, Ban>();
  readonly #wallNow: () => number;
  /** Made when it is asked for: what is in a list of ranges cannot be taken out. */
  #ranges: AddressRanges | undefined;
  /** When the first of them ends. */
  #rangesEndAtMs = Infinity;

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
    this.#bans.delete(key);
    this.#bans.set(key, ban);
    if (isRange(ban)) this.#ranges = undefined;
  }

  /** False if there was none. */
  lift({ kind, value }: BanSubject): boolean {
    const key = keyOf(kind, value);
    const ban = this.#bans.get(key);
    if (ban === undefined) return false;
    this.#bans.delete(key);
    if (isRange(ban)) this.#ranges = undefined;
    return isInForce(ban, this.#wallNow());
  }

  /** True if a client is to be kept out. */
  has({ clientId, userName, remoteAddress }: BanCandidate): boolean {
    if (this.#bans.size === 0) return false;
    if (this.#holds("clientId", clientId)) return true;
    if (userName !== undefined && this.#holds("userName", userName)) return true;
    return this.hasAddress(remoteAddress);
  }

  hasAddress(address: string | undefined): boolean {
    if (this.#bans.size === 0 || address === undefined) return false;
    return this.#holds("address", address) || this.#currentRanges().includes(address);
  }

  #holds(kind: BanKind, value: string): boolean {
    const ban = this.#bans.get(keyOf(kind, value));
    return ban !== undefined && isInForce(ban, this.#wallNow());
  }

  #forgetEnded(): void {
    const nowMs = this.#wallNow();
    for (const [key, ban] of this.#bans) if (!isInForce(ban, nowMs)) this.#bans.delete(key);
  }

  #currentRanges(): AddressRanges {
    if (this.#ranges !== undefined && this.#wallNow() < this.#rangesEndAtMs) return this.#ranges;
    const bans = Array.from(this).filter(isRange);
    this.#rangesEndAtMs = bans.reduce((end, { untilMs = end }) => Math.min(end, untilMs), Infinity);
    this.#ranges = new AddressRanges(bans.map(({ value }) => value));
    return this.#ranges;
  }
}

function isRange({ kind, value }: BanSubject): boolean {
  return kind === "address" && value.includes("/");
}

function isInForce({ untilMs }: Ban, nowMs: number): boolean {
  return untilMs === undefined || nowMs < untilMs;
}

function keyOf(kind: BanKind, value: string): string {
  return `${kind} ${kind === "address" ? plainAddress(value) : value}`;
}
