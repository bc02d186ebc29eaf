/**
 * The sending side of QoS 1 and 2, the same in client and server.
 *
 * It knows which exchanges are open, in which state, and in which order they began. It does not
 * send, encode, store, count quota or wait: its caller does. The state of an exchange is noted beside
 * its identifier in `PacketIdentifiers`, its item lies at the same slot in an array of its own, so that
 * a message costs no object and no closure.
 *
 * ```
 * begin(1) -> awaitingPuback -- PUBACK --------------------------------------> finished
 * begin(2) -> awaitingPubrec -- PUBREC below 0x80 -> awaitingPubcomp -- PUBCOMP -> finished
 *                            -- PUBREC from 0x80 ----------------------------> finished
 * ```
 */
import { requireInvariant } from "./invariant.ts";
import { PacketIdentifiers } from "./packet-identifiers.ts";

const FREE = 0;
const AWAITING_PUBACK = 1;
const AWAITING_PUBREC = 2;
const AWAITING_PUBCOMP = 3;
const LENT = 4;

/** The acknowledgement that an open exchange waits for. */
export type ExchangeState = "awaitingPuback" | "awaitingPubrec" | "awaitingPubcomp";

const STATE_NAMES = [undefined, "awaitingPuback", "awaitingPubrec", "awaitingPubcomp"] as const;

const STATE_NUMBERS: Readonly<Record<ExchangeState, number>> = {
  awaitingPuback: AWAITING_PUBACK,
  awaitingPubrec: AWAITING_PUBREC,
  awaitingPubcomp: AWAITING_PUBCOMP,
};

/**
 * What a PUBREC means: `release` a PUBREL is to be sent; `finished` the peer refused the message
 * and the exchange is over; `unknown` no such exchange waits for it.
 */
export type PubrecResult = "release" | "finished" | "unknown";

/** An exchange that is not finished. */
export interface OpenExchange<T> {
  readonly identifier: number;
  /** `awaitingPubcomp`: send PUBREL again; else send PUBLISH again, with DUP. */
  readonly state: ExchangeState;
  readonly item: T | undefined;
}

const STATE = 1;
/** Number of the sending that counts for the order: of the PUBLISH, after PUBREC of the PUBREL. */
const SEQUENCE = 2;
/** Bytes that the exchange holds. */
const HELD = 3;

/** Never written to. */
const NO_ITEMS: never[] = [];

/** Bytes that the exchanges of many Sessions hold together. */
export interface HeldBytes {
  bytes: number;
}

/** Outgoing QoS 1 and 2 exchanges of one Session. `T` is whatever the caller keeps per message. */
export class Sender<T> {
  /** The item of the exchange that ended last. Set it to undefined to let go of the message. */
  finished: T | undefined = undefined;

  readonly #identifiers: PacketIdentifiers = new PacketIdentifiers();
  #items: (T | undefined)[] = NO_ITEMS;
  #sequenceNext = 1;
  #inFlight = 0;
  #heldBytes = 0;
  readonly #total: HeldBytes | undefined;

  /** `total`: where the bytes of many senders are added up. */
  constructor(total?: HeldBytes) {
    this.#total = total;
  }

  /** Bytes that the open exchanges hold, as `begin` was told. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The Packet Identifier of the exchange that began last; 0 if none ever did. */
  get last(): number {
    return this.#identifiers.last;
  }

  /** How many exchanges are open. Identifiers lent do not count. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** A number that grows with each exchange that begins, with each PUBREC and with each exchange that ends. */
  get progress(): number {
    return 2 * this.#sequenceNext - this.#inFlight;
  }

  /**
   * Begins an exchange and gives its Packet Identifier, one that is not in use; 0 if all are
   * [MQTT-4.3.2-1] [MQTT-4.3.3-1]. `bytes`: what it holds until it ends, or its item is let go.
   */
  begin(qos: 1 | 2, item: T | undefined, bytes = 0): number {
    const identifier = this.#identifiers.take();
    if (identifier === 0) return 0;
    this.#occupy(identifier, qos === 1 ? AWAITING_PUBACK : AWAITING_PUBREC, item);
    this.#inFlight += 1;
    if (bytes > 0) this.#hold(identifier, bytes);
    return identifier;
  }

