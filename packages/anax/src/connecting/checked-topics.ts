/** Topics of the command line, checked before there is a connection: a wrong one is no matter of the server. */
import { parseTopicFilter, parseTopicName } from "@anax/protocol";
import { UsageError } from "../errors.ts";

/** Throws `UsageError` unless `topic` is a Topic Name. */
export function requireTopicName(topic: string): void {
  require(() => parseTopicName(topic));
}

/** Throws `UsageError` unless all are Topic Filters. */
export function requireTopicFilters(filters: readonly string[]): void {
  for (const filter of filters) require(() => parseTopicFilter(filter));
}

function require(parse: () => unknown): void {
  try {
    parse();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UsageError(cause.message, { cause });
  }
}
