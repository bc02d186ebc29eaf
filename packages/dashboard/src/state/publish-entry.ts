/** What is entered to be published. */
import { NO_PROPERTIES } from "../parts/message-properties.tsx";
import { NO_BYTES } from "../parts/payload-format.ts";
import { hexDigits } from "./payload.ts";
import type { PublishEntry } from "./publish-history.ts";
import { Store } from "./store.ts";

const FIRST: PublishEntry = {
  ...NO_PROPERTIES,
  topic: "test",
  payload: NO_BYTES,
  qos: 0,
  retain: false,
  topicAlias: "",
};

export const publishEntry: Store<PublishEntry> = new Store(FIRST);

/** Enters where the answer to a request goes, and what belongs to it. */
export function enterAnswer(topic: string, correlationData: Uint8Array | undefined): void {
  const text = hexDigits(correlationData ?? new Uint8Array());
  publishEntry.set({ ...FIRST, topic, correlationData: { text, format: "hex" } });
}
