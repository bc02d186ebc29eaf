/**
 * Copies of one message: with overlapping subscriptions a server may send one for each [MQTT-3.3.5-1], and where there are
 * no Subscription Identifiers nothing tells a copy from another message with the same content.
 *
 * What does tell is how the server does it otherwise. As long as each message comes as often as there are filters, one right after
 * the other, those behind the first are copies. Once a message comes alone, the server is one that sends each once, and nothing is taken
 * for a copy any more: better twice than lost.
 */
import type { Message } from "./message.ts";

/** Copies are put out together; between messages of the same content there is mostly more time than this. */
const TOGETHER_MS = 200;

/** Recognises the copies of messages on one connection. */
export class MessageCopies {
  #last: Message | undefined;
  #lastMs = 0;
  /** How often the last one is still to come. */
  #due = 0;
  #sendsEachOnce = false;

  /** Another connection begins. */
  clear(): void {
    this.#last = undefined;
    this.#due = 0;
    this.#sendsEachOnce = false;
  }

  /**
   * Whether this message is a copy of the last one.
   * @param filters how many of the filters that the server was asked for it matches: 2 or more
   */
  isCopy(message: Message, filters: number, nowMs: number): boolean {
    if (this.#sendsEachOnce) return false;
    const isTogether = nowMs - this.#lastMs <= TOGETHER_MS;
    if (this.#due > 0 && isTogether && isSame(this.#last, message)) {
      this.#due -= 1;
      return true;
    }
    if (this.#due > 0) {
      this.#sendsEachOnce = true;
      this.#last = undefined;
      return false;
    }
    this.#last = message;
    this.#lastMs = nowMs;
    this.#due = filters - 1;
    return false;
  }
}

function isSame(last: Message | undefined, { topic, payload }: Message): boolean {
  if (last === undefined || last.topic !== topic) return false;
  return (
    last.payload.length === payload.length &&
    last.payload.every((byte, index) => byte === payload[index])
  );
}
