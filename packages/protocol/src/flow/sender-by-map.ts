/**
 * The same as `sender.ts` with one object per exchange in one Map, whose order is the order of resumption: a third of
 * the code, so it is what browsers load. `sender.ts` takes less memory and time, and is what Node runs. One set of
 * tests holds both to the same.
 */
import { PACKET_IDENTIFIER_MAX, requirePacketIdentifier } from "./packet-identifiers.ts";
import type { ExchangeState, Sender as FullSender, OpenExchange, PubrecResult } from "./sender.ts";

interface Exchange<T> {
  readonly state: ExchangeState | "lent";
  item: T | undefined;
}

/** As in `sender.ts`, method by method, without what only servers ask. */
export class Sender<T> implements Omit<FullSender<T>, "progress" | "heldBytes" | "last"> {
  finished: T | undefined = undefined;
  readonly #exchanges: Map<number, Exchange<T>> = new Map();
  #last = 0;
  #lent = 0;

  get inFlight(): number {
    return this.#exchanges.size - this.#lent;
  }

  begin(qos: 1 | 2, item: T | undefined): number {
    return this.#take({ state: qos === 1 ? "awaitingPuback" : "awaitingPubrec", item });
  }

  puback(identifier: number): boolean {
    return this.#finish(identifier, "awaitingPuback");
  }

  pubrec(identifier: number, reasonCode: number): PubrecResult {
    if (reasonCode >= 0x80) {
      return this.#finish(identifier, "awaitingPubrec") ? "finished" : "unknown";
    }
    const exchange = this.#exchanges.get(identifier);
    if (exchange?.state === "awaitingPubrec") {
      // Taken out and put in again: the order of PUBREL is that of PUBREC [MQTT-4.6.0-4].
      this.#exchanges.delete(identifier);
      this.#exchanges.set(identifier, { state: "awaitingPubcomp", item: exchange.item });
    } else if (exchange?.state !== "awaitingPubcomp") return "unknown";
    return "release";
  }

  pubcomp(identifier: number): boolean {
    return this.#finish(identifier, "awaitingPubcomp");
  }

  state(identifier: number): ExchangeState | undefined {
    const state = this.#exchanges.get(identifier)?.state;
    return state === "lent" ? undefined : state;
  }

  item(identifier: number): T | undefined {
    return this.#exchanges.get(identifier)?.item;
  }

  replaceItem(identifier: number, item: T | undefined): boolean {
    const exchange = this.#exchanges.get(identifier);
    if (exchange === undefined || exchange.state === "lent") return false;
    exchange.item = item;
    return true;
  }

  *resume(): Generator<OpenExchange<T>, void, undefined> {
    const order = [...this.#exchanges];
    for (const [identifier, exchange] of order) {
      const { state, item } = exchange;
      if (state === "lent" || this.#exchanges.get(identifier) !== exchange) continue;
      yield { identifier, state, item };
    }
  }

  restore(identifier: number, state: ExchangeState, item: T | undefined): void {
    requirePacketIdentifier(identifier);
    if (this.#exchanges.has(identifier)) {
      throw new RangeError(`Packet Identifier ${identifier} is in use already`);
    }
    this.#exchanges.set(identifier, { state, item });
  }

  lend(): number {
    const identifier = this.#take({ state: "lent", item: undefined });
    if (identifier !== 0) this.#lent += 1;
    return identifier;
  }

  giveBack(identifier: number): boolean {
    const isLent = this.#exchanges.get(identifier)?.state === "lent";
    if (!isLent) return false;
    this.#lent -= 1;
    return this.#exchanges.delete(identifier);
  }

  clear(): void {
    this.#exchanges.clear();
    this.#last = 0;
    this.#lent = 0;
    this.finished = undefined;
  }

  /** There is one table only, which cannot contradict itself. */
  invariants(): void {}

  #take(exchange: Exchange<T>): number {
    if (this.#exchanges.size === PACKET_IDENTIFIER_MAX) return 0;
    do {
      this.#last = (this.#last % PACKET_IDENTIFIER_MAX) + 1;
    } while (this.#exchanges.has(this.#last));
    this.#exchanges.set(this.#last, exchange);
    return this.#last;
  }

  #finish(identifier: number, state: ExchangeState): boolean {
    const exchange = this.#exchanges.get(identifier);
    if (exchange?.state !== state) return false;
    this.finished = exchange.item;
    return this.#exchanges.delete(identifier);
  }
}
