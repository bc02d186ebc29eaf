import { createTraceState, isSpanContextValid } from "@opentelemetry/api";
import type { SpanContext } from "@opentelemetry/api";
import type { FollowedMessage } from "@anax/server";

/** Names of the User Properties that carry a W3C trace context in a PUBLISH of MQTT 5.0. */
export const TRACEPARENT = "traceparent";
const TRACESTATE = "tracestate";

/** Version, trace, span and flags. A later version may say more behind them. */
const PARENT = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** The span that a message was published in; undefined if it does not say, or not in words that are valid. */
export function publisherSpan(
  userProperties: FollowedMessage["userProperties"],
): SpanContext | undefined {
  const parent = valueOf(userProperties, TRACEPARENT);
  const context = parent === undefined ? undefined : spanContextOf(parent);
  const state = valueOf(userProperties, TRACESTATE);
  if (context === undefined || state === undefined) return context;
  return { ...context, traceState: createTraceState(state) };
}

/** True for a `traceparent` whose trace is recorded. */
export function isSampled(parent: string): boolean {
  return ((spanContextOf(parent)?.traceFlags ?? 0) & SAMPLED) !== 0;
}

function spanContextOf(parent: string): SpanContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "", more] = PARENT.exec(parent) ?? [];
  // The first version says nothing behind its flags.
  if (version === undefined || (version === "00" && more !== undefined)) return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

function valueOf(
  userProperties: FollowedMessage["userProperties"],
  wanted: string,
): string | undefined {
  return userProperties.find(([name]) => name === wanted)?.[1];
}
