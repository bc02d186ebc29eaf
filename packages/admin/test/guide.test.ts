/** Routes that the guide names. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openApi } from "../src/index.ts";

const GUIDE = new URL("../../../docs/guide/", import.meta.url);
/** The description itself is at no route that it describes. */
const DESCRIPTION = "/api/v1/openapi.json";

const { paths } = openApi("0") as { readonly paths: Readonly<Record<string, object>> };
const routes = new Set(
  Object.entries(paths).flatMap(([path, methods]) => [
    path,
    ...Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  ]),
);

/** Paths of the API in a page, with the method if one is named. */
function routesIn(page: string): string[] {
  const text = readFileSync(new URL(page, GUIDE), "utf8");
  const found = text.matchAll(/(?:\b[A-Z]+ )?\/api\/v1\/[\w./{}-]*/g);
  return Array.from(found, ([route]) => route).filter((route) => route !== DESCRIPTION);
}

describe("the routes that a page of the guide names are routes of the API:", () => {
  const named = readdirSync(GUIDE)
    .filter((page) => page.endsWith(".md"))
    .map((page) => ({ page, named: routesIn(page) }))
    .filter((one) => one.named.length > 0);

  it("there are some, with and without a method", () => {
    const all = named.flatMap((one) => one.named);
    expect(all).toContain("GET /api/v1/access/explain");
    expect(all).toContain("/api/v1/stream");
  });

  it.each(named)("$page", (one) => {
    expect(one.named.filter((route) => !routes.has(route))).toEqual([]);
  });
});
