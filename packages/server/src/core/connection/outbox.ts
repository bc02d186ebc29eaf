import { decodeVarint } from "@anax/protocol";
import type { BytePool } from "../byte-pool.ts";
import { copyInto } from "../copying.ts";
import type { SharedBytes } from "../shared-bytes.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Up to this many bytes an array is small. */
const SMALL_BYTES = 16_384;

/** A small array that is full is copied into one so many times as large: it is given back soon, and copying takes time. */
const SMALL_GROWTH = 4;

/** A larger one may wait long for a client that does not read, and all of it counts against the totals. */
const GROWTH = 2;

/** Bytes that are shared with other outputs, at their place in this one. */
class Share {
  /** Where in the outbox's own bytes they come. */
  readonly at: number;
  readonly shared: SharedBytes;
  /** The first of the shared bytes that belongs here; the others follow to the end. */
  readonly from: number;
  next: Share | undefined;

  constructor(at: number, shared: SharedBytes, from: number) {
    this.at = at;
    this.shared = shared;
    this.from = from;
  }
}

/**
 * What waits to be written to one connection: bytes of its own, and between them large parts of messages that it shares with
 * other connections. For its own it has an array of the pool while it is not empty and none while it is, so an idle
 * connection costs nothing here.
 *
 * Writers ask for room with `reserve`, then write into `bytes` from the position that it gave.
 */
export class Outbox {
  /** Its own bytes, from the start; what is shared is not in here. */
  bytes: Uint8Array = NO_BYTES;
  /** Bytes that the client gets, those that are shared too. */
  length = 0;
  readonly #pool: BytePool;
  /** Where in its own bytes the first begins that is not dropped. */
  #start = 0;
  #used = 0;
  #first: Share | undefined;
  #last: Share | undefined;

  constructor(pool: BytePool) {
    this.#pool = pool;
  }

  /** True if packets may be dropped from it. */
  get isDroppable(): boolean {
    return false;
  }

  /** True if what the client gets is not just the start of its own bytes, but `pieces`. */
  get isInPieces(): boolean {
    return this.#first !== undefined || this.#start > 0;
  }

  /** Makes room for `count` bytes, which count as written, and gives the position of the first in `bytes`. */
  reserve(count: number): number {
    const position = this.#used;
    const needed = position + count;
    if (needed > this.bytes.length) this.#grow(needed);
    this.#used = needed;
    this.length += count;
    return position;
  }

  /** Gives the last bytes back that were reserved and are not needed. */
  shorten(count: number): void {
    this.#used -= count;
    this.length -= count;
  }

  /** Appends `source[start, end)` and gives the position of the first byte in `bytes`. */
  append(source: Uint8Array, start: number, end: number): number {
    const position = this.reserve(end - start);
    copyInto(this.bytes, position, source, start, end);
    return position;
  }

  /** Appends bytes from `from` on that are shared, without copying them. */
  appendShared(shared: SharedBytes, from: number): void {
    this.#pool.hold(shared);
    this.length += shared.bytes.length - from;
    this.#link(new Share(this.#used, shared, from));
  }

  /** All bytes in order, in as many arrays as it takes. */
  pieces(): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let start = this.#start;
    for (let share = this.#first; share !== undefined; share = share.next) {
      if (share.at > start) pieces.push(this.bytes.subarray(start, share.at));
      pieces.push(share.from === 0 ? share.shared.bytes : share.shared.bytes.subarray(share.from));
      start = share.at;
    }
    if (this.#used > start) pieces.push(this.bytes.subarray(start, this.#used));
    return pieces;
  }

  /** Up to where its own bytes are used, those of dropped packets too. */
  get usedBytes(): number {
    return this.#used;
  }

