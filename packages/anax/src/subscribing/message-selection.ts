import type { Message } from "@anax/client";
import { topicMatchesFilter } from "@anax/protocol";
import type { SelectionFlags } from "./subscribe-flags.ts";

/** What to do with a message: print it, pass it over, or end because of it. */
export type Verdict = "print" | "pass" | "end";

/** Decides which messages are printed, and counts them. */
export class MessageSelection {
  readonly #flags: SelectionFlags;
  #printed = 0;

  constructor(flags: SelectionFlags) {
    this.#flags = flags;
  }

  /** Whether as many as were asked for have been printed. */
  get isComplete(): boolean {
    return this.#printed >= (this.#flags.count ?? Infinity);
  }

  /** Decides on the next message. */
  judge({ topic, retain }: Pick<Message, "topic" | "retain">): Verdict {
    const { filterOut, noRetained, retainedOnly } = this.#flags;
    if (retainedOnly && !retain) return "end";
    if (noRetained && retain) return "pass";
    if (filterOut.some((filter) => topicMatchesFilter(topic, filter))) return "pass";
    this.#printed += 1;
    return "print";
  }
}
