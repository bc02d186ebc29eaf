import type { HookArguments, Hooks } from "../../src/core/hooks/hooks.ts";
import type { HookResult } from "../../src/core/pending.ts";
import { Later } from "./core-harness.ts";
import { textOf } from "./scripted-peer.ts";

const NOT_AUTHORIZED = 0x87;
const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;

/** What a handler says that it has changed. */
export const CHANGED = "changed by a handler";

/** Handlers of messages that answer at once, later or never, and accept, refuse, fail or veto, as chance will have it. */
export class RandomHandlers {
  readonly hooks: Hooks;
  /** Texts of messages that `interceptingPublish` has let pass. */
  readonly accepted: Set<string> = new Set();
  /** Texts that it has refused, or failed with. */
  readonly refused: Set<string> = new Set();
  /** Texts that it has put a Content Type to. */
  readonly changed: Set<string> = new Set();
  /** False: all answer at once. */
  mayWait = true;
  /** Receiver and text of what `interceptingClientEnqueue` has held back. */
  readonly vetoed: Set<string> = new Set();
  /** What was told wrongly of clients. */
  readonly faults: string[] = [];
  readonly #online: Set<string> = new Set();
  readonly #isTelling: Set<string> = new Set();
  readonly #below: (limit: number) => number;
  #waiting: { readonly later: Later; readonly decide: () => void }[] = [];

  constructor(below: (limit: number) => number) {
    this.#below = below;
    this.hooks = {
      interceptingPublish: (event) => this.#soonOrLater(() => this.#publish(event)),
    };
    if (below(2) === 0) this.#tellPresence();
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
    this.#online.clear();
    this.#isTelling.clear();
  }

  /** A table of who is online, kept by handlers that take their time. */
  #tellPresence(): void {
    const tell =
      (isOnline: boolean) =>
      ({ clientId }: { readonly clientId: string }): HookResult => {
        if (this.#isTelling.has(clientId))
          this.faults.push(`${clientId} is told two things at once`);
        this.#isTelling.add(clientId);
        return this.#soonOrLater(() => {
          this.#isTelling.delete(clientId);
          if (this.#online.has(clientId) === isOnline)
            this.faults.push(`${clientId} is told twice to be ${isOnline ? "connected" : "gone"}`);
          if (isOnline) this.#online.add(clientId);
          else this.#online.delete(clientId);
        });
      };
    this.hooks.clientConnected = tell(true);
    this.hooks.clientDisconnected = tell(false);
  }

  #soonOrLater(decide: () => void): HookResult {
    if (!this.mayWait || this.#below(2) === 0) {
      decide();
      return undefined;
    }
    const later = new Later();
    this.#waiting.push({ later, decide });
    return later;
  }

  #publish(event: HookArguments["interceptingPublish"]): void {
    const text = textOf(event.applicationMessage?.payload ?? new Uint8Array(0));
    const dice = this.#below(12);
    if (dice > 1) {
      this.accepted.add(text);
      if (dice > 9) this.#change(event, text);
      return;
    }
    this.refused.add(text);
    event.processPublish = false;
    event.response.reasonCode = dice === 0 ? NOT_AUTHORIZED : IMPLEMENTATION_SPECIFIC_ERROR;
  }

  #change(event: HookArguments["interceptingPublish"], text: string): void {
    if (event.applicationMessage === undefined) return;
    this.changed.add(text);
    event.applicationMessage = { ...event.applicationMessage, contentType: CHANGED };
  }

  #enqueue(event: HookArguments["interceptingClientEnqueue"]): void {
    if (this.#below(10) > 0) return;
    event.acceptEnqueue = false;
    this.vetoed.add(`${event.receiverClientId} ${textOf(event.applicationMessage.payload)}`);
  }
}
