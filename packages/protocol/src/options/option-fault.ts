/**
 * Checks options that a caller gives against a table, so that none is taken and then ignored: a name that is misspelt, a
 * value of a wrong type. Server and client have tables of their own, and errors of their own.
 */
import { showValue } from "./show-value.ts";
import { typeName } from "./type-name.ts";

/**
 * What an option must be. `undefined` and `null` are always allowed: they count as absent.
 *
 * - `[least, largest]`: an integer in this range.
 * - Text: the names of types as `typeName` gives them, with `|` between them. `unknown` allows everything.
 * - A set: one of these values.
 * - A table: options of its own.
 * - A function: what is wrong with a value, to stand behind its name; undefined if nothing is.
 */
export type OptionRule =
  | readonly [minimum: number, maximum: number]
  | string
  | ReadonlySet<unknown>
  | OptionRules
  | ((value: unknown) => string | undefined);

/** Rules by the names of options. */
export interface OptionRules {
  readonly [name: string]: OptionRule;
}

/** A table that has a rule for every option of a type, so that none can be forgotten. */
export type RulesFor<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

/**
 * What is wrong with options, in words; undefined if nothing is. A value is shown only where it is a number or one of few
 * texts: other options may be secrets.
 * @param of what the options belong to, such as `tls`; absent for those of the outermost level
 */
export function optionFault(options: unknown, rules: OptionRules, of?: string): string | undefined {
  const type = typeName(options);
  if (!/^(Object|Module)$/.test(type)) return `${of ?? "options"} must be an object, not ${type}`;
  const given = options as Readonly<Record<string, unknown>>;
  for (const name in given) {
    const value = given[name];
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) return unknownOption(name, rules, of);
    if (value === undefined || value === null) continue;
    const fault = valueFault(value, rule, of === undefined ? name : `${of}.${name}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function unknownOption(name: string, rules: OptionRules, of: string | undefined): string {
  const where = of === undefined ? "" : ` in ${of}`;
  const names = Object.keys(rules);
  const named = names.find((one) => stem(one) === stem(name));
  const known = named ? `it is called ${named}` : `only ${names.join(" ")}`;
  return `unknown option ${showValue(name)}${where}, ${known}`;
}

/** What is left of a name without the ways in which limits are said elsewhere, and were said here. */
function stem(name: string): string {
  return name.toLowerCase().replace(/max(imum)?|d(?=m|b)/g, "");
}

function valueFault(value: unknown, rule: OptionRule, name: string): string | undefined {
  if (typeof rule === "string") return typeFault(value, rule, name);
  if (typeof rule === "function") return faultBehind(name, rule(value));
  if (Array.isArray(rule)) return rangeFault(value, rule as readonly [number, number], name);
  if (!(rule instanceof Set)) return optionFault(value, rule as OptionRules, name);
  if (rule.has(value)) return undefined;
  return `${name} ${showValue(value)} is not one of ${[...rule].map(showValue).join(" ")}`;
}

function faultBehind(name: string, fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : `${name} ${fault}`;
}

function typeFault(value: unknown, rule: string, name: string): string | undefined {
  const types = rule.split("|");
  const type = typeName(value);
  if (types.includes(type) || types.includes("unknown")) return undefined;
  return `${name} must be of type ${types.join(" or ")}, not ${type}`;
}

function rangeFault(
  value: unknown,
  [minimum, maximum]: readonly [number, number],
  name: string,
): string | undefined {
  if (Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum) {
    return undefined;
  }
  const shown = typeof value === "number" ? value : `of type ${typeName(value)}`;
  return `${name} ${shown} is not an integer from ${minimum} to ${maximum}`;
}
