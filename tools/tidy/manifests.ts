/** The package.json files, parsed as far as the rules need them. */
import type { Repository } from "./repository.ts";

export interface Manifest {
  readonly path: string;
  /** `packages/server`, or the empty string for the root. */
  readonly folder: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly isPrivate: boolean;
  readonly dependencies: ReadonlyMap<string, string>;
  readonly devDependencies: ReadonlyMap<string, string>;
  /** What an installing program brings itself, in a range of versions. */
  readonly peerDependencies: ReadonlyMap<string, string>;
  /** The keys of `exports`, such as `.` and `./package.json`. */
  readonly entryPoints: ReadonlySet<string>;
  readonly publishedFiles: readonly string[];
}

export function rootManifest(repository: Repository): Manifest | undefined {
  const text = repository.files.get("package.json");
  return text === undefined ? undefined : parseManifest("package.json", text);
}

export function packageManifests(repository: Repository): readonly Manifest[] {
  return [...repository.files]
    .filter(([path]) => /^packages\/[^/]+\/package\.json$/.test(path))
    .map(([path, text]) => parseManifest(path, text));
}

function parseManifest(path: string, text: string): Manifest {
  const json = asRecord(JSON.parse(text));
  return {
    path,
    folder: path.replace(/\/?package\.json$/, ""),
    name: String(json["name"]),
    version: typeof json["version"] === "string" ? json["version"] : undefined,
    isPrivate: json["private"] === true,
    dependencies: asStrings(json["dependencies"]),
    devDependencies: asStrings(json["devDependencies"]),
    peerDependencies: asStrings(json["peerDependencies"]),
    entryPoints: new Set(Object.keys(asRecord(json["exports"]))),
    publishedFiles: Array.isArray(json["files"]) ? json["files"].map(String) : [],
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function asStrings(value: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(asRecord(value)).map(([key, entry]) => [key, String(entry)]));
}
