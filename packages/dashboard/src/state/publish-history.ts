/** What was published from this page, newest first, kept for this tab. */
import type { Format } from "../parts/payload-format.ts";

export interface PublishEntry {
  readonly topic: string;
  readonly text: string;
  readonly format: Format;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly contentType: string;
  readonly responseTopic: string;
  readonly correlationData: string;
  readonly messageExpiry: string;
  readonly topicAlias: string;
  /** Payload Format Indicator. */
  readonly isText: boolean;
  readonly userProperties: string;
}

const KEY = "anax.published";
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
