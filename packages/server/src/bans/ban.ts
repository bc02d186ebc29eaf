import { MqttConfigurationError } from "@anax/protocol";
import type { RulesFor } from "@anax/protocol";
import { addressRangeFault } from "../address-ranges.ts";
import { checked } from "../checking/rules.ts";

/** What a ban is about. */
const BAN_KINDS = ["clientId", "userName", "address"] as const;

/** One of `BAN_KINDS`. */
export type BanKind = (typeof BAN_KINDS)[number];

/** Who is kept out. */
export interface BanSubject {
  readonly kind: BanKind;
  /** The Client Identifier or user name, to the letter; an IP address, or a range such as `192.0.2.0/24`. */
  readonly value: string;
}

/** A ban to be made. */
export interface BanRequest extends BanSubject {
  /** Milliseconds that it lasts, from now on. Default: until it is lifted. */
  readonly durationMs?: number;
  /** For those who look at the list, and for the log. Clients are not told. */
  readonly reason?: string;
}

/** A ban in force. */
export interface Ban extends BanSubject {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** Milliseconds since 1970; absent: until it is lifted. */
  readonly untilMs?: number;
  readonly reason?: string;
}

/** Milliseconds of a ban that ends, a century: whoever means longer means for ever. */
const DURATION_MS_MAX = 3_155_760_000_000;
/** Characters of what is banned: no Client Identifier and no user name is longer. */
const TEXT_MAX = 65_535;

const SUBJECT_RULES: RulesFor<BanSubject> = {
  kind: new Set(BAN_KINDS),
  value: (value: unknown) =>
    typeof value === "string" && value !== "" && value.length <= TEXT_MAX
      ? undefined
      : `must be a text of 1 to ${TEXT_MAX} characters`,
};

const REQUEST_RULES: RulesFor<BanRequest> = {
  ...SUBJECT_RULES,
  durationMs: [1, DURATION_MS_MAX],
  reason: "string",
};

const BAN_RULES: RulesFor<Ban> = {
  ...SUBJECT_RULES,
  sinceMs: "number",
  untilMs: "number",
  reason: "string",
};

/** The subject of a ban, checked. @throws MqttConfigurationError */
export function checkedSubject(given: BanSubject): BanSubject {
  const { kind, value } = checked<BanSubject>("ban", given, SUBJECT_RULES, ["kind", "value"]);
  return subjectOf(kind, value);
}

/** The ban that is asked for, beginning now. @throws MqttConfigurationError */
export function banOf(given: BanRequest, nowMs: number): Ban {
  const request = checked<BanRequest>("ban", given, REQUEST_RULES, ["kind", "value"]);
  const { durationMs, reason } = request;
  return {
    ...subjectOf(request.kind, request.value),
    sinceMs: nowMs,
    ...(durationMs !== undefined && { untilMs: nowMs + durationMs }),
    ...(reason !== undefined && { reason }),
  };
}

/** A ban that was kept elsewhere, checked. @throws MqttConfigurationError */
export function restoredBan(given: Ban): Ban {
  const ban = checked<Ban>("ban", given, BAN_RULES, ["kind", "value", "sinceMs"]);
  return { ...ban, ...subjectOf(ban.kind, ban.value), sinceMs: ban.sinceMs ?? 0 };
}

function subjectOf(kind: BanKind | undefined, value: string | undefined): BanSubject {
  if (kind === undefined || value === undefined)
    throw new MqttConfigurationError("ban is incomplete");
  if (kind === "address") requireAddress(value);
  return { kind, value };
}

function requireAddress(value: string): void {
  const fault = addressRangeFault(value);
  if (fault !== undefined) throw new MqttConfigurationError(`ban.value ${fault}`);
}