  /** PUBACK came: true if it ended an exchange of QoS 1, whose item is then in `finished`. */
  puback(identifier: number): boolean {
    return this.#finish(identifier, AWAITING_PUBACK);
  }

  /**
   * PUBREC came. A repeated PUBREC is answered by PUBREL again; a refusal that comes after an
   * acceptance is of no effect [MQTT-4.3.3-4] [MQTT-4.4.0-2].
   */
  pubrec(identifier: number, reasonCode: number): PubrecResult {
    if (reasonCode >= 0x80)
      return this.#finish(identifier, AWAITING_PUBREC) ? "finished" : "unknown";
    const state = this.#stateOf(identifier);
    if (state === AWAITING_PUBCOMP) return "release";
    if (state !== AWAITING_PUBREC) return "unknown";
    this.#identifiers.setNote(identifier, STATE, AWAITING_PUBCOMP);
    this.#identifiers.setNote(identifier, SEQUENCE, this.#sequenceNext++);
    return "release";
  }

  /** PUBCOMP came: true if it ended an exchange of QoS 2, whose item is then in `finished`. */
  pubcomp(identifier: number): boolean {
    return this.#finish(identifier, AWAITING_PUBCOMP);
  }

  /** What the exchange with this identifier waits for; undefined if there is none. */
  state(identifier: number): ExchangeState | undefined {
    return STATE_NAMES[this.#stateOf(identifier)];
  }

  /** The item of the open exchange with this identifier; undefined if there is none. */
  item(identifier: number): T | undefined {
    if (this.state(identifier) === undefined) return undefined;
    return this.#items[this.#identifiers.slotOf(identifier)];
  }

  /**
   * Keeps another item with an open exchange, such as undefined when after PUBREC the message is
   * needed no more; false if there is no such exchange.
   */
  replaceItem(identifier: number, item: T | undefined): boolean {
    if (this.state(identifier) === undefined) return false;
    this.#items[this.#identifiers.slotOf(identifier)] = item;
    if (item === undefined) this.#letGo(identifier);
    return true;
  }

  /**
   * The open exchanges, each as what is to be sent again when a Session resumes [MQTT-4.4.0-1]:
   * PUBLISH in the order of their first sending [MQTT-4.6.0-1], PUBREL in the order of their PUBREC
   * [MQTT-4.6.0-4], and never a PUBLISH after its PUBREC [MQTT-4.3.3-6].
   *
   * It may be paused between two steps, as when the send quota is used up; what an acknowledgement
   * has changed meanwhile is left out. It changes nothing, so it also serves to store the
   * exchanges.
   */
  *resume(): Generator<OpenExchange<T>, void, undefined> {
    const order = this.#inOrder();
    for (const { identifier, sequence } of order) {
      const state = this.state(identifier);
      if (state === undefined || this.#identifiers.note(identifier, SEQUENCE) !== sequence)
        continue;
      yield { identifier, state, item: this.#items[this.#identifiers.slotOf(identifier)] };
    }
  }

  /**
   * Puts an exchange back from storage; to be called in the order that `resume` gave.
   * @throws RangeError if the identifier is not an integer from 1 to 65535 or is in use.
   */
  restore(identifier: number, state: ExchangeState, item: T | undefined): void {
    if (!this.#identifiers.reserve(identifier)) {
      throw new RangeError(`Packet Identifier ${identifier} is in use already`);
    }
    this.#occupy(identifier, STATE_NUMBERS[state], item);
    this.#inFlight += 1;
  }

  /**
   * Takes an identifier for a SUBSCRIBE or UNSUBSCRIBE, which share one set with PUBLISH; 0 if all
   * are in use.
   */
  lend(): number {
    const identifier = this.#identifiers.take();
    if (identifier === 0) return 0;
    this.#occupy(identifier, LENT, undefined);
    return identifier;
  }

  /** Gives a lent identifier back; false if it was not lent. */
  giveBack(identifier: number): boolean {
    if (this.#stateOf(identifier) !== LENT) return false;
    this.#free(identifier);
    return true;
  }

  /** Forgets all exchanges and lent identifiers, and gives the memory back. */
  clear(): void {
    this.#identifiers.clear();
    this.#fit();
    this.#inFlight = 0;
    this.finished = undefined;
    this.#addHeld(-this.#heldBytes);
  }

  /**
   * Checks that exactly the slots in use have a state, and that `inFlight` counts the open ones.
   * @throws Error if not, which is a defect of this class.
   */
  invariants(): void {
    this.#identifiers.invariants();
    let open = 0;
    let isSound = this.#items.length === this.#identifiers.capacity;
    for (let slot = 0; slot < this.#items.length; slot += 1) {
      const identifier = this.#identifiers.identifierAt(slot);
      const state = this.#stateOf(identifier);
      isSound &&= (state === FREE) === (identifier === 0);
      isSound &&= identifier !== 0 || this.#items[slot] === undefined;
      if (identifier !== 0 && state !== LENT) open += 1;
    }
    requireInvariant(isSound && open === this.#inFlight, "Sender");
  }

  #stateOf(identifier: number): number {
    return this.#identifiers.has(identifier) ? this.#identifiers.note(identifier, STATE) : FREE;
  }

  #occupy(identifier: number, state: number, item: T | undefined): void {
    this.#fit();
    this.#identifiers.setNote(identifier, STATE, state);
    this.#identifiers.setNote(identifier, SEQUENCE, this.#sequenceNext++);
    this.#items[this.#identifiers.slotOf(identifier)] = item;
  }

  #finish(identifier: number, state: number): boolean {
    if (this.#stateOf(identifier) !== state) return false;
    this.finished = this.#items[this.#identifiers.slotOf(identifier)];
    this.#letGo(identifier);
    this.#inFlight -= 1;
    this.#free(identifier);
    return true;
  }

  #hold(identifier: number, bytes: number): void {
    this.#identifiers.setNote(identifier, HELD, bytes);
    this.#addHeld(bytes);
  }

  #letGo(identifier: number): void {
    const bytes = this.#identifiers.note(identifier, HELD);
    if (bytes === 0) return;
    this.#identifiers.setNote(identifier, HELD, 0);
    this.#addHeld(-bytes);
  }

  #addHeld(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#total !== undefined) this.#total.bytes += bytes;
  }

