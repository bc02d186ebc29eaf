import { MqttConfigurationError, optionFault, typeName } from "@anax/protocol";
import type { RulesFor } from "@anax/protocol";

/**
 * A copy of what a program hands in, with the fields that are there: null stands for one that is not, as programs in
 * other languages write it into JSON.
 * @param what names it in the error, such as "message"
 * @throws MqttConfigurationError for a field that is wrong, that `rules` do not know, or that is missing
 */
export function checked<Given extends object>(
  what: string,
  given: unknown,
  rules: RulesFor<Given>,
  required: readonly (keyof Given & string)[] = [],
): Partial<Given> {
  const fields = fieldsOf(given, Object.keys(rules));
  const fault = optionFault(fields, rules, what) ?? missing(what, fields, required);
  if (fault !== undefined) throw new MqttConfigurationError(fault);
  // Every field of it has been held to its rule.
  return fields as Partial<Given>;
}

/**
 * Checks an argument that is a text, which a variable that is not set would not be.
 * @throws MqttConfigurationError when it is of another type
 */
export function requireText(name: string, value: unknown): void {
  if (typeof value !== "string")
    throw new MqttConfigurationError(`${name} must be a string, not ${typeName(value)}`);
}

/** Those of classes too: a message of the client has its properties there. What is no object is left to be refused. */
function fieldsOf(given: unknown, names: readonly string[]): unknown {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  const fields: Record<string, unknown> = {};
  for (const name in given) fields[name] = Reflect.get(given, name);
  for (const name of names) {
    const value: unknown = Reflect.get(given, name) ?? undefined;
    if (value === undefined) delete fields[name];
    else fields[name] = value;
  }
  return fields;
}

function missing(what: string, fields: unknown, required: readonly string[]): string | undefined {
  const name = required.find((one) => !Object.hasOwn(Object(fields), one));
  return name === undefined ? undefined : `${what}.${name} is missing`;
}
