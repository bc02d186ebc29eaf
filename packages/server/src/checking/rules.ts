/**
 * Rules for what a program hands in: options, messages, answers of handlers. What has no rule would have no effect, so it
 * is refused by its name; null stands for what is not there, as programs in other languages write it into JSON.
 */
import { MqttConfigurationError } from "../errors.ts";

/** What one field must be. */
export interface Rule {
  /** True: it must be there. */
  readonly isRequired?: boolean;
  /** What is wrong with a value, to stand behind the field's name; undefined if nothing is. */
  fault(value: unknown): string | undefined;
}

/** A rule for every field of an object. */
export type Rules<Given> = { readonly [Name in keyof Given]-?: Rule };

/** A field must be what `expected` says in words. */
export function rule(expected: string, holds: (value: unknown) => boolean): Rule {
  return {
    fault: (value) => (holds(value) ? undefined : `is ${shown(value)}, not ${expected}`),
  };
}

/** The same field, which must be there. */
export function required(given: Rule): Rule {
  return { ...given, isRequired: true };
}

/** True or false. */
export const FLAG: Rule = rule("true or false", (value) => typeof value === "boolean");

/** Any text, also an empty one. */
export const TEXT: Rule = rule("a text", (value) => typeof value === "string");

/** A function. */
export const FUNCTION: Rule = rule("a function", (value) => typeof value === "function");

/** Something that is judged elsewhere. */
export const ANYTHING: Rule = { fault: () => undefined };

/** An AbortSignal. */
export const SIGNAL: Rule = rule("an AbortSignal", (value) => value instanceof AbortSignal);

/** A whole number within limits. */
export function wholeNumber(minimum: number, maximum: number): Rule {
  return rule(`a whole number from ${minimum} to ${maximum}`, (value) => {
    return Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
  });
}

/** One of a few values. */
export function oneOf(...values: readonly (string | number)[]): Rule {
  const expected = values.map((value) => JSON.stringify(value)).join(" or ");
  return rule(expected, (value) => values.some((one) => one === value));
}

/**
 * A copy of `given` with the fields that are there.
 * @throws MqttConfigurationError for a field that is wrong, that `rules` do not know, or that is missing
 */
export function checked<Given extends object>(
  what: string,
  given: unknown,
  rules: Rules<Given>,
): Partial<Given> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new MqttConfigurationError(`${what} is ${shown(given)}, not an object`);
  }
  refuseUnknown(what, given, Object.keys(rules));
  const taken: Record<string, unknown> = {};
  for (const [name, held] of Object.entries<Rule>(rules)) {
    // Of a message of the client, the properties are in its class.
    const value: unknown = Reflect.get(given, name) ?? undefined;
    if (value === undefined && held.isRequired !== true) continue;
    const wrong = value === undefined ? "is missing" : held.fault(value);
    if (wrong !== undefined) throw new MqttConfigurationError(`${what}: ${name} ${wrong}`);
    taken[name] = value;
  }
  // Every field of it has been held to its rule.
  return taken as Partial<Given>;
}

/** Throws `MqttConfigurationError` for a name that is none of those that have an effect. */
export function refuseUnknown(what: string, given: object, names: readonly string[]): void {
  for (const name in given) {
    if (names.includes(name)) continue;
    const known = names.length === 0 ? "it has none" : `only ${names.join(" ")}`;
    throw new MqttConfigurationError(`${what}: there is no option ${shown(name)}, ${known}`);
  }
}

/** Characters of a value that an error repeats. */
const SHOWN_MAX = 80;

/** A value as a message shows it: briefly, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return shownObject(value);
  if (typeof value !== "string") return String(value);
  const isLong = value.length > SHOWN_MAX;
  return isLong ? `${JSON.stringify(value.slice(0, SHOWN_MAX))}...` : JSON.stringify(value);
}

function shownObject(value: object): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return "an object";
  const { constructor } = value;
  return typeof constructor === "function" ? `a ${constructor.name}` : "an object";
}
