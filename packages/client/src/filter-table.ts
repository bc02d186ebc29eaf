/**
 * What the server has of each Topic Filter. It keeps one subscription for a filter, however often the application
 * subscribes to it, so the options of all are joined; and it may send a copy for each filter that a message matches, so
 * filters that overlap get Subscription Identifiers, by which their copies are told apart.
 */
import { filtersOverlap } from "@anax/protocol";
import type { SubscriptionRequest } from "@anax/protocol";
import { hasWildcard, plainFilter } from "./core/plain-filter.ts";

/** Far above what applications count from, so that theirs and ours do not meet. */
const FIRST_IDENTIFIER = 200_000_000;
/** Who has more filters with wildcards than this does not get all of them compared. */
const COMPARED_FILTERS_MAX = 1_000;

interface FilterEntry<Owner> {
  /** The Subscription Identifier that the server was given with it. */
  identifier: number | undefined;
  /** What each subscription asked of it. */
  readonly asked: Map<Owner, SubscriptionRequest>;
}

/** The Topic Filters of a client. */
export class FilterTable<Owner extends object> {
  readonly #entries: Map<string, FilterEntry<Owner>> = new Map();
  /** Those with wildcards: two without never overlap. */
  readonly #wild: Set<string> = new Set();
  #nextIdentifier = FIRST_IDENTIFIER;

  /**
   * An option in which another subscription to the same filter differs, and which the server keeps once only. Nobody can
   * tell afterwards which messages are one's own, or which were retained.
   */
  conflict(request: SubscriptionRequest): "noLocal" | "retainAsPublished" | undefined {
    const names = ["noLocal", "retainAsPublished"] as const;
    const [other] = this.#entries.get(request.topicFilter)?.asked.values() ?? [];
    return other && names.find((name) => other[name] !== request[name]);
  }

  /** A subscription wants this filter; an identifier of the application takes the place of ours. */
  add(owner: Owner, request: SubscriptionRequest, identifier: number | undefined): void {
    const { topicFilter } = request;
    const entry: FilterEntry<Owner> = this.#entries.get(topicFilter) ?? {
      identifier: undefined,
      asked: new Map(),
    };
    this.#entries.set(topicFilter, entry);
    if (hasWildcard(topicFilter)) this.#wild.add(topicFilter);
    entry.asked.set(owner, request);
    entry.identifier = identifier ?? entry.identifier;
  }

  /** A subscription does not want this filter any more. */
  remove(owner: Owner, topicFilter: string): void {
    const entry = this.#entries.get(topicFilter);
    entry?.asked.delete(owner);
    if (entry?.asked.size !== 0) return;
    this.#entries.delete(topicFilter);
    this.#wild.delete(topicFilter);
  }

  /** Whether any subscription wants it. */
  has(topicFilter: string): boolean {
    return this.#entries.has(topicFilter);
  }

  /** Those who want it. */
  owners(topicFilter: string): readonly Owner[] {
    return [...(this.#entries.get(topicFilter)?.asked.keys() ?? [])];
  }

  /** The other filters that some topic matches as well. */
  overlapping(topicFilter: string): readonly string[] {
    const plain = plainFilter(topicFilter);
    const others = hasWildcard(topicFilter) ? this.#entries.keys() : this.#wild;
    const found: string[] = [];
    let compared = 0;
    for (const other of others) {
      compared += 1;
      if (compared > COMPARED_FILTERS_MAX) break;
      if (other !== topicFilter && filtersOverlap(plain, plainFilter(other))) found.push(other);
    }
    return found;
  }

  /** Gives it an identifier; false if it had one. */
  identify(topicFilter: string): boolean {
    const entry = this.#entries.get(topicFilter);
    if (entry === undefined || entry.identifier !== undefined) return false;
    entry.identifier = this.#nextIdentifier;
    this.#nextIdentifier += 1;
    return true;
  }

  /** Its identifier, the application's or ours. */
  identifierOf(topicFilter: string): number | undefined {
    return this.#entries.get(topicFilter)?.identifier;
  }

  /** The highest QoS that anybody asked of it. */
  qosOf(topicFilter: string): SubscriptionRequest["qos"] {
    let highest: SubscriptionRequest["qos"] = 0;
    for (const { qos } of this.#entries.get(topicFilter)?.asked.values() ?? []) {
      if (qos > highest) highest = qos;
    }
    return highest;
  }
}
