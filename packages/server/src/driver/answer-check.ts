import { MqttConfigurationError, optionFault } from "@anax/protocol";
import type { OptionRule } from "@anax/protocol";

/** How the answers of an event's handlers are checked: what they wrote into it, each time one of them is done. */
export interface AnswerCheck<Given> {
  /** What is noted before the handlers are called, so that what they have replaced shows. */
  before?(event: Given): unknown;
  /**
   * Makes the answer what the core may rely on.
   * @param before what `before` gave
   * @param leftOut is told of what is wrong and was taken out, while the rest of the answer stands
   * @throws MqttConfigurationError that names the field which is wrong
   */
  check(event: Given, before: unknown, leftOut: (fault: Error) => void): void;
  /** Takes out of the event of a handler that has failed what could not be sent. */
  clean(event: Given): void;
}

/** Rules for some fields of an event, or of a part of it. */
export type AnswerRules<Given> = { readonly [Name in keyof Given]?: OptionRule };

/** @throws MqttConfigurationError for the first of these fields that is not true or false */
export function requireFlags<Given extends object>(
  event: Given,
  names: readonly (keyof Given & string)[],
): void {
  for (const name of names) {
    if (typeof event[name] === "boolean") continue;
    throw new MqttConfigurationError(`${name} must be true or false, not ${kindOf(event[name])}`);
  }
}

/**
 * Takes fields out that are null.
 * @throws MqttConfigurationError for the first field that is not as its rule says
 */
export function requireFields<Given extends object>(
  fields: Given,
  rules: AnswerRules<Given>,
  of?: string,
): void {
  for (const [name, rule] of entriesOf(rules)) {
    const fault = faultOf(fields, name, rule, of);
    if (fault !== undefined) throw new MqttConfigurationError(fault);
    if (Reflect.get(fields, name) === null) Reflect.deleteProperty(fields, name);
  }
}

/** Takes fields out that are not as their rules say. */
export function dropWrongFields<Given extends object>(
  fields: Given,
  rules: AnswerRules<Given>,
): void {
  for (const [name, rule] of entriesOf(rules)) {
    const isWrong = faultOf(fields, name, rule) !== undefined;
    if (isWrong || Reflect.get(fields, name) === null) Reflect.deleteProperty(fields, name);
  }
}

function entriesOf<Given>(rules: AnswerRules<Given>): [string, OptionRule][] {
  return Object.entries<OptionRule>(rules as Readonly<Record<string, OptionRule>>);
}

function faultOf(fields: object, name: string, rule: OptionRule, of?: string): string | undefined {
  return optionFault({ [name]: Reflect.get(fields, name) }, { [name]: rule }, of);
}

/** What a value is, as an error says it without showing it. */
export function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}
