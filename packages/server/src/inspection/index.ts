/**
 * `@anax/server/journal`: reading what a server has stored, for tools. Nothing is changed. The public names, listed by
 * hand.
 */
export {
  inspectStore,
  type StoreContents,
  type StoreCounts,
  type StoredExchangeView,
  type StoredMessageView,
  type StoredSessionView,
} from "./store-contents.ts";
