/** What was published from this page, newest first, kept for this tab. */
import type { EnteredProperties } from "../parts/message-properties.tsx";
import type { EnteredBytes } from "../parts/payload-format.ts";

export interface PublishEntry extends EnteredProperties {
  readonly topic: string;
  readonly payload: EnteredBytes;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly topicAlias: string;
}

const KEY = "anax.publish-history";
const ENTRIES_MAX = 20;

export function publishHistory(): readonly PublishEntry[] {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as PublishEntry[];
}

export function keepPublished(entry: PublishEntry): readonly PublishEntry[] {
  const text = JSON.stringify(entry);
  const others = publishHistory().filter((one) => JSON.stringify(one) !== text);
  const entries = [entry, ...others].slice(0, ENTRIES_MAX);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(entries));
  } catch {
    // Too large for the storage: it is not in the history then.
  }
  return entries;
}
