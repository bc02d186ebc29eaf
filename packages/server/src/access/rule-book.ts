import type { QoS } from "@anax/protocol";
import type {
  AccessClient,
  Authorizer,
  PublishAnswer,
  SubscribeAnswer,
} from "../core/access/authorizer.ts";
import { checkAccessRules, listOf } from "./access-rules.ts";
import type { AccessAction, AccessRule, AccessRules } from "./access-rules.ts";
import { AddressRanges } from "../address-ranges.ts";
import { matchesPieces } from "../text-pieces.ts";
import { rulesOfFilter } from "./filter-judging.ts";
import { addRule, RuleNode, ruleOfTopic } from "./rule-tree.ts";
import type { RulePlace } from "./rule-tree.ts";
import { filtersFor, hasParts } from "./topic-pattern.ts";

/** What a client would do, to be explained. */
export interface AccessExplanationRequest {
  /** Default: one without anything. */
  readonly client?: Partial<AccessClient> | undefined;
  /** A Topic Name with "publish" and "receive", a Topic Filter with "subscribe". */
  readonly action: "publish" | "subscribe" | "receive";
  readonly topic: string;
  readonly qos?: QoS | undefined;
  readonly retain?: boolean | undefined;
}

/** Why something is allowed or not. */
export interface AccessExplanation {
  readonly isAllowed: boolean;
  /** The rule that decides; undefined if none matches. Of a filter that is refused, one of those that do not allow a part of it. */
  readonly rule: AccessRule | undefined;
  /** Of a subscription: it is granted, and each message is judged. */
  readonly isNarrowed: boolean;
  /** One sentence. */
  readonly reason: string;
}

/**
 * Access rules in force: the authorizer that a server with `accessRules` has. Rules that name users, groups or clients are found by those,
 * so that a list for each device of a fleet costs each device only its own.
 */
export class AccessRuleBook implements Authorizer {
  readonly isImmediate = true;
  #pages: RulePages;

  /** @throws MqttConfigurationError for rules that are wrong */
  constructor(rules: AccessRules) {
    checkAccessRules(rules);
    this.#pages = new RulePages(rules);
  }

  /** Puts other rules in force. @throws MqttConfigurationError, and nothing has changed, for rules that are wrong */
  replace(rules: AccessRules): void {
    checkAccessRules(rules);
    this.#pages = new RulePages(rules);
  }

  /** Those in force, in their order. */
  get rules(): readonly AccessRule[] {
    return this.#pages.rules;
  }

  get size(): number {
    return this.#pages.rules.length;
  }

  mayPublish(client: AccessClient, topic: string): PublishAnswer {
    const rule = this.#pages.ruleOf(client, "publish", topic);
    if (rule?.allow === undefined) return false;
    const { maximumQos, retain } = rule;
    return { maximumQos, retain, topicFilter: this.#pages.filterAlike(client, topic, rule) };
  }

  maySubscribe(client: AccessClient, topicFilter: string, isShared: boolean): SubscribeAnswer {
    const { isAllowed, isNarrowed, maximumQos } = this.#pages.judge(client, topicFilter, isShared);
    return isAllowed && { isNarrowed, maximumQos };
  }

  mayReceive(client: AccessClient, topic: string): boolean {
    return this.#pages.ruleOf(client, "subscribe", topic)?.allow !== undefined;
  }

  explain({
    client: given = {},
    action,
    topic,
    qos = 0,
    retain = false,
  }: AccessExplanationRequest): AccessExplanation {
    const client = { clientId: "", groups: [], listener: "", ...given };
    if (action === "subscribe") return this.#explainFilter(client, topic);
    const rule = this.#pages.ruleOf(client, action === "publish" ? "publish" : "subscribe", topic);
    if (rule === undefined)
      return refusal(undefined, `no rule is about ${topic} and this client, so it is denied`);
    if (rule.allow === undefined) return refusal(rule, "this rule denies it");
    if (action === "publish" && qos > (rule.maximumQos ?? 2))
      return refusal(rule, `this rule allows QoS ${rule.maximumQos} at most`);
    if (action === "publish" && retain && rule.retain === false)
      return refusal(rule, "this rule allows no retained messages");
    return { isAllowed: true, isNarrowed: false, rule, reason: "this rule allows it" };
  }

  #explainFilter(client: AccessClient, topicFilter: string): AccessExplanation {
    const { isAllowed, isNarrowed, rules, isCut } = this.#pages.judge(client, topicFilter, false);
    const denying = rules.find((rule) => rule?.allow === undefined);
    const allowing = rules.find((rule) => rule?.allow !== undefined);
    if (isAllowed && !isNarrowed)
      return { isAllowed, isNarrowed, rule: allowing, reason: "each topic of it is allowed" };
    const cut = "too many rules are about parts of this filter";
    const partly =
      denying === undefined
        ? "no rule is about some topics that it matches"
        : "this rule denies some topics that it matches";
    const reason = isCut ? cut : partly;
    if (isNarrowed)
      return { isAllowed, isNarrowed, rule: denying, reason: `granted in part: ${reason}` };
    return refusal(denying, reason);
  }
}

