import { MqttConfigurationError, showValue } from "@anax/protocol";
import type { ProtocolVersion, QoS, RulesFor, UserProperties } from "@anax/protocol";
import { checked } from "../checking/rules.ts";
import type { Followed, Follower } from "../core/connection/following.ts";

/** Which messages to follow, and what is told of them. */
export interface FollowingOptions {
  /** So many a second at most of the messages without the mark, evenly spaced. Default 1, at most 1 000; 0: none of these. */
  readonly messagesPerSecondMax?: number | undefined;
  /** Name of a User Property: messages with it are followed for its sake, and count by themselves. Default: there is none. */
  readonly markProperty?: string | undefined;
  /** So many a second at most of the messages with the mark. Default 100, at most 10 000. */
  readonly markedPerSecondMax?: number | undefined;
  /** Whether a message is to be followed whose mark has this value; what is refused is not followed at all. Default: each. */
  readonly isMarked?: ((value: string) => boolean) | undefined;
  /** Told of each message, when it was written to all receivers that are told of. What it throws is logged. */
  readonly followed: (message: FollowedMessage) => void;
}

/** A client that was given a message. Times are Unix times in milliseconds, with fractions. */
export interface FollowedDelivery {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  /** When it was put into what the client is sent next. */
  readonly givenAtMs: number;
  /** When that was handed to the socket. Undefined if the client did not read for ten seconds, or went away. */
  readonly writtenAtMs?: number | undefined;
}

/**
 * A message on its way through the server: read, routed, written. Times are Unix times in milliseconds, with fractions, and of one
 * clock. Receivers that it waits for are not seen: in a queue, for a handler, or of more than 1 024.
 */
export interface FollowedMessage {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly payloadBytes: number;
  readonly userProperties: UserProperties;
  readonly publisher: {
    /** Empty for messages of the server itself, and for those of the program unless it named a sender. */
    readonly clientId: string;
    /** Absent unless it is a client. */
    readonly protocolVersion?: ProtocolVersion | undefined;
    readonly remoteAddress?: string | undefined;
    /** What carries its connection: "tcp", "ws", "tls" and so on. */
    readonly transport?: string | undefined;
  };
  /** When the bytes came. */
  readonly receivedAtMs: number;
  /** When the last receiver was found, or it was known that there is none. */
  readonly routedAtMs: number;
  /** How many were given it at once. */
  readonly receivers: number;
  /** The first 16 of them. */
  readonly deliveries: readonly FollowedDelivery[];
}

/** Ends what it stands for. */
export interface FollowingRegistration extends Disposable {
  dispose(): void;
}

const RULES: RulesFor<FollowingOptions> = {
  messagesPerSecondMax: rateFault,
  markProperty: "string",
  markedPerSecondMax: [0, 10_000],
  isMarked: "function",
  followed: "function",
};

const RATE_MAX = 1_000;

function rateFault(value: unknown): string | undefined {
  if (typeof value === "number" && value >= 0 && value <= RATE_MAX) return undefined;
  return `${showValue(value)} is not a number from 0 to ${RATE_MAX}`;
}

/** How the core follows messages for a program. */
export function followerOf(
  options: FollowingOptions,
  aheadMs: () => number,
  report: (error: unknown) => void,
): Follower {
  const given = checked("following", options, RULES, ["followed"]);
  const { messagesPerSecondMax = 1, markedPerSecondMax = 100, markProperty } = given;
  if (markProperty === "")
    throw new MqttConfigurationError(`following.markProperty: ${showValue("")} names no property`);
  const guarded = <Result>(ask: () => Result): Result | undefined => {
    try {
      return ask();
    } catch (error) {
      report(error);
      return undefined;
    }
  };
  return {
    messagesPerSecondMax,
    markedPerSecondMax,
    markProperty,
    isMarked: (value) => guarded(() => given.isMarked?.(value) ?? true) ?? false,
    followed: (message) => guarded(() => given.followed?.(shown(message, aheadMs()))),
  };
}

/** As the program sees it: times of the wall clock, and no more of the connection than is said. */
function shown(followed: Followed, aheadMs: number): FollowedMessage {
  const { clientId, protocolVersion, peer } = followed.publisher;
  return {
    ...followed,
    publisher: {
      clientId,
      protocolVersion,
      remoteAddress: peer?.remoteAddress,
      transport: peer?.transport,
    },
    receivedAtMs: followed.receivedAtMs + aheadMs,
    routedAtMs: followed.routedAtMs + aheadMs,
    deliveries: followed.deliveries.map((delivery) => ({
      ...delivery,
      givenAtMs: delivery.givenAtMs + aheadMs,
      writtenAtMs: delivery.writtenAtMs && delivery.writtenAtMs + aheadMs,
    })),
  };
}
