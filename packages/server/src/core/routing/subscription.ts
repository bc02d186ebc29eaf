import type { QoS } from "@anax/protocol";
import type { Session } from "../sessions/session.ts";

/** One Subscription of one Session. Immutable: a new SUBSCRIBE of the same filter replaces it. */
export interface Subscription {
  readonly session: Session;
  /** As the client wrote it, `$share/name/` included: the key within the session. */
  readonly filter: string;
  /** What is matched: the filter without `$share/name/`. */
  readonly topicFilter: string;
  readonly shareName: string | undefined;
  /** The QoS granted. */
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly subscriptionIdentifier: number | undefined;
}
