import { describe, expect, it } from "vitest";
import { MQTTNET_BUILDERS, camelCase } from "../docs/mqttnet-builders.ts";
import type { PresentMethod } from "../docs/builder-table.ts";

/** Counted in the assemblies of MQTTnet 5.2.0.1603: public methods of builders and factories, and properties of factories. */
const METHODS_OF_MQTTNET = 162;
const PROPERTIES_OF_MQTTNET = 5;

const builders = Object.entries(MQTTNET_BUILDERS);

const methods = builders.flatMap(([builder, table]) =>
  Object.entries(table.methods).map(([name, method]) => ({ builder, table, name, method })),
);

describe("the builders of MQTTnet 5.2", () => {
  it("are all in the table, with all their methods", () => {
    expect(methods).toHaveLength(METHODS_OF_MQTTNET + PROPERTIES_OF_MQTTNET);
  });

  it.each(
    methods.flatMap(({ builder, table, name, method }) =>
      "missing" in method ? [] : [[builder, name, table, method] as const],
    ),
  )("%s.%s is here and builds what it says", (_, name, table, method: PresentMethod) => {
    const made = table.make?.();
    expect(made).toHaveProperty(camelCase(name));
    const given = method.call(made as never);
    if (table.built === undefined) {
      expect(given).toBeTypeOf("object");
      return;
    }
    if (name !== "Build") expect(given).toBe(made);
    const built = table.built(made as never);
    if (method.builds instanceof String) expect(built).toBe(String(method.builds));
    else expect(built).toMatchObject(method.builds ?? {});
  });

  it("lack only what the table gives a reason for", () => {
    const absent = methods.filter(({ method }) => "missing" in method);
    for (const { table, name } of absent)
      expect(table.make?.()).not.toHaveProperty(camelCase(name));
    const withoutReason = absent.filter(
      ({ method }) => "missing" in method && method.missing === "",
    );
    expect(withoutReason).toEqual([]);
  });
});
