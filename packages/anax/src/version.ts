import { readFileSync } from "node:fs";

/** Version of this package, as its manifest says it. */
export function packageVersion(): string {
  const path = new URL("../package.json", import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
  const isObject = typeof manifest === "object" && manifest !== null;
  return isObject && "version" in manifest ? String(manifest.version) : "unknown";
}
