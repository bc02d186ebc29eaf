import { readFileSync } from "node:fs";

/** Version of this package, as its manifest says it; "unknown" where a bundle has left that behind. */
export function packageVersion(): string {
  try {
    const manifest: unknown = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    );
    const isObject = typeof manifest === "object" && manifest !== null;
    return isObject && "version" in manifest ? String(manifest.version) : "unknown";
  } catch {
    return "unknown";
  }
}