function refusal(rule: AccessRule | undefined, reason: string): AccessExplanation {
  return { isAllowed: false, isNarrowed: false, rule, reason };
}

interface FilterJudgement {
  readonly isAllowed: boolean;
  readonly isNarrowed: boolean;
  readonly maximumQos: QoS;
  /** Those that decide about some topic; undefined among them if none does. */
  readonly rules: readonly (AccessRule | undefined)[];
  readonly isCut: boolean;
}

type Side = Exclude<AccessAction, "both">;

/** Trees of rules of one kind of action each. */
class Trees {
  readonly publish: RuleNode = new RuleNode();
  readonly subscribe: RuleNode = new RuleNode();

  add({ allow, deny }: AccessRule, levels: readonly string[], place: RulePlace): void {
    const action = allow ?? deny;
    if (action !== "subscribe") addRule(this.publish, levels, place);
    if (action !== "publish") addRule(this.subscribe, levels, place);
  }
}

/** Rules that are found by the same user, group or client: those that depend on nothing else, and the others. */
class Page {
  readonly trees: Trees = new Trees();
  readonly others: { readonly rule: AccessRule; readonly place: RulePlace }[] = [];
}

/** What applies to one client. */
interface ClientRoots {
  readonly publish: readonly RuleNode[];
  readonly subscribe: readonly RuleNode[];
  /** Topics for which no tree was found. */
  filtersMissed: number;
  /** Filters with `+` that were found once. Given is what is found again: a rule for each of a thousand topics has a filter for each, which is of no use. */
  readonly patterns: Set<string>;
}

class RulePages {
  readonly rules: readonly AccessRule[];
  readonly #isNarrowing: boolean;
  readonly #groups: Map<string, Set<string>> = new Map();
  readonly #everyone: Page = new Page();
  readonly #users: Map<string, Page> = new Map();
  readonly #groupPages: Map<string, Page> = new Map();
  readonly #clients: Map<string, Page> = new Map();
  readonly #ranges: Map<AccessRule, AddressRanges> = new Map();
  readonly #roots: WeakMap<AccessClient, ClientRoots> = new WeakMap();

  constructor({ rules, groups = {}, subscriptions }: AccessRules) {
    this.rules = [...rules];
    this.#isNarrowing = subscriptions === "narrow";
    for (const [group, users] of Object.entries(groups)) this.#addGroup(group, users);
    for (const [place, rule] of this.rules.entries()) this.#add(rule, place);
  }

