/** What a program in JavaScript, or one with a variable that is not set, gives to the builders. */
import { inspect } from "node:util";
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

it("a client of the factory refuses in words what it cannot subscribe to, or end", async () => {
  const server = { host: "127.0.0.1", port: 1 };
  const client = new builders.MqttClientFactory().createMqttClient({ server, options: {} });
  const { subscribe, unsubscribe } = client as unknown as Record<string, Method>;
  for (const values of VALUES) {
    const faults = [
      await strange(() => void subscribe?.apply(client, [...values])),
      await strange(() => unsubscribe?.apply(client, [...values])),
    ];
    expect([values, ...faults]).toEqual([values, undefined, undefined]);
  }
});

it("a client of the factory shows what it is", () => {
  const factory = new builders.MqttClientFactory();
  expect(inspect(factory.createMqttClient())).toContain("without options");
  const client = factory.createMqttClient({ server: "mqtt://h", options: { password: "secret" } });
  expect(inspect(client)).toContain("mqtt://h:1883");
  expect(inspect(client) + JSON.stringify(client)).not.toContain("secret");
});