  #free(identifier: number): void {
    this.#items[this.#identifiers.slotOf(identifier)] = undefined;
    this.#identifiers.release(identifier);
    this.#fit();
  }

  /** Brings the items to the capacity of the identifiers; every identifier keeps what it has. */
  #fit(): void {
    if (this.#identifiers.capacity !== this.#items.length) this.#resize(this.#identifiers.capacity);
  }

  #resize(capacity: number): void {
    const old = this.#items;
    const oldMask = old.length - 1;
    // Made at its length: an array that grows by itself has room for sixteen more.
    const items = new Array<T | undefined>(capacity).fill(undefined);
    for (let slot = 0; slot < capacity && old.length > 0; slot += 1) {
      const identifier = this.#identifiers.identifierAt(slot);
      if (identifier !== 0) items[slot] = old[identifier & oldMask];
    }
    this.#items = items;
  }

  #inOrder(): { identifier: number; sequence: number }[] {
    const order: { identifier: number; sequence: number }[] = [];
    for (let slot = 0; slot < this.#items.length; slot += 1) {
      const identifier = this.#identifiers.identifierAt(slot);
      if (identifier === 0) continue;
      order.push({ identifier, sequence: this.#identifiers.note(identifier, SEQUENCE) });
    }
    return order.sort((left, right) => left.sequence - right.sequence);
  }
}
