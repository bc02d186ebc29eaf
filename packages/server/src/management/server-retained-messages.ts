import { parseTopicFilter } from "@anax/protocol";
import type { ApplicationMessage } from "../core/message/application-message.ts";
import {
  clearRetained,
  deleteRetained,
  everyRetained,
  retainedMatching,
  retainedMessage,
  setRetained,
} from "../core/management/retained-changes.ts";
import { settled } from "../core/pending.ts";
import { messageToInject } from "../injected-message.ts";
import type { InjectedApplicationMessage } from "../injected-message.ts";
import { untilStored } from "./core-access.ts";
import type { CoreAccess } from "./core-access.ts";
import type { RulesFor } from "@anax/protocol";
import { checked, requireText } from "../checking/rules.ts";
import { Listings, itemsOf, QUERY_RULES } from "./listings.ts";
import type { Page, PageQuery } from "./listings.ts";
import { nextTurn } from "../platform.ts";
import { makeInspectable } from "../core/inspecting.ts";

/** Which retained messages to list. */
export interface RetainedMessageQuery extends PageQuery<ApplicationMessage> {
  /** Default `#`: all but those of topics that begin with `$`. */
  readonly topicFilter?: string;
}

const RETAINED_QUERY_RULES: RulesFor<RetainedMessageQuery> = {
  ...QUERY_RULES,
  topicFilter: "string",
};

/** The retained messages. */
export class ServerRetainedMessages {
  readonly #access: CoreAccess;
  readonly #listings = new Listings<ApplicationMessage>();

  constructor(access: CoreAccess) {
    this.#access = access;
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    const { count, bytes } = this;
    return { count, bytes };
  }

  /** How many there are. */
  get count(): number {
    return this.#access.core.retained.count;
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.#access.core.retained.bytes;
  }

  /** The one of a topic; undefined if there is none. */
  get(topic: string): ApplicationMessage | undefined {
    requireText("topic", topic);
    return retainedMessage(this.#access.core, topic);
  }

  /**
   * All of them but those whose topic begins with `$`: `for (const message of server.retainedMessages)`. What is changed
   * meanwhile may be among them or not.
   */
  [Symbol.iterator](): IterableIterator<ApplicationMessage> {
    return itemsOf(retainedMatching(this.#access.core, parseTopicFilter("#")));
  }

  /** A page of those that match a filter; `#` does not match topics that begin with `$`. Throws `TypeError` for a bad filter, `RangeError` for a bad limit or cursor. */
  list(given: RetainedMessageQuery = {}): Page<ApplicationMessage> {
    const { topicFilter: filter, ...query } = checked("query", given, RETAINED_QUERY_RULES);
    const topicFilter = parseTopicFilter(filter ?? "#");
    return this.#listings.page(query, () => retainedMatching(this.#access.core, topicFilter));
  }

  /**
   * Sets the retained message of a topic; subscribers are not sent it. An empty payload removes it. Resolves with false
   * if there is no room for it. Rejects with `MqttConfigurationError` for a message that cannot be, and with `MqttNotStoredError`.
   */
  async set(message: InjectedApplicationMessage): Promise<boolean> {
    const applicationMessage = messageToInject(message);
    return this.#access.perform("retainedMessages.set", function* set(core) {
      const isSet = yield* setRetained(core, applicationMessage);
      yield* untilStored(core);
      return isSet;
    });
  }

  /** Removes the one of a topic; resolves with false if there was none. Rejects with `MqttNotStoredError`. */
  async delete(topic: string): Promise<boolean> {
    requireText("topic", topic);
    return this.#access.perform("retainedMessages.delete", function* remove(core) {
      const existed = yield* deleteRetained(core, topic);
      yield* untilStored(core);
      return existed;
    });
  }

  /**
   * Removes all but those of `$SYS`, a few thousand in each turn of the loop, then fires `retainedMessagesCleared`.
   * Resolves with how many that were. Rejects with `MqttNotStoredError`.
   */
  async clear(): Promise<number> {
    const cursors = everyRetained(this.#access.core);
    let removed = 0;
    for (const cursor of cursors) {
      while (!cursor.isDone) {
        removed += await this.#access.change((core) => {
          return clearRetained(core, cursor);
        });
        await nextTurn();
      }
    }
    await this.#access.perform("retainedMessages.clear", function* cleared(core) {
      yield* settled(core.hooks.retainedMessagesCleared?.({}));
      yield* untilStored(core);
    });
    return removed;
  }
}

makeInspectable(ServerRetainedMessages.prototype, "ServerRetainedMessages");
