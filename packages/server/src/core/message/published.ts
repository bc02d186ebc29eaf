import type { UserProperties } from "@anax/protocol";

/** No matching subscribers: accepted, but nothing is subscribed. */
export const NO_MATCHING_SUBSCRIBERS = 0x10;

/** What became of a published message. */
export interface Published {
  /** Sessions whose subscriptions matched and that no handler vetoed; a shared subscription counts as one. */
  matched: number;
  /** Of these, how many got it: sent to a connected client, or queued. */
  queued: number;
  /** Of these, how many did not: a limit, or QoS 0 for a client that is away. */
  dropped: number;
  /** For the acknowledgement: 0, 0x10 where nobody subscribes, or why it was refused. */
  reasonCode: number;
  reasonString?: string;
  userProperties?: UserProperties;
  closeConnection: boolean;
  /** False if it asked to be retained and was not. */
  isRetained?: boolean;
  /** True if something of it was written to the journal: what asserts that waits for the commit. */
  isStored: boolean;
}

/** Nothing, yet. */
export function nothing(): Published {
  return {
    matched: 0,
    queued: 0,
    dropped: 0,
    reasonCode: 0,
    closeConnection: false,
    isStored: false,
  };
}

/** Why a message is not taken, as its acknowledgement tells it. */
export interface Refusal {
  readonly reasonCode: number;
  readonly reasonString: string;
}

export function refused({ reasonCode, reasonString }: Refusal): Published {
  return Object.assign(nothing(), { reasonCode, reasonString });
}
