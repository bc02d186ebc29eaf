/** Which statements the tests that ran name in their titles, from the JSON result of vitest. */
import type { Version } from "../wire/notation.ts";

/** Whom a test tests. A test of the shared protocol package speaks for both sides. */
export type Side = "server" | "client" | "protocol";

/** A test that names a statement. */
export interface Evidence {
  readonly version: Version;
  readonly id: string;
  readonly side: Side;
  readonly title: string;
  readonly passed: boolean;
}

const TAG = /\[((?:MQTT|U)-[\d.]+-\d+)\]/g;

/**
 * Every tag of every test that ran. A tag means the statement of 5.0, unless the title names 3.1.1
 * first: the two standards use the same identifiers for different statements.
 */
export function readEvidence(results: unknown): readonly Evidence[] {
  const evidence: Evidence[] = [];
  for (const file of arrayAt(results, "testResults")) {
    const side = sideOf(textAt(file, "name"));
    for (const test of arrayAt(file, "assertionResults")) evidence.push(...tagsOf(test, side));
  }
  return evidence;
}

function tagsOf(test: unknown, side: Side | undefined): readonly Evidence[] {
  const status = textAt(test, "status");
  if (status !== "passed" && status !== "failed") return [];
  const title = textAt(test, "fullName");
  const version = versionOf(title);
  const ids = [...new Set(Array.from(title.matchAll(TAG), (found) => found[1] ?? ""))];
  const sides = side ?? (title.startsWith("client") ? "client" : "server");
  return ids.map((id) => ({ version, id, side: sides, title, passed: status === "passed" }));
}

function versionOf(title: string): Version {
  const words = title.replaceAll(TAG, "");
  return /(?<![\d.])(3\.1\.1|5\.0)/.exec(words)?.[1] === "3.1.1" ? "3.1.1" : "5.0";
}

/** Undefined in the files of the suite itself, where the title says it. */
function sideOf(file: string): Side | undefined {
  if (file.includes("/packages/protocol/")) return "protocol";
  if (file.includes("/packages/client/")) return "client";
  return file.includes("/conformance/") ? undefined : "server";
}

function arrayAt(value: unknown, key: string): readonly unknown[] {
  const found = memberOf(value, key);
  return Array.isArray(found) ? found : [];
}

function textAt(value: unknown, key: string): string {
  const found = memberOf(value, key);
  return typeof found === "string" ? found : "";
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
