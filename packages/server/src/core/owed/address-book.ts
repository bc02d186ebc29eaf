import type { QoS } from "@anax/protocol";
import type { Address } from "./delivery.ts";

/** Addresses of a session that differ from the common ones; a session that has more of them pays with objects. */
const ADDRESSES_MAX = 4_096;
/** From here on the book is begun anew when nothing is owed any more. */
const ADDRESSES_KEPT = 16;
/** Slots are below this, so that the common numbers are small integers, which V8 keeps without a box. */
export const SLOTS_MAX: number = 2 ** 29;

/** The addresses of nearly all deliveries, by QoS and RETAIN. */
const COMMON: readonly Address[] = [
  { qos: 1, retain: false, subscriptionIdentifiers: undefined, group: undefined },
  { qos: 2, retain: false, subscriptionIdentifiers: undefined, group: undefined },
  { qos: 1, retain: true, subscriptionIdentifiers: undefined, group: undefined },
  { qos: 2, retain: true, subscriptionIdentifiers: undefined, group: undefined },
];

/** Of all books that have none of their own, which are nearly all; never written to. */
const NO_ADDRESSES: Address[] = [];

/**
 * Turns a stored message and an address into one number and back. A million deliveries that wait are then eight megabytes
 * instead of hundreds. Numbers from 0 have one of the common addresses in their lowest two bits and the message's slot
 * above them; below 0 the address is one that this book has.
 */
export class AddressBook {
  #addresses: Address[] = NO_ADDRESSES;
  #indexes: Map<string, number> | undefined;

  get size(): number {
    return this.#addresses.length;
  }

  /** The number for a message in a slot of the table; undefined if there is no room for one more address. */
  code(slot: number, address: Address): number | undefined {
    if (address.subscriptionIdentifiers === undefined && address.group === undefined)
      return commonCode(slot, address.qos, address.retain);
    const index = this.#indexOf(address);
    return index === undefined ? undefined : -1 - (index * SLOTS_MAX + slot);
  }

  /** The address that a number means. */
  address(code: number): Address {
    const address =
      code >= 0 ? COMMON[code & 3] : this.#addresses[Math.floor((-1 - code) / SLOTS_MAX)];
    if (address === undefined) throw new Error(`${code} is no address of this session`);
    return address;
  }

  /** To be called when no number of this book is in use. */
  beginAnew(): void {
    if (this.#addresses.length <= ADDRESSES_KEPT) return;
    this.#addresses = NO_ADDRESSES;
    this.#indexes = undefined;
  }

  #indexOf(address: Address): number | undefined {
    const last = this.#addresses.length - 1;
    if (isSame(this.#addresses[last], address)) return last;
    const key = keyOf(address);
    const known = this.#indexes?.get(key);
    if (known !== undefined && this.#addresses[known]?.group === address.group) return known;
    if (this.#addresses.length >= ADDRESSES_MAX) return undefined;
    const { qos, retain, subscriptionIdentifiers, group } = address;
    this.#indexes ??= new Map();
    this.#indexes.set(key, this.#addresses.length);
    if (this.#addresses === NO_ADDRESSES) this.#addresses = [];
    return this.#addresses.push({ qos, retain, subscriptionIdentifiers, group }) - 1;
  }
}

/** The number for a message in a slot, with an address that has nothing but QoS 1 or 2 and RETAIN; it is the same in all books. */
export function commonCode(slot: number, qos: QoS, retain: boolean): number {
  return slot * 4 + (qos - 1) + (retain ? 2 : 0);
}

/** The slot in a number that any book has made. */
export function slotIn(code: number): number {
  return code >= 0 ? code >> 2 : (-1 - code) % SLOTS_MAX;
}

function isSame(one: Address | undefined, other: Address): boolean {
  return (
    one?.subscriptionIdentifiers === other.subscriptionIdentifiers &&
    one?.group === other.group &&
    one?.qos === other.qos &&
    one?.retain === other.retain
  );
}

function keyOf({ qos, retain, subscriptionIdentifiers, group }: Address): string {
  const share = group === undefined ? "" : `${group.shareName}/${group.topicFilter}`;
  return `${qos}${retain ? "r" : ""} ${subscriptionIdentifiers?.join(",") ?? ""} ${share}`;
}
