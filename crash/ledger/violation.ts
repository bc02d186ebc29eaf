/** What a server must not do, and how it is told. */
export const VIOLATIONS = {
  lost: "an acknowledged message did not reach a session that had a matching subscription",
  repeated:
    "a QoS 2 message came twice, a QoS 1 message again without the DUP flag, or one of QoS 0 more often than it was sent",
  reordered: "messages of one publisher to one topic came in another order than they were sent in",
  invented: "something was delivered that was never sent, or not to this session",
  stale: "a session that began anew was given messages from before",
  expired:
    "a message came when it had expired, or said that it had more time left than it can have",
  session: "a session that was confirmed is gone, or one that was discarded is there",
  retained: "the retained message of a topic is not the last one that was acknowledged",
  refused: "the server did not take what it should take",
} as const;

/** One of `VIOLATIONS`. */
export type ViolationType = keyof typeof VIOLATIONS;

/** One thing that went wrong. */
export interface Violation {
  readonly type: ViolationType;
  readonly round: number;
  readonly text: string;
}
