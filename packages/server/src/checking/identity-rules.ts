/** What may be an identity: it comes from the programs and back ends that authenticate clients, which make mistakes. */
import { optionFault } from "@anax/protocol";
import type { OptionRules, RulesFor } from "@anax/protocol";
import type { Identity, Permissions } from "../core/hooks/identity.ts";
import { TOPIC_FILTER } from "./packet-rules.ts";
import type { ValueRule } from "./packet-rules.ts";

/** Groups, and Topic Filters of each kind, that one identity may have: what a token of 64 KB can hold. */
const LIST_MAX = 1_000;

/** Characters of a name: fewer than the bytes that MQTT can carry. */
const NAME_LENGTH_MAX = 16_384;

/** Text that MQTT can carry, not empty, and without control characters, which deceive whoever reads a log. */
export const NAME: ValueRule = (value) => {
  if (typeof value !== "string") return `must be of type string, not ${typeof value}`;
  if (value === "") return "is empty";
  if (value.length > NAME_LENGTH_MAX) return `has more than ${NAME_LENGTH_MAX} characters`;
  // Half of a surrogate pair is no character.
  return /[\p{Cc}\p{Cs}]/u.test(value) ? "has control characters" : undefined;
};

const PERMISSION_RULES: RulesFor<Permissions> & OptionRules = {
  publish: listOf(TOPIC_FILTER),
  subscribe: listOf(TOPIC_FILTER),
};

const IDENTITY_RULES: RulesFor<Identity> & OptionRules = {
  userName: NAME,
  groups: listOf(NAME),
  permissions: (value) => (value === undefined ? undefined : objectFault(value, PERMISSION_RULES)),
  clientId: NAME,
  expiresInMs: (value) =>
    typeof value === "number" && value > 0 ? undefined : "is no number of milliseconds above 0",
  claims: "Object",
};

/**
 * What is wrong with an identity, in words that stand behind its name, such as "is empty"; undefined if nothing is. The server asks this of
 * every identity that it is given; an authenticator may ask it first, to say no in its own way. Names are not empty, have no control
 * characters and at most 16 384 characters; groups, and the Topic Filters of each permission, are 1 000 at most.
 */
export function identityFault(value: unknown): string | undefined {
  const fault = objectFault(value, IDENTITY_RULES);
  if (fault !== undefined || value === undefined) return fault;
  return Object.keys(Object(value)).length === 0 ? "is empty" : undefined;
}

function objectFault(value: unknown, rules: OptionRules): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "is no object";
  const fault = optionFault(value, rules);
  return fault === undefined ? undefined : `is wrong: ${fault}`;
}

function listOf(rule: ValueRule): ValueRule {
  return (value) => {
    if (!Array.isArray(value)) return "is no list";
    if (value.length > LIST_MAX) return `has ${value.length} entries, more than ${LIST_MAX}`;
    for (const entry of value) {
      if (typeof entry !== "string") return "is wrong: an entry is no text";
      const fault = rule(entry);
      if (fault !== undefined) return `is wrong: entry ${fault}`;
    }
    return undefined;
  };
}
