import { MqttConfigurationError } from "@anax/protocol";
import type { RulesFor, UserProperties } from "@anax/protocol";
import { requireNothing } from "../call-arguments.ts";
import { SUBSCRIBE_RULES } from "../option-rules.ts";
import type { SubscribeOptions, UnsubscribeOptions } from "../options.ts";
import { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";
import type { MqttTopicFilter } from "./topic-filter-builder.ts";
import { requireOptions, requireType } from "../validation.ts";

const { qos, noLocal, retainAsPublished, retainHandling } = SUBSCRIBE_RULES;
const TOPIC_FILTER_OPTION_RULES = { qos, noLocal, retainAsPublished, retainHandling };
const TOPIC_FILTER_RULES: RulesFor<MqttTopicFilter> = {
  topicFilter: "string",
  ...TOPIC_FILTER_OPTION_RULES,
};

/** The two arguments of `client.subscribe`: `client.subscribe(built.topicFilters, built.options)`. */
export interface MqttClientSubscribeOptions {
  readonly topicFilters: readonly string[];
  readonly options: SubscribeOptions;
}

/** The two arguments of `client.unsubscribe`. */
export interface MqttClientUnsubscribeOptions {
  readonly topicFilters: readonly string[];
  readonly options: UnsubscribeOptions;
}

/** A filter alone, one with its options, its builder, or what builds one. */
export type TopicFilterSource =
  | string
  | MqttTopicFilter
  | MqttTopicFilterBuilder
  | ((builder: MqttTopicFilterBuilder) => unknown);

/** Builds what `subscribe` is given. */
export class MqttClientSubscribeOptionsBuilder {
  readonly #filters: MqttTopicFilter[] = [];
  #subscriptionIdentifier: number | undefined;
  #userProperties: UserProperties | undefined;

  /** Throws `MqttConfigurationError` for what is no filter. */
  withTopicFilter(filter: TopicFilterSource, options?: Omit<MqttTopicFilter, "topicFilter">): this {
    this.#filters.push(filterOf(filter, options));
    return this;
  }

  withSubscriptionIdentifier(subscriptionIdentifier: number): this {
    this.#subscriptionIdentifier = subscriptionIdentifier;
    return this;
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: string): this {
    this.#userProperties = [...(this.#userProperties ?? []), [name, value]];
    return this;
  }

  /** Throws `MqttConfigurationError` if filters differ in their options: then each needs a `subscribe` of its own. */
  build(): MqttClientSubscribeOptions {
    const [first, ...others] = this.#filters;
    if (first === undefined) throw new MqttConfigurationError("there is no Topic Filter");
    const { topicFilter, ...options } = first;
    for (const { topicFilter: other, ...otherOptions } of others) {
      if (isSame(options, otherOptions)) continue;
      throw new MqttConfigurationError(`${other} has other options than ${topicFilter}`);
    }
    return {
      topicFilters: this.#filters.map((filter) => filter.topicFilter),
      options: {
        ...options,
        subscriptionIdentifier: this.#subscriptionIdentifier,
        userProperties: this.#userProperties,
      },
    };
  }
}

/** Builds what `unsubscribe` is given. */
export class MqttClientUnsubscribeOptionsBuilder {
  readonly #topicFilters: string[] = [];
  #userProperties: UserProperties | undefined;

  withTopicFilter(topicFilter: string): this {
    requireType(topicFilter, "string", "a Topic Filter");
    this.#topicFilters.push(topicFilter);
    return this;
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: string): this {
    this.#userProperties = [...(this.#userProperties ?? []), [name, value]];
    return this;
  }

  build(): MqttClientUnsubscribeOptions {
    return {
      topicFilters: [...this.#topicFilters],
      options: { userProperties: this.#userProperties },
    };
  }
}

function filterOf(
  filter: TopicFilterSource,
  options: Omit<MqttTopicFilter, "topicFilter"> | undefined,
): MqttTopicFilter {
  if (typeof filter === "string") {
    requireOptions(options ?? {}, TOPIC_FILTER_OPTION_RULES);
    return { topicFilter: filter, ...options };
  }
  requireNothing("withTopicFilter", "a filter with options", [options]);
  return typeof filter === "function" ? builtBy(filter) : checked(filter);
}

function builtBy(build: (builder: MqttTopicFilterBuilder) => unknown): MqttTopicFilter {
  const builder = new MqttTopicFilterBuilder();
  build(builder);
  return builder.build();
}

function checked(filter: MqttTopicFilter | MqttTopicFilterBuilder): MqttTopicFilter {
  if (filter instanceof MqttTopicFilterBuilder) return filter.build();
  requireOptions(filter, TOPIC_FILTER_RULES, "withTopicFilter");
  requireType(filter.topicFilter, "string", "topicFilter");
  return filter;
}

type FilterOptions = Omit<MqttTopicFilter, "topicFilter">;

function isSame(one: FilterOptions, other: FilterOptions): boolean {
  return (
    (one.qos ?? 0) === (other.qos ?? 0) &&
    (one.noLocal ?? false) === (other.noLocal ?? false) &&
    (one.retainAsPublished ?? false) === (other.retainAsPublished ?? false) &&
    (one.retainHandling ?? 0) === (other.retainHandling ?? 0)
  );
}
