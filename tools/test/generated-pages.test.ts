import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as client from "@anax/client";
import * as protocol from "@anax/protocol";
import * as server from "@anax/server";
import { describe, expect, it } from "vitest";
import { errorClasses } from "../docs/errors-page.ts";
import { optionsPage } from "../docs/options-page.ts";
import { GENERATED_PAGES } from "../docs/pages.ts";
import { repositoryRoot } from "../tidy.ts";

const root = repositoryRoot();

it.each(Object.entries(GENERATED_PAGES))(
  "%s is what the sources say: else run `npm run docs`",
  (path, page) => {
    expect(readFileSync(join(root, path), "utf8")).toBe(page(root));
  },
);

describe("the page of errors", () => {
  it("has every error class that the packages export", () => {
    const exported = [client, server, protocol].flatMap((module) =>
      Object.entries(module)
        .filter(([, value]) => typeof value === "function" && value.prototype instanceof Error)
        .map(([name]) => name),
    );
    const bases = ["MqttError", "PeerError"];
    const told = errorClasses(root).map(({ name }) => name);
    expect(exported.filter((name) => !told.includes(name) && !bases.includes(name))).toEqual([]);
  });
});

describe("the page of options", () => {
  it("has every option of the server that has a default, with it", () => {
    const page = optionsPage(root);
    const missing = Object.keys(server.SERVER_DEFAULTS).filter(
      (name) => !new RegExp(`\\| \`${name}\` \\|[^\n]*(Default|default)`).test(page),
    );
    expect(missing).toEqual([]);
  });
});
