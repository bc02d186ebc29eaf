import { inspect } from "node:util";
import { callMethod, tryBuilder, tryMethod } from "@anax/testing";
import { expect, it } from "vitest";
import * as builders from "../../src/builders/index.ts";

type BuilderClass = new () => { build(): unknown };

it.each(
  Object.entries(builders).flatMap(([name, value]): [string, BuilderClass][] =>
    name.endsWith("Builder") ? [[name, value as unknown as BuilderClass]] : [],
  ),
)("%s refuses in words what it cannot take", async (_name, Builder) => {
  const { refused, strange } = await tryBuilder(Builder);
  expect(strange).toEqual([]);
  expect(refused).toBeGreaterThan(0);
});

it("a client of the factory refuses in words what it cannot subscribe to, or end", async () => {
  const server = { host: "127.0.0.1", port: 1 };
  const client = new builders.MqttClientFactory().createMqttClient({ server, options: {} });
  const subscribing = await tryMethod(
    "subscribe",
    (...values) => void callMethod(client, "subscribe", values),
  );
  expect(subscribing.strange).toEqual([]);
  expect(subscribing.refused).toBeGreaterThan(0);
  const unsubscribing = await tryMethod("unsubscribe", (...values) =>
    callMethod(client, "unsubscribe", values),
  );
  expect(unsubscribing.strange).toEqual([]);
  expect(unsubscribing.refused).toBeGreaterThan(0);
});

it("a client of the factory shows what it is", () => {
  const factory = new builders.MqttClientFactory();
  expect(inspect(factory.createMqttClient())).toContain("without options");
  const client = factory.createMqttClient({ server: "mqtt://h", options: { password: "secret" } });
  expect(inspect(client)).toContain("mqtt://h:1883");
  expect(inspect(client) + JSON.stringify(client)).not.toContain("secret");
});
