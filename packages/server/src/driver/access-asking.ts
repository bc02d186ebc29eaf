import { filterCoversFilter, isTopicFilterIn, showValue, topicMatchesFilter } from "@anax/protocol";
import {
  PUBLISH_ALLOWED,
  PUBLISH_DENIED,
  SUBSCRIBE_ALLOWED,
  SUBSCRIBE_DENIED,
} from "../core/access/authorizer.ts";
import type {
  AccessClient,
  AccessPort,
  Authorizer,
  PublishPermission,
  PublishQuestion,
  SubscribePermission,
  SubscribeQuestion,
} from "../core/access/authorizer.ts";
import type { Permissions } from "../core/hooks/identity.ts";
import type { HookResult } from "../core/pending.ts";
import { asError } from "../errors.ts";
import { isThenable } from "../user-code.ts";
import { HandlerList } from "./handler-list.ts";
import type { HandlerSurroundings } from "./handler-list.ts";

/**
 * Asks an authorizer for the core, with the same fence around it as handlers of events have: what it throws, rejects with, answers
 * wrongly or too late is a no, logged and counted.
 */
export class AccessAsking implements AccessPort {
  readonly isOpen: boolean;
  readonly #authorizer: Authorizer;
  readonly #surroundings: HandlerSurroundings;
  readonly #publish: HandlerList<PublishQuestion, PublishQuestion>;
  readonly #subscribe: HandlerList<SubscribeQuestion, SubscribeQuestion>;

  /** Without an authorizer everything is allowed that the permissions of an identity do not exclude. */
  constructor(authorizer: Authorizer | undefined, surroundings: HandlerSurroundings) {
    this.isOpen = authorizer === undefined;
    this.#authorizer = authorizer ?? OPEN;
    this.#surroundings = surroundings;
    const denyPublish = (question: PublishQuestion): void => {
      question.permission = PUBLISH_DENIED;
    };
    const denySubscribe = (question: SubscribeQuestion): void => {
      question.permission = SUBSCRIBE_DENIED;
    };
    this.#publish = new HandlerList("mayPublish", { fail: denyPublish }, surroundings, (q) => q);
    this.#subscribe = new HandlerList(
      "maySubscribe",
      { fail: denySubscribe },
      surroundings,
      (q) => q,
    );
    this.#publish.add(this.#answerPublish);
    this.#subscribe.add(this.#answerSubscribe);
  }

  publish(question: PublishQuestion): HookResult {
    return this.#publish.hook?.(question);
  }

  publishAtOnce(client: AccessClient, topic: string): PublishPermission | undefined {
    if (this.#authorizer.isImmediate !== true) return undefined;
    const question = { client, topic, permission: PUBLISH_DENIED };
    return this.publish(question) === undefined ? question.permission : undefined;
  }

  subscribe(question: SubscribeQuestion): HookResult {
    return this.#subscribe.hook?.(question);
  }

  receive(client: AccessClient, topic: string): boolean {
    try {
      const answer: unknown = this.#authorizer.mayReceive?.(client, topic) ?? false;
      if (typeof answer === "boolean")
        return answer && isSubscribedWithin(client.permissions, topic);
      throw new TypeError(`mayReceive answered ${typeof answer}, which is no boolean`);
    } catch (error) {
      const { counters, log } = this.#surroundings;
      counters.handlerFailures += 1;
      const fields = { event: "mayReceive", clientId: client.clientId };
      log.error?.("a handler failed", fields, asError(error));
      return false;
    }
  }

  readonly #answerPublish = (question: PublishQuestion): void | Promise<void> => {
    const answer: unknown = this.#authorizer.mayPublish(question.client, question.topic);
    const take = (value: unknown): void => {
      const permission = publishPermission(value, question.topic);
      const { permissions } = question.client;
      const isWithin = isPublishedWithin(permissions, question.topic);
      const isLimited = permissions?.publish !== undefined;
      const granted = isLimited ? { ...permission, topicFilter: undefined } : permission;
      question.permission = isWithin ? granted : PUBLISH_DENIED;
    };
    return isThenable(answer) ? Promise.resolve(answer).then(take) : take(answer);
  };

  readonly #answerSubscribe = (question: SubscribeQuestion): void | Promise<void> => {
    const { client, topicFilter, isShared } = question;
    const answer: unknown = this.#authorizer.maySubscribe(client, topicFilter, isShared);
    const take = (value: unknown): void => {
      const permission = subscribePermission(value, isShared);
      const isWithin = isSubscribedWithin(client.permissions, topicFilter);
      question.permission = isWithin ? permission : SUBSCRIBE_DENIED;
    };
    return isThenable(answer) ? Promise.resolve(answer).then(take) : take(answer);
  };
}

const OPEN: Authorizer = {
  isImmediate: true,
  mayPublish: () => true,
  maySubscribe: () => true,
  mayReceive: () => true,
};

function isPublishedWithin(permissions: Permissions | undefined, topic: string): boolean {
  const filters = permissions?.publish;
  return filters === undefined || filters.some((filter) => topicMatchesFilter(topic, filter));
}

/** A topic is a filter, too. */
function isSubscribedWithin(permissions: Permissions | undefined, topicFilter: string): boolean {
  const filters = permissions?.subscribe;
  return filters === undefined || filters.some((one) => filterCoversFilter(one, topicFilter));
}

/** @throws TypeError for what is no answer */
function publishPermission(answer: unknown, topic: string): PublishPermission {
  if (typeof answer === "boolean") return answer ? PUBLISH_ALLOWED : PUBLISH_DENIED;
  const { maximumQos, retain } = grantOf("mayPublish", answer, "retain");
  const { topicFilter }: { topicFilter?: unknown } = Object(answer);
  if (topicFilter !== undefined && !isAbout(topicFilter, topic))
    throw new TypeError(
      `mayPublish answered for topicFilter ${showValue(topicFilter)}, which does not match ${showValue(topic)}`,
    );
  return { isAllowed: true, maximumQos, mayRetain: retain ?? true, topicFilter };
}

function isAbout(topicFilter: unknown, topic: string): topicFilter is string {
  return (
    typeof topicFilter === "string" &&
    isTopicFilterIn(5, topicFilter) &&
    topicMatchesFilter(topic, topicFilter)
  );
}

/** @throws TypeError for what is no answer */
function subscribePermission(answer: unknown, isShared: boolean): SubscribePermission {
  if (typeof answer === "boolean") return answer ? SUBSCRIBE_ALLOWED : SUBSCRIBE_DENIED;
  const { maximumQos, isNarrowed = false } = grantOf("maySubscribe", answer, "isNarrowed");
  if (isNarrowed && isShared) return SUBSCRIBE_DENIED;
  return { isAllowed: true, maximumQos, isNarrowed };
}

interface Grant {
  readonly maximumQos: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly isNarrowed?: boolean;
}

function grantOf(what: string, answer: unknown, flagName: "retain" | "isNarrowed"): Grant {
  if (typeof answer !== "object" || answer === null)
    throw new TypeError(`${what} answered ${answer === null ? "null" : typeof answer}`);
  const { maximumQos = 2 }: { maximumQos?: unknown } = answer;
  if (maximumQos !== 0 && maximumQos !== 1 && maximumQos !== 2)
    throw new TypeError(`${what} answered maximumQos ${String(maximumQos)}, not 0, 1 or 2`);
  const flag: unknown = Reflect.get(answer, flagName) ?? undefined;
  if (flag === undefined) return { maximumQos };
  if (typeof flag !== "boolean") throw new TypeError(`${what} answered ${flagName} ${typeof flag}`);
  return { maximumQos, [flagName]: flag };
}
