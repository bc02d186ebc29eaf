/** What a program in JavaScript, or one with a variable that is not set, gives to the builders. */
import { MqttConfigurationError } from "@anax/protocol";

/** Values that most arguments are not, and pairs of them. */
const VALUES: readonly (readonly unknown[])[] = [
  ...[undefined, null, 5, "", "x", true, {}, [], () => undefined].map((value) => [value]),
  [],
  [null, null],
  [undefined, undefined],
  ["x", null],
];

/** How often something was refused in words, and what ended otherwise. */
export interface ArgumentOutcomes {
  readonly refused: number;
  readonly strange: readonly { method: string; values: readonly unknown[]; error: unknown }[];
}

/** Calls each method that the prototype of this class has on a new builder, and builds, with values that most arguments are not. */
export async function tryBuilder(
  Builder: new () => { build(): unknown },
): Promise<ArgumentOutcomes> {
  const prototype = Builder.prototype as object;
  const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(
    ([name, { value }]) => (name !== "constructor" && typeof value === "function" ? [name] : []),
  );
  const outcomes = { refused: 0, strange: [] as ArgumentOutcomes["strange"][number][] };
  for (const method of methods) {
    const { refused, strange } = await tryMethod(method, (...values) => {
      const builder = new Builder();
      callMethod(builder, method, values);
      return builder.build();
    });
    outcomes.refused += refused;
    outcomes.strange.push(...strange);
  }
  return outcomes;
}

/** Calls `act` with values that most arguments are not. `method` is what the outcomes name. */
export async function tryMethod(
  method: string,
  act: (...values: readonly unknown[]) => unknown,
): Promise<ArgumentOutcomes> {
  const outcomes = { refused: 0, strange: [] as ArgumentOutcomes["strange"][number][] };
  for (const values of VALUES) {
    try {
      await act(...values);
    } catch (error) {
      if (error instanceof MqttConfigurationError) outcomes.refused += 1;
      else outcomes.strange.push({ method, values, error });
    }
  }
  return outcomes;
}

/** Calls a method by its name, whatever its types say. Throws if there is none. */
export function callMethod(object: object, name: string, values: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== "function") throw new Error(`there is no method ${name}`);
  return Reflect.apply(method, object, values) as unknown;
}
