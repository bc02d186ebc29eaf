import type { HookArguments, Hooks } from "../../src/core/hooks/hooks.ts";
import type { HookResult } from "../../src/core/pending.ts";
import { Later } from "./core-harness.ts";
import { textOf } from "./scripted-peer.ts";

const NOT_AUTHORIZED = 0x87;
const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;

/** Handlers of messages that answer at once, later or never, and accept, refuse, fail or veto, as chance will have it. */
export class RandomHandlers {
  readonly hooks: Hooks;
  /** Texts of messages that `interceptingPublish` has let pass. */
  readonly accepted: Set<string> = new Set();
  /** Texts that it has refused, or failed with. */
  readonly refused: Set<string> = new Set();
  /** Receiver and text of what `interceptingClientEnqueue` has held back. */
  readonly vetoed: Set<string> = new Set();
  readonly #below: (limit: number) => number;
  #waiting: { readonly later: Later; readonly decide: () => void }[] = [];

  constructor(below: (limit: number) => number) {
    this.#below = below;
    this.hooks = {
      interceptingPublish: (event) => this.#soonOrLater(() => this.#publish(event)),
    };
    if (below(2) === 0)
      this.hooks.interceptingClientEnqueue = (event) =>
        this.#soonOrLater(() => this.#enqueue(event));
  }

  /** One of the handlers that are at work answers. False if there is none. */
  answer(): boolean {
    const [one] = this.#waiting.splice(this.#below(this.#waiting.length), 1);
    one?.decide();
    one?.later.settle();
    return one !== undefined;
  }

  /** The process has died, and its handlers with it. */
  forget(): void {
    this.#waiting = [];
  }

  #soonOrLater(decide: () => void): HookResult {
    if (this.#below(2) === 0) {
      decide();
      return undefined;
    }
    const later = new Later();
    this.#waiting.push({ later, decide });
    return later;
  }

  #publish(event: HookArguments["interceptingPublish"]): void {
    const text = textOf(event.applicationMessage?.payload ?? new Uint8Array(0));
    const dice = this.#below(10);
    if (dice > 1) {
      this.accepted.add(text);
      return;
    }
    this.refused.add(text);
    event.processPublish = false;
    event.response.reasonCode = dice === 0 ? NOT_AUTHORIZED : IMPLEMENTATION_SPECIFIC_ERROR;
  }

  #enqueue(event: HookArguments["interceptingClientEnqueue"]): void {
    if (this.#below(10) > 0) return;
    event.acceptEnqueue = false;
    this.vetoed.add(`${event.receiverClientId} ${textOf(event.applicationMessage.payload)}`);
  }
}
