/** The messages that the test client of this page has sent and received. */
import type { Message, MessageFields, PublishOptions } from "@anax/client";
import { RecentList } from "./recent-list.ts";

export interface ShownMessage extends Omit<MessageFields, "text" | "payload" | "packetIdentifier"> {
  readonly id: number;
  readonly atMs: number;
  readonly direction: "received" | "published" | "answer";
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Of its subscription; undefined: published here. */
  readonly color: string | undefined;
}

/** Messages that are kept. */
export const MESSAGES_MAX = 500;

export const messages: RecentList<ShownMessage> = new RecentList(MESSAGES_MAX);

let lastId = 0;

function add(message: Omit<ShownMessage, "id" | "atMs">): void {
  lastId += 1;
  messages.add({ ...message, id: lastId, atMs: Date.now() });
}

export function showReceived(
  direction: "received" | "answer",
  message: Message,
  color: string,
): void {
  const { text: _text, packetIdentifier: _id, payload, ...fields } = message.toObject();
  add({ ...fields, direction, payload: Uint8Array.from(payload), color });
}

export function showPublished(
  topic: string,
  payload: Uint8Array<ArrayBuffer>,
  options: PublishOptions,
): void {
  const { qos = 0, retain = false, signal: _signal, topicAlias: _alias, ...properties } = options;
  const given = Object.entries(properties).filter(([, value]) => value !== undefined);
  add({
    ...(Object.fromEntries(given) as Partial<MessageFields>),
    direction: "published",
    topic,
    payload,
    qos,
    retain,
    duplicate: false,
    color: undefined,
  });
}
