import { MqttConfigurationError } from "@anax/protocol";
import type { QoS, UserProperties } from "@anax/protocol";
import { requireNothing } from "../call-arguments.ts";
import { withoutUndefined } from "../core/without-undefined.ts";
import { TOPIC_FILTER_RULES } from "../option-rules.ts";
import type { SubscribeOptions, TopicFilterOptions, UnsubscribeOptions } from "../options.ts";
import { requireOptions, requireType } from "../validation.ts";
import { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";
import { textOfValue } from "./user-property.ts";
import type { UserPropertyValue } from "./user-property.ts";

/** What `subscribe` is given: as one argument by a client of the factory, as two by any other. */
export interface MqttClientSubscribeOptions {
  readonly topicFilters: readonly TopicFilterOptions[];
  readonly options: SubscribeOptions;
}

/** What `unsubscribe` is given, in the same way. */
export interface MqttClientUnsubscribeOptions {
  readonly topicFilters: readonly string[];
  readonly options: UnsubscribeOptions;
}

/** A filter alone, one with its options, its builder, or what builds one. */
export type TopicFilterSource =
  | string
  | TopicFilterOptions
  | MqttTopicFilterBuilder
  | ((builder: MqttTopicFilterBuilder) => unknown);

/** Builds what `subscribe` is given. Each filter may have options of its own. */
export class MqttClientSubscribeOptionsBuilder {
  readonly #filters: TopicFilterOptions[] = [];
  #subscriptionIdentifier: number | undefined;
  #userProperties: UserProperties | undefined;

  /** Behind a filter that is text, its options: by position as in MQTTnet, or by name. Throws `MqttConfigurationError` for what is no filter. */
  withTopicFilter(
    filter: string,
    qos?: QoS,
    noLocal?: boolean,
    retainAsPublished?: boolean,
    retainHandling?: 0 | 1 | 2,
  ): this;
  withTopicFilter(
    filter: TopicFilterSource,
    options?: Omit<TopicFilterOptions, "topicFilter">,
  ): this;
  withTopicFilter(filter: TopicFilterSource, ...others: readonly unknown[]): this {
    this.#filters.push(filterOf(filter, others));
    return this;
  }

  withSubscriptionIdentifier(subscriptionIdentifier: number): this {
    this.#subscriptionIdentifier = subscriptionIdentifier;
    return this;
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: UserPropertyValue): this {
    this.#userProperties = [...(this.#userProperties ?? []), [name, textOfValue(value)]];
    return this;
  }

  /** Throws `MqttConfigurationError` if there is no filter. */
  build(): MqttClientSubscribeOptions {
    if (this.#filters.length === 0) throw new MqttConfigurationError("there is no Topic Filter");
    const options = {
      subscriptionIdentifier: this.#subscriptionIdentifier,
      userProperties: this.#userProperties,
    };
    return { topicFilters: [...this.#filters], options: withoutUndefined(options) };
  }
}

/** Builds what `unsubscribe` is given. */
export class MqttClientUnsubscribeOptionsBuilder {
  readonly #topicFilters: string[] = [];
  #userProperties: UserProperties | undefined;

  withTopicFilter(topicFilter: string | TopicFilterOptions): this {
    const isAlone = typeof topicFilter !== "object" || topicFilter === null;
    const filter = isAlone ? topicFilter : topicFilter.topicFilter;
    requireType(filter, "string", "a Topic Filter");
    this.#topicFilters.push(filter);
    return this;
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: UserPropertyValue): this {
    this.#userProperties = [...(this.#userProperties ?? []), [name, textOfValue(value)]];
    return this;
  }

  build(): MqttClientUnsubscribeOptions {
    const options = { userProperties: this.#userProperties };
    return { topicFilters: [...this.#topicFilters], options: withoutUndefined(options) };
  }
}

const NAMES = ["qos", "noLocal", "retainAsPublished", "retainHandling"] as const;

function filterOf(filter: TopicFilterSource, others: readonly unknown[]): TopicFilterOptions {
  if (typeof filter === "string") {
    const [first] = others;
    const byName = typeof first === "object" && first !== null;
    if (byName) requireNothing("withTopicFilter", "the options", others.slice(1));
    const options = byName
      ? (first as Omit<TopicFilterOptions, "topicFilter">)
      : Object.fromEntries(NAMES.map((name, index) => [name, others[index]]));
    return checked({ ...options, topicFilter: filter });
  }
  requireNothing("withTopicFilter", "a filter with options", others);
  if (typeof filter === "function") {
    const builder = new MqttTopicFilterBuilder();
    filter(builder);
    return builder.build();
  }
  return filter instanceof MqttTopicFilterBuilder ? filter.build() : checked(filter);
}

/** What says no more than the default is left out, so that it is no option of MQTT 5.0. */
function checked(filter: TopicFilterOptions): TopicFilterOptions {
  requireOptions(filter, TOPIC_FILTER_RULES, "withTopicFilter");
  const { topicFilter, qos, noLocal, retainAsPublished, retainHandling } = filter;
  requireType(topicFilter, "string", "topicFilter");
  const options = {
    qos,
    noLocal: noLocal || undefined,
    retainAsPublished: retainAsPublished || undefined,
    retainHandling: retainHandling || undefined,
  };
  return { topicFilter, ...withoutUndefined(options) };
}