  /** How many packets it holds whose own bytes begin at `position` or later. */
  packetCountFrom(position: number): number {
    let count = 0;
    let share = this.#first;
    for (let start = Math.max(position, this.#start); start < this.#used; count += 1) {
      while (share !== undefined && share.at <= start) share = share.next;
      start = this.#packetEnd(start, share);
    }
    return count;
  }

  /** The first packet, in an array of its own. */
  firstPacket(): Uint8Array {
    const share = this.#first;
    const end = this.#packetEnd(this.#start, share);
    const own = this.bytes.subarray(this.#start, end);
    const rest = share?.at === end ? share.shared.bytes.subarray(share.from) : NO_BYTES;
    const packet = new Uint8Array(own.length + rest.length);
    packet.set(own);
    packet.set(rest, own.length);
    return packet;
  }

  /** Drops the first packet. The array is given back when the last one is. */
  dropFirst(): void {
    const share = this.#first;
    const end = this.#packetEnd(this.#start, share);
    this.length -= end - this.#start;
    this.#start = end;
    if (share?.at === end) {
      this.length -= share.shared.bytes.length - share.from;
      this.#first = share.next;
      if (share.next === undefined) this.#last = undefined;
      this.#pool.release(share.shared);
    }
    if (this.length === 0) this.clear();
  }

  /** Where the own bytes of the packet at `start` end; `share` is the first one behind `start`. */
  #packetEnd(start: number, share: Share | undefined): number {
    const answer = decodeVarint(this.bytes, start + 1, this.#used);
    const end = start + 1 + (answer & 7) + (answer >>> 3);
    // A shared part is the end of its packet.
    return share !== undefined && share.at < end ? share.at : end;
  }

  /** Moves all that is in `other` to the end of this one. */
  takeOver(other: Outbox): void {
    const isEmpty = this.#used === 0;
    const shift = isEmpty ? 0 : this.#used - other.#start;
    if (isEmpty) {
      this.#giveArray();
      this.bytes = other.bytes;
      this.#start = other.#start;
      this.#used = other.#used;
    } else {
      this.append(other.bytes, other.#start, other.#used);
      this.length -= other.#used - other.#start;
      other.#giveArray();
    }
    this.length += other.length;
    for (let share = other.#first; share !== undefined; share = share.next)
      this.#link(new Share(share.at + shift, share.shared, share.from));
    other.#empty();
  }

  /** Takes the first bytes away, of an outbox that shares nothing; the array too, unless it `isKept`. Gives what it was taken in. */
  removeFirst(count: number, isKept: boolean): Outbox | undefined {
    if (isKept) {
      this.bytes.copyWithin(0, count, this.#used);
      this.shorten(count);
      return undefined;
    }
    const rest = this.bytes.slice(count, this.#used);
    const taken = this.handOver();
    this.append(rest, 0, rest.length);
    return taken;
  }

  /** Takes all away, as when it now belongs to a wire; the outbox is empty then. What it was goes on counting as held. */
  handOver(): Outbox {
    const taken = new Outbox(this.#pool);
    taken.takeOver(this);
    return taken;
  }

  /** Empties the outbox and gives its array back to the pool. */
  clear(): void {
    this.#giveArray();
    this.#releaseShares();
    this.#empty();
  }

  /** Empties the outbox and leaves its array to the garbage collector: a wire may still have it. */
  letGo(): void {
    if (this.bytes.length > 0) this.#pool.letGo(this.bytes);
    this.#releaseShares();
    this.#empty();
  }

  #link(share: Share): void {
    if (this.#last === undefined) this.#first = share;
    else this.#last.next = share;
    this.#last = share;
  }

  #releaseShares(): void {
    for (let share = this.#first; share !== undefined; share = share.next)
      this.#pool.release(share.shared);
  }

  #giveArray(): void {
    if (this.bytes.length > 0) this.#pool.give(this.bytes);
  }

  #empty(): void {
    this.bytes = NO_BYTES;
    this.#start = 0;
    this.#used = 0;
    this.length = 0;
    this.#first = undefined;
    this.#last = undefined;
  }

  #grow(needed: number): void {
    const { length } = this.bytes;
    const growth = length <= SMALL_BYTES ? SMALL_GROWTH : GROWTH;
    const larger = this.#pool.take(Math.max(needed, length * growth));
    larger.set(this.bytes.subarray(0, this.#used));
    this.#giveArray();
    this.bytes = larger;
  }
}
