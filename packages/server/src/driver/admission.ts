import type { TransportStatistics } from "../system/server-statistics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";
import { AddressBuckets } from "./address-buckets.ts";
import type { ConnectionRate } from "./address-buckets.ts";
import { connectionsThatFilesAllow } from "./open-files.ts";

/** Limits on who is let in before anything was read. */
export interface AdmissionOptions {
  /** Transports that are open at a time, those in a handshake included. */
  readonly connectionsMax: number;
  /** False: no limit. */
  readonly connectionRatePerAddress: ConnectionRate | false;
}

/** Whether an address is banned. */
export type AddressBanned = (remoteAddress: string | undefined) => boolean;

/** Told of each transport that is refused: whose, why in words, and whether for want of a place. */
export type TransportRefused = (
  remoteAddress: string | undefined,
  reason: string,
  isFull: boolean,
) => void;

/** Counts open transports and how often each address opens one. */
export class Admission {
  /** Transports that are open, those in a handshake included. */
  open = 0;
  /** Transports that were let in. */
  total = 0;
  /** Transports that were refused. */
  refused = 0;
  /** Handshakes before MQTT that failed, of those who were let in. */
  handshakesFailed = 0;
  /** False: nobody is let in any more, as when the server is to be emptied. */
  isAccepting = true;
  readonly #options: AdmissionOptions;
  readonly #buckets: AddressBuckets | undefined;
  readonly #tell: TransportRefused | undefined;
  readonly #isBanned: AddressBanned;
  /** Connections for which the process has files. */
  #filesAllow = Infinity;

  constructor(
    options: AdmissionOptions,
    clock: Clock,
    tell?: TransportRefused,
    isBanned: AddressBanned = () => false,
  ) {
    const { connectionRatePerAddress: rate } = options;
    this.#options = options;
    this.#buckets = rate === false ? undefined : new AddressBuckets(rate, clock);
    this.#tell = tell;
    this.#isBanned = isBanned;
  }

  /** Holds the open files that the process may have against the connections. Each connection is one. */
  countFiles(log: Log): void {
    this.#filesAllow = connectionsThatFilesAllow(this.#options.connectionsMax, log);
  }

  /** True while all places are taken. */
  get isFull(): boolean {
    return this.isAccepting && this.open >= this.#maximum;
  }

  get #maximum(): number {
    return Math.min(this.#options.connectionsMax, this.#filesAllow);
  }

  admit(remoteAddress: string | undefined): boolean {
    const refusal = this.#refusalOf(remoteAddress);
    if (refusal !== undefined) {
      this.refuse(remoteAddress, refusal);
      return false;
    }
    this.open += 1;
    this.total += 1;
    return true;
  }

  /** Judges an address that became known after `admit`; one that may not come is counted and told of. */
  mayCome(remoteAddress: string | undefined): boolean {
    const refusal = this.#banned(remoteAddress) ?? this.#tooOften(remoteAddress);
    if (refusal !== undefined) this.refuse(remoteAddress, refusal);
    return refusal === undefined;
  }

  /** Counts and tells of a transport that was not let in. */
  refuse(remoteAddress: string | undefined, reason: string): void {
    this.refused += 1;
    this.#tell?.(remoteAddress, reason, this.isFull);
  }

  #refusalOf(remoteAddress: string | undefined): string | undefined {
    if (!this.isAccepting) return "acceptNewConnections is false";
    const banned = this.#banned(remoteAddress);
    if (banned !== undefined) return banned;
    if (this.open >= this.#options.connectionsMax)
      return `there are ${this.open} connections, which is connectionsMax`;
    if (this.open >= this.#filesAllow)
      return `there are ${this.open} connections, and no open files for more (ulimit -n)`;
    return this.#tooOften(remoteAddress);
  }

  #banned(remoteAddress: string | undefined): string | undefined {
    return this.#isBanned(remoteAddress) ? "the address is banned" : undefined;
  }

  #tooOften(remoteAddress: string | undefined): string | undefined {
    if (remoteAddress === undefined || this.#buckets?.take(remoteAddress) !== false) return;
    return "the address connects more often than connectionRatePerAddress allows";
  }

  /** What the server's statistics say of it. */
  get statistics(): TransportStatistics {
    const { open, total, refused, handshakesFailed } = this;
    return {
      transportsCurrent: open,
      transportsTotal: total,
      transportsRefused: refused,
      handshakesFailed,
    };
  }

  /** Counts from zero again; what is open stays open. */
  resetStatistics(): void {
    this.total = 0;
    this.refused = 0;
    this.handshakesFailed = 0;
  }

  release(): void {
    this.open -= 1;
  }
}
