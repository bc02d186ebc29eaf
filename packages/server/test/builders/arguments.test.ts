import { tryBuilder } from "@anax/testing";
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
