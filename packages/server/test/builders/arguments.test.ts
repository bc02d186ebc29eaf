/** What a program in JavaScript, or one with a variable that is not set, gives to the builders. */
import { describe, expect, it } from "vitest";
import { MqttConfigurationError } from "@anax/protocol";
import * as builders from "../../src/builders/index.ts";

type Method = (...values: readonly unknown[]) => unknown;

/** Values that most arguments are not, and pairs of them. */
const VALUES: readonly (readonly unknown[])[] = [
  ...[undefined, null, 5, "", "x", true, {}, [], () => undefined].map((value) => [value]),
  [],
  [null, null],
  [undefined, undefined],
  ["x", null],
];

/** The methods of a class that its own prototype has. */
function methodsOf(prototype: object): [string, Method][] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([name, { value }]) =>
    name === "constructor" || typeof value !== "function" ? [] : [[name, value as Method]],
  );
}

/** What `act` ends with, if that is no error that says what is wrong. */
async function strange(act: () => unknown): Promise<unknown> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return error instanceof MqttConfigurationError ? undefined : error;
  }
}

describe.each(Object.entries(builders).filter(([name]) => name.endsWith("Builder")))(
  "%s",
  (_name, Builder) => {
    const Class = Builder as new () => { build(): unknown };
    it.each(methodsOf(Class.prototype as object))(
      "%s refuses in words what it cannot take",
      async (_, method) => {
        for (const values of VALUES) {
          const act = (): unknown => {
            const builder = new Class();
            method.apply(builder, [...values]);
            return builder.build();
          };
          expect([values, await strange(act)]).toEqual([values, undefined]);
        }
      },
    );
  },
);
