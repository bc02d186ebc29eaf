import { isTopicFilterIn, MqttConfigurationError, optionFault, showValue } from "@anax/protocol";
import type { OptionRule, OptionRules, QoS, RulesFor } from "@anax/protocol";
import { addressRangeFault } from "../address-ranges.ts";
import { withoutParts } from "./topic-pattern.ts";

/** What a rule is about. */
export type AccessAction = "publish" | "subscribe" | "both";

/**
 * One rule. All that it says of the client must hold; of a list, one entry. Either `allow` or `deny` must be there.
 */
export interface AccessRule {
  readonly allow?: AccessAction | undefined;
  readonly deny?: AccessAction | undefined;
  /** Topic Filters. `%c` is the Client Identifier, `%u` the user name, `{name}` the claim of that name. */
  readonly topics: string | readonly string[];
  /** User names. */
  readonly user?: string | readonly string[] | undefined;
  /** True: clients without a user name; false: those with one. */
  readonly anonymous?: boolean | undefined;
  /** Groups: those of the identity, and those of `AccessRules.groups`. */
  readonly group?: string | readonly string[] | undefined;
  /** Client Identifiers; `*` stands for any characters. */
  readonly client?: string | readonly string[] | undefined;
  /** IP addresses and ranges, such as "10.0.0.0/8". */
  readonly address?: string | readonly string[] | undefined;
  /** Listeners: "tcp:1883", or only the transport, or only the port. */
  readonly listener?: string | readonly string[] | undefined;
  /** The highest QoS that is allowed. A subscription is granted with no more. Only with `allow`. Default 2. */
  readonly maximumQos?: QoS | undefined;
  /** False: messages may not be retained. Only with `allow`. Default true. */
  readonly retain?: boolean | undefined;
  /** True: `%` and braces in `topics` are text. Default false. */
  readonly literal?: boolean | undefined;
  /** Where the rule is written, such as "access.yaml:12": for explanations. */
  readonly source?: string | undefined;
}

/** What clients may do. The first rule that matches decides; what no rule matches is denied. */
export interface AccessRules {
  readonly rules: readonly AccessRule[];
  /** User names by group. */
  readonly groups?: Readonly<Record<string, readonly string[]>> | undefined;
  /**
   * What becomes of a subscription of which not each topic is allowed: it is refused, or granted and each message judged by its
   * topic. Default "refuse".
   */
  readonly subscriptions?: "refuse" | "narrow" | undefined;
}

/** Rules that one server may have: a list for each of many devices. */
const RULES_MAX = 1_000_000;

/** Levels of a topic in a rule: ten times as many as deep name spaces have. */
const LEVELS_MAX = 200;

const ACTIONS: OptionRule = new Set(["publish", "subscribe", "both", undefined]);

const RULE_RULES: RulesFor<AccessRule> & OptionRules = {
  allow: ACTIONS,
  deny: ACTIONS,
  topics: texts(() => undefined),
  user: texts(() => undefined),
  anonymous: "boolean",
  group: texts(() => undefined),
  client: texts(() => undefined),
  address: texts(addressRangeFault),
  listener: texts(() => undefined),
  maximumQos: new Set([0, 1, 2]),
  retain: "boolean",
  literal: "boolean",
  source: "string",
};

const RULES_RULES: RulesFor<AccessRules> & OptionRules = {
  rules: (value) => (Array.isArray(value) ? undefined : "is no list"),
  groups: "Object",
  subscriptions: new Set(["refuse", "narrow"]),
};

/** @throws MqttConfigurationError that names the rule which is wrong, by its source or its place */
export function checkAccessRules(given: unknown): asserts given is AccessRules {
  if (typeof given !== "object" || given === null)
    throw new MqttConfigurationError(`accessRules is ${showValue(given)}, no object`);
  const fault = optionFault(given, RULES_RULES, "accessRules");
  if (fault !== undefined) throw new MqttConfigurationError(fault);
  const { rules, groups }: { rules?: unknown; groups?: unknown } = given;
  if (!Array.isArray(rules)) throw new MqttConfigurationError("accessRules.rules is missing");
  if (rules.length > RULES_MAX)
    throw new MqttConfigurationError(`${rules.length} access rules are more than ${RULES_MAX}`);
  for (const [index, rule] of rules.entries()) {
    const wrong = ruleFault(rule);
    if (wrong !== undefined) throw new MqttConfigurationError(`${nameOf(rule, index)}: ${wrong}`);
  }
  for (const [name, users] of Object.entries(Object(groups))) {
    if (Array.isArray(users) && users.every((user) => typeof user === "string")) continue;
    throw new MqttConfigurationError(`group ${name} is ${showValue(users)}, no list of user names`);
  }
}

function nameOf(rule: unknown, index: number): string {
  const source: unknown = Object(rule).source;
  return typeof source === "string" ? source : `accessRules.rules[${index}]`;
}

function ruleFault(rule: unknown): string | undefined {
  if (typeof rule !== "object" || rule === null) return `${showValue(rule)} is no rule`;
  const fault = emptyFault(rule) ?? optionFault(rule, RULE_RULES);
  if (fault !== undefined) return fault;
  const { allow, deny, topics, literal, maximumQos, retain }: Partial<AccessRule> = rule;
  if ((allow === undefined) === (deny === undefined)) return "give either allow or deny";
  if (deny !== undefined && (maximumQos !== undefined || retain !== undefined))
    return "limits of QoS and RETAIN are for rules that allow";
  if (topics === undefined || topics.length === 0) return "topics is missing";
  for (const topic of listOf(topics)) {
    const wrong = topicFault(topic, literal === true);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** A condition that says nothing is a slip, of which it cannot be told whether all were meant, or none. */
function emptyFault(rule: object): string | undefined {
  const empty = Object.entries(rule).find(([, value]) => value === null);
  return empty && `${empty[0]} has no value`;
}

function topicFault(topic: string, isLiteral: boolean): string | undefined {
  const text = isLiteral ? topic : withoutParts(topic);
  if (text === undefined) return `topic ${showValue(topic)} has braces that are no {name}`;
  if (topic.split("/").length > LEVELS_MAX) return `a topic has over ${LEVELS_MAX} levels`;
  return isTopicFilterIn(5, text) ? undefined : `topic ${showValue(topic)} is no Topic Filter`;
}

/** A text, or a list of them with at least one. */
function texts(
  fault: (text: string) => string | undefined,
): (value: unknown) => string | undefined {
  return (value) => {
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (all.length === 0) return "is an empty list: it would match nothing";
    for (const one of all) {
      if (typeof one !== "string") return `${showValue(one)} is no text`;
      const wrong = fault(one);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

/** A single value is a list of one. */
export function listOf<Value>(value: Value | readonly Value[]): readonly Value[] {
  return isList(value) ? value : [value];
}

function isList<Value>(value: Value | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}
