import type { Packet } from "@anax/protocol";
import type { AccessClient } from "../access/authorizer.ts";

/**
 * What a trace tells of: packets in and out, clients that come, are not let in and go, what the rules of access deny, messages of
 * clients that are refused, and what becomes of messages for a client that does not get them at once.
 */
export type TraceEventType =
  | "packetReceived"
  | "packetSent"
  | "connected"
  | "refused"
  | "disconnected"
  | "denied"
  | "publishRefused"
  | "queued"
  | "dropped";

/** Whom something is about. */
export interface TracedClient {
  readonly clientId: string;
  readonly userName?: string | undefined;
  readonly address?: string | undefined;
}

/** Something that happened, as the core tells it: nothing of it is copied yet. */
export interface TraceEvent extends TracedClient {
  readonly type: TraceEventType;
  readonly packet?: Packet | undefined;
  /** The topic that it is about, or the filter, of what was denied. */
  readonly topic?: string | undefined;
  /** Filters that SUBSCRIBE and UNSUBSCRIBE name. */
  readonly topicFilters?: readonly string[] | undefined;
  /** What was denied: "publish", "subscribe", "receive", "keep subscription". */
  readonly action?: string | undefined;
  /** Of what was denied: the client as it was judged. */
  readonly judged?: AccessClient | undefined;
  readonly reasonCode?: number | undefined;
  /** In words. */
  readonly reason?: string | undefined;
  /** Messages that it is about. */
  readonly count?: number | undefined;
  readonly payloadBytes?: number | undefined;
}
