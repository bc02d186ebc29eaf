/** Checks what a program hands in as parts of a server: what would have no effect, or fail where nobody looks, is refused. */
import { MqttConfigurationError, optionFault } from "@anax/protocol";
import type { OptionRules, RulesFor } from "@anax/protocol";
import type { Authorizer } from "../core/access/authorizer.ts";
import type { ServerParts } from "../options.ts";
import type { Authenticator } from "../ports/authenticator.ts";
import type { BanStore } from "../ports/ban-store.ts";
import type { Clock } from "../ports/clock.ts";
import { LOG_LEVELS } from "../ports/logger.ts";
import type { Logger } from "../ports/logger.ts";

const OPTIONAL_FUNCTION = "function|undefined";

const LOGGER_RULES: RulesFor<Logger> = { level: new Set(LOG_LEVELS), write: "function" };

const CLOCK_RULES: RulesFor<Clock> = {
  now: "function",
  callAfter: "function",
  wallNow: OPTIONAL_FUNCTION,
  machineRun: OPTIONAL_FUNCTION,
};

const AUTHENTICATOR_RULES: RulesFor<Authenticator> = {
  name: "string|undefined",
  authenticate: "function",
  authenticationMethods: "Array|undefined",
  scramVerifierOf: OPTIONAL_FUNCTION,
  load: OPTIONAL_FUNCTION,
};

const AUTHORIZER_RULES: RulesFor<Authorizer> = {
  mayPublish: "function",
  maySubscribe: "function",
  mayReceive: OPTIONAL_FUNCTION,
  isImmediate: "boolean|undefined",
};
const BAN_STORE_RULES: RulesFor<BanStore> = { load: "function", save: "function" };

/** Those that are plain values; where a listener listens is judged with the listeners. */
const VALUE_RULES: OptionRules = {
  on: "Object",
  users: "Object",
  passwordFile: "string",
  authenticators: "Array",
  clientIdPattern: "string",
  accessRules: "Object|function",
};

/**
 * @throws MqttConfigurationError for a part that is none. Null is one: who meant to let nobody in must not let in
 *   everybody because a value was not there.
 */
export function checkParts(parts: ServerParts): void {
  for (const [name, rule] of Object.entries(VALUE_RULES)) {
    const value: unknown = Reflect.get(parts, name);
    const fault =
      value === null ? `${name} is null` : optionFault({ [name]: value }, { [name]: rule });
    if (fault !== undefined) throw new MqttConfigurationError(fault);
  }
  const { authenticate, authenticators, authorize, banStore, logger, clock } = parts;
  if (authorize !== undefined) requireMembers("authorize", authorize, AUTHORIZER_RULES);
  if (banStore !== undefined) requireMembers("banStore", banStore, BAN_STORE_RULES);
  if (logger !== undefined) requireMembers("logger", logger, LOGGER_RULES);
  if (clock !== undefined) requireMembers("clock", clock, CLOCK_RULES);
  if (authenticate !== undefined) requireAuthenticator("authenticate", authenticate);
  for (const [index, one] of (authenticators ?? []).entries())
    requireAuthenticator(`authenticators[${index}]`, one);
}

function requireAuthenticator(what: string, given: unknown): void {
  if (typeof given !== "function") requireMembers(what, given, AUTHENTICATOR_RULES);
}

/** An object of the program's own must have these; whatever else it has is its own. */
function requireMembers(what: string, given: unknown, rules: OptionRules): void {
  if (typeof given !== "object" || given === null) {
    const kind = given === null ? "null" : typeof given;
    throw new MqttConfigurationError(`${what} must be an object, not ${kind}`);
  }
  for (const [name, rule] of Object.entries(rules)) {
    const value: unknown = Reflect.get(given, name) ?? undefined;
    const isOptional = typeof rule === "string" && rule.endsWith("|undefined");
    if (value === undefined && isOptional) continue;
    const fault =
      value === undefined
        ? `${what}.${name} is missing`
        : optionFault({ [name]: value }, { [name]: rule }, what);
    if (fault !== undefined) throw new MqttConfigurationError(fault);
  }
}
