import type { UserProperties } from "@anax/protocol";
import { MqttConfigurationError } from "../core/errors.ts";
import type { SubscribeOptions, UnsubscribeOptions } from "../options.ts";
import { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";
import type { MqttTopicFilter } from "./topic-filter-builder.ts";

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

/** Builds what `subscribe` is given. */
export class MqttClientSubscribeOptionsBuilder {
  readonly #filters: MqttTopicFilter[] = [];
  #subscriptionIdentifier: number | undefined;
  #userProperties: UserProperties | undefined;

  /** A filter alone, one with its options, or what builds one. */
  withTopicFilter(
    filter: string | MqttTopicFilter | ((builder: MqttTopicFilterBuilder) => unknown),
    options: Omit<MqttTopicFilter, "topicFilter"> = {},
  ): this {
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
  filter: string | MqttTopicFilter | ((builder: MqttTopicFilterBuilder) => unknown),
  options: Omit<MqttTopicFilter, "topicFilter">,
): MqttTopicFilter {
  if (typeof filter === "string") return { topicFilter: filter, ...options };
  if (typeof filter === "object") return filter;
  const builder = new MqttTopicFilterBuilder();
  filter(builder);
  return builder.build();
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
