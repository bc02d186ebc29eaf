import { MqttConfigurationError, optionFault } from "@anax/protocol";
import type { OptionRule, RulesFor } from "@anax/protocol";
import type { HoldOffLimits, HoldOffSettings } from "../core/rates/hold-off.ts";
import type {
  ClientRate,
  KeptLimits,
  Rate,
  RateLimits,
  SharedRate,
} from "../core/rates/rate-limits.ts";

const COUNT_MAX = Number.MAX_SAFE_INTEGER;
/** Longer silence saves up no more: what then comes at once would be no rate. */
const BURST_SECONDS_MAX = 3_600;

/** A part of one a second is right too: one message in ten seconds is 0.1. */
const PER_SECOND: OptionRule = (value) =>
  typeof value === "number" && value >= 0.001 && value <= COUNT_MAX
    ? undefined
    : `${JSON.stringify(value)} is no number from 0.001 to ${COUNT_MAX}`;

const RATE: RulesFor<Rate> = {
  messagesPerSecond: PER_SECOND,
  bytesPerSecond: PER_SECOND,
  outgoingMessagesPerSecond: PER_SECOND,
  outgoingBytesPerSecond: PER_SECOND,
};
const KEPT: RulesFor<KeptLimits> = {
  retainedMessages: [0, COUNT_MAX],
  retainedBytes: [0, COUNT_MAX],
  queuedMessages: [1, COUNT_MAX],
  queuedBytes: [1, COUNT_MAX],
};
const CLIENT: RulesFor<ClientRate> = { ...RATE, ...KEPT };
const SHARED: RulesFor<SharedRate> = {
  ...CLIENT,
  connections: [1, COUNT_MAX],
  subscriptions: [0, COUNT_MAX],
  connectsPerSecond: PER_SECOND,
};

const RULES: RulesFor<RateLimits> = {
  perClient: CLIENT,
  perUser: SHARED,
  users: "unknown",
  perAddress: SHARED,
  perListener: "unknown",
  burstSeconds: [1, BURST_SECONDS_MAX],
  whenTooFast: new Set(["slower", "refuse", "disconnect"]),
};

/** Throws `MqttConfigurationError` for limits that are none. */
export function checkRateLimits(given: RateLimits | undefined): void {
  if (given === undefined) return;
  const fault =
    optionFault(given, RULES, "rateLimits") ??
    faultByName("perListener", given.perListener) ??
    faultByName("users", given.users);
  if (fault !== undefined) throw new MqttConfigurationError(fault);
}

const TIMES_MAX = 1_000_000;
const SECONDS_MAX = 86_400;
const HOLD_OFF: RulesFor<HoldOffSettings> = {
  allowed: [1, TIMES_MAX],
  withinSeconds: [1, SECONDS_MAX],
  longestSeconds: [1, SECONDS_MAX],
};

/** Throws `MqttConfigurationError` for what is no limit of repetition. */
export function checkHoldOff(given: HoldOffLimits | undefined): void {
  if (given === undefined) return;
  const rules: RulesFor<HoldOffLimits> = { failedLogins: "unknown", flapping: "unknown" };
  const fault =
    optionFault(given, rules, "holdOff") ??
    holdOffFault("holdOff.failedLogins", given.failedLogins) ??
    holdOffFault("holdOff.flapping", given.flapping);
  if (fault !== undefined) throw new MqttConfigurationError(fault);
}

function holdOffFault(what: string, given: unknown): string | undefined {
  return given === undefined || given === false ? undefined : optionFault(given, HOLD_OFF, what);
}

/** What is wrong with limits by the names of listeners or users. */
function faultByName(option: "perListener" | "users", given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null)
    return `rateLimits.${option} must be an object of limits by names`;
  for (const [name, rate] of Object.entries(given)) {
    const fault = optionFault(rate, SHARED, `rateLimits.${option} ${JSON.stringify(name)}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