  ruleOf(client: AccessClient, side: Side, topic: string): AccessRule | undefined {
    return this.rules[ruleOfTopic(this.#rootsOf(client)[side], topic)];
  }

  /** A filter that matches the topic, about all of whose topics this rule decides, or one that says the same. */
  filterAlike(client: AccessClient, topic: string, rule: AccessRule): string | undefined {
    const roots = this.#rootsOf(client);
    if (roots.filtersMissed >= FILTERS_MISSED_MAX) return undefined;
    const isAlike = (filter: string): boolean => {
      const { places, isCut } = rulesOfFilter(roots.publish, filter, ALIKE_STEPS_MAX);
      return !isCut && Array.from(places).every((place) => isSame(this.rules[place], rule));
    };
    const tree = treeAlike(topic, isAlike);
    if (tree !== undefined) return tree;
    roots.filtersMissed += 1;
    const pattern = patternAlike(topic, isAlike);
    if (pattern === undefined || roots.patterns.has(pattern)) return pattern;
    roots.patterns.add(pattern);
    return undefined;
  }

  judge(client: AccessClient, topicFilter: string, isShared: boolean): FilterJudgement {
    const { places, isCut } = rulesOfFilter(this.#rootsOf(client).subscribe, topicFilter);
    const rules = Array.from(places, (place) => this.rules[place]);
    const allowing = rules.filter((rule) => rule?.allow !== undefined);
    const isWhole = !isCut && allowing.length === rules.length;
    const isNarrowed = !isWhole && this.#isNarrowing && !isShared && (isCut || allowing.length > 0);
    let maximumQos: QoS = 2;
    for (const rule of allowing)
      if (rule?.maximumQos !== undefined && rule.maximumQos < maximumQos)
        maximumQos = rule.maximumQos;
    return { isAllowed: isWhole || isNarrowed, isNarrowed, maximumQos, rules, isCut };
  }

  #addGroup(group: string, users: readonly string[]): void {
    for (const user of users) {
      const own = this.#groups.get(user);
      if (own === undefined) this.#groups.set(user, new Set([group]));
      else own.add(group);
    }
  }

  #add(rule: AccessRule, place: RulePlace): void {
    if (rule.address !== undefined) this.#ranges.set(rule, new AddressRanges(listOf(rule.address)));
    const isPlain =
      rule.address === undefined &&
      rule.listener === undefined &&
      rule.anonymous === undefined &&
      conditions(rule) <= 1 &&
      (rule.literal === true || !listOf(rule.topics).some(hasParts));
    for (const page of this.#pagesOf(rule)) {
      if (!isPlain || hasWildcardClient(rule)) page.others.push({ rule, place });
      else for (const topic of listOf(rule.topics)) page.trees.add(rule, topic.split("/"), place);
    }
  }

  #pagesOf(rule: AccessRule): Page[] {
    const { user, group, client } = rule;
    if (user !== undefined) return listOf(user).map((name) => pageIn(this.#users, name));
    if (client !== undefined && !hasWildcardClient(rule))
      return listOf(client).map((name) => pageIn(this.#clients, name));
    if (group !== undefined) return listOf(group).map((name) => pageIn(this.#groupPages, name));
    return [this.#everyone];
  }

  #rootsOf(client: AccessClient): ClientRoots {
    const known = this.#roots.get(client);
    if (known !== undefined) return known;
    const groups = this.#groupsOf(client);
    const pages = [this.#everyone];
    const more = [
      client.userName === undefined ? undefined : this.#users.get(client.userName),
      this.#clients.get(client.clientId),
      ...Array.from(groups, (group) => this.#groupPages.get(group)),
    ];
    for (const page of more) if (page !== undefined) pages.push(page);
    const own = new Trees();
    for (const { others } of pages)
      for (const { rule, place } of others)
        if (this.#isAbout(rule, client, groups)) addFor(own, rule, place, client);
    const trees = [own, ...pages.map((page) => page.trees)];
    const roots = {
      publish: trees.map(({ publish }) => publish).filter(hasRules),
      subscribe: trees.map(({ subscribe }) => subscribe).filter(hasRules),
      filtersMissed: 0,
      patterns: new Set<string>(),
    };
    this.#roots.set(client, roots);
    return roots;
  }

  #groupsOf({ userName, groups }: AccessClient): ReadonlySet<string> {
    const own = userName === undefined ? undefined : this.#groups.get(userName);
    return new Set([...groups, ...(own ?? [])]);
  }

  #isAbout(rule: AccessRule, client: AccessClient, groups: ReadonlySet<string>): boolean {
    const { user, anonymous, group, client: clientIds, listener } = rule;
    if (anonymous !== undefined && anonymous !== (client.userName === undefined)) return false;
    if (user !== undefined && !listOf(user).some((name) => name === client.userName)) return false;
    if (group !== undefined && !listOf(group).some((name) => groups.has(name))) return false;
    if (
      clientIds !== undefined &&
      !listOf(clientIds).some((text) => matchesPieces(client.clientId, text.split("*")))
    )
      return false;
    if (listener !== undefined && !listOf(listener).some((name) => isAt(client.listener, name)))
      return false;
    return this.#ranges.get(rule)?.includes(client.address) ?? true;
  }
}

/** Beginnings of a topic, and levels of it, that are tried to find a filter whose topics are all allowed alike. */
const FILTERS_TRIED = 8;
/** Nodes of the rules that are looked at for each filter that is tried. */
const ALIKE_STEPS_MAX = 200;
/** A client for whose topics so often no tree was found has none, most likely: each topic is remembered by itself then. */
const FILTERS_MISSED_MAX = 16;
/** The shortest beginning of a topic below which all topics are alike, with `#`. */
function treeAlike(topic: string, isAlike: (filter: string) => boolean): string | undefined {
  let end = topic.startsWith("$") ? endOfLevel(topic, 0) : 0;
  for (let tries = 0; tries < FILTERS_TRIED; tries += 1) {
    const filter = end === 0 ? "#" : `${topic.slice(0, end)}/#`;
    if (isAlike(filter)) return filter;
    if (end === topic.length) return undefined;
    end = endOfLevel(topic, end === 0 ? 0 : end + 1);
  }
  return undefined;
}

/** The topic with `+` in each place, from its end on, where that changes nothing. */
function patternAlike(topic: string, isAlike: (filter: string) => boolean): string | undefined {
  let levels = topic.split("/");
  if (levels.length > FILTERS_TRIED) return undefined;
  let hasWildcard = false;
  for (let index = levels.length - 1; index >= 0; index -= 1) {
    const tried = levels.with(index, "+");
    if ((index === 0 && topic.startsWith("$")) || !isAlike(tried.join("/"))) continue;
    levels = tried;
    hasWildcard = true;
  }
  return hasWildcard ? levels.join("/") : undefined;
}

function endOfLevel(topic: string, start: number): number {
  const slash = topic.indexOf("/", start);
  return slash < 0 ? topic.length : slash;
}

function isSame(one: AccessRule | undefined, other: AccessRule): boolean {
  return (
    one?.allow !== undefined && one.maximumQos === other.maximumQos && one.retain === other.retain
  );
}

function addFor(trees: Trees, rule: AccessRule, place: RulePlace, client: AccessClient): void {
  const isAllowed = rule.allow !== undefined;
  for (const topic of listOf(rule.topics)) {
    const filters =
      rule.literal === true ? [topic.split("/")] : filtersFor(topic, client, isAllowed);
    for (const levels of filters) trees.add(rule, levels, place);
  }
}

function hasRules({ first }: RuleNode): boolean {
  return first !== Infinity;
}

/** How many of user, group and client a rule names. */
function conditions({ user, group, client }: AccessRule): number {
  return [user, group, client].filter((one) => one !== undefined).length;
}

function hasWildcardClient({ client }: AccessRule): boolean {
  return client !== undefined && listOf(client).some((text) => text.includes("*"));
}

function pageIn(pages: Map<string, Page>, name: string): Page {
  const page = pages.get(name) ?? new Page();
  pages.set(name, page);
  return page;
}

/** Whether a client came to a listener of this name: "tcp:1883", "tcp" or "1883". */
function isAt(listener: string, name: string): boolean {
  const [transport, port] = listener.split(":");
  return listener === name || transport === name || port === name;
}
