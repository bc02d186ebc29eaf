import type { ApplicationMessage, MqttServer } from "@anax/server";

/** Messages of a page. */
const LIMIT = 1_000;

/** The retained messages that a filter matches, a page at a time, each of which is a step of its own. */
export function* retainedPages(
  server: MqttServer,
  topicFilter: string = "#",
): Generator<readonly ApplicationMessage[], void, undefined> {
  let cursor: string | undefined;
  do {
    const page = server.retainedMessages.list(
      cursor === undefined ? { topicFilter, limit: LIMIT } : { cursor, limit: LIMIT },
    );
    yield page.items;
    ({ cursor } = page);
  } while (cursor !== undefined);
}
