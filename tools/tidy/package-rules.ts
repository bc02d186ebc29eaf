/**
 * Which package may import what, and what its manifest has to say about it. npm hoists every
 * dependency to the root, so a missing declaration works here and fails at the user: only a rule
 * finds it.
 */
import type { Import } from "./imports.ts";
import { isRelative, packageOf, resolveRelative } from "./imports.ts";
import { packageManifests, rootManifest } from "./manifests.ts";
import type { Finding, Repository, Rule } from "./repository.ts";

/** What each package may import beside `node:*` and its own files (ARCHITECTURE.md). */
const IMPORT_TABLE: Readonly<Record<string, readonly string[]>> = {
  "@anax/protocol": [],
  "@anax/client": ["@anax/protocol", "ws", "socks"],
  "@anax/server": ["@anax/protocol", "ws"],
  "@anax/access": ["@anax/protocol", "@anax/server", "jose"],
  "@anax/admin": [
    "@anax/protocol",
    "@anax/server",
    "@hono/node-server",
    "@sinclair/typebox",
    "hono",
  ],
  "@anax/dashboard": ["@anax/client", "preact", "uplot"],
  "@anax/testing": ["@anax/protocol", "@anax/client", "@anax/server"],
  "@anax/store-lmdb": ["@anax/protocol", "@anax/server", "lmdb"],
  anax: [
    "@anax/protocol",
    "@anax/client",
    "@anax/server",
    "@anax/store-lmdb",
    "@anax/access",
    "@anax/admin",
    "rotating-file-stream",
    "ws",
    "yaml",
  ],
};

/** Folders and packages that exist for this repository only. */
const NEVER_PUBLISHED =
  /^(examples|bench|conformance|crash|fuzz|interop|tools)\/|^packages\/[^/]+\/test\//;

interface ImportInFile extends Import {
  readonly path: string;
}

/** A package declares only what the import table allows, and every package is in the table. */
export const manifestsFollowTheImportTable: Rule = (repository) =>
  packageManifests(repository).flatMap((manifest) => {
    const allowed = IMPORT_TABLE[manifest.name];
    if (allowed === undefined) {
      return [{ path: manifest.path, message: `${manifest.name} is not in the import table` }];
    }
    return [...manifest.dependencies.keys()]
      .filter((name) => !allowed.includes(name))
      .map((name) => ({
        path: manifest.path,
        message: `the import table does not let ${manifest.name} depend on ${name}`,
      }));
  });

/** What a package imports is in its dependencies (tests may also use those of the root). */
export const importsAreDeclared: Rule = (repository) => {
  const forTests = namesForTests(repository);
  return packageManifests(repository).flatMap((manifest) =>
    importsBelow(repository, `${manifest.folder}/`)
      .filter(({ specifier }) => isPackage(specifier))
      .filter(({ specifier, path }) => {
        const name = packageOf(specifier);
        if (name === manifest.name || manifest.dependencies.has(name)) return false;
        if (manifest.peerDependencies.has(name)) return false;
        return !NEVER_PUBLISHED.test(path) || !forTests.has(name);
      })
      .map(({ specifier, path, line }) => ({
        path,
        line,
        message: `${packageOf(specifier)} is not in the dependencies of ${manifest.name}`,
      })),
  );
};

/** Programs of the repository import what the root declares, or a package of the workspace. */
export const programsImportWhatTheRootDeclares: Rule = (repository) => {
  const known = namesForTests(repository);
  return allImports(repository)
    .filter(({ path }) => !path.startsWith("packages/"))
    .filter(({ specifier }) => isPackage(specifier) && !known.has(packageOf(specifier)))
    .map(({ specifier, path, line }) => ({
      path,
      line,
      message: `${packageOf(specifier)} is not in the devDependencies of the root`,
    }));
};

/** Who installs a published package installs its dependencies: each is imported by its code. */
export const dependenciesAreUsed: Rule = (repository) =>
  packageManifests(repository)
    .filter((manifest) => !manifest.isPrivate)
    .flatMap((manifest) => {
      const published = importsBelow(repository, `${manifest.folder}/src/`);
      const used = new Set(published.map(({ specifier }) => packageOf(specifier)));
      return [...manifest.dependencies.keys(), ...manifest.peerDependencies.keys()]
        .filter((name) => !used.has(name))
        .map((name) => ({
          path: manifest.path,
          message: `${manifest.name} declares ${name} but does not import it: remove it`,
        }));
    });

/** Built-in modules are imported with the prefix `node:`, which no package can take over. */
export const builtInModulesHaveThePrefix: Rule = (repository) =>
  allImports(repository)
    .filter(({ specifier }) => BUILT_IN_WITHOUT_PREFIX.test(specifier))
    .map(({ specifier, path, line }) => ({
      path,
      line,
      message: `import node:${specifier} instead of ${specifier}`,
    }));

const BUILT_IN_WITHOUT_PREFIX =
  /^(assert|buffer|child_process|crypto|dns|events|fs|http|https|net|os|path|process|readline|stream|timers|tls|url|util|worker_threads|zlib)(\/|$)/;

/** A package of ours is imported by an entry point that its `exports` names. */
export const importsStopAtExports: Rule = (repository) => {
  const ours = new Map(packageManifests(repository).map((manifest) => [manifest.name, manifest]));
  return allImports(repository).flatMap(({ specifier, path, line }) => {
    const manifest = isPackage(specifier) ? ours.get(packageOf(specifier)) : undefined;
    if (manifest === undefined) return [];
    const entryPoint = `.${specifier.slice(manifest.name.length)}`;
    if (manifest.entryPoints.has(entryPoint)) return [];
    const message = `${specifier} is not exported: import an entry point of ${manifest.name}`;
    return [{ path, line, message }];
  });
};

/**
 * A relative import stays in its package, except that tests may use the tools of the repository; from outside, packages
 * are imported by their names.
 */
export const relativeImportsStayInTheirPackage: Rule = (repository) =>
  allImports(repository).flatMap(({ specifier, path, line }) => {
    // Fuzzing tries readers of bytes that are no public names.
    if (!isRelative(specifier) || path.startsWith("fuzz/")) return [];
    const target = resolveRelative(path, specifier);
    if (NEVER_PUBLISHED.test(path) && target.startsWith("tools/")) return [];
    const home = /^packages\/[^/]+\//.exec(path)?.[0];
    const strays = home === undefined ? target.startsWith("packages/") : !target.startsWith(home);
    const message = `${specifier} leaves its package: import the package by its name`;
    return strays ? [{ path, line, message }] : [];
  });

/** Published code never imports tests, examples, benchmarks or the private test tools. */
export const publishedCodeStandsAlone: Rule = (repository) => {
  const manifests = packageManifests(repository);
  const privateNames = new Set(manifests.filter((m) => m.isPrivate).map((m) => m.name));
  return manifests
    .filter((manifest) => !manifest.isPrivate)
    .flatMap((manifest) => importsBelow(repository, `${manifest.folder}/src/`))
    .filter(({ specifier, path }) =>
      isRelative(specifier)
        ? NEVER_PUBLISHED.test(resolveRelative(path, specifier))
        : privateNames.has(packageOf(specifier)),
    )
    .map(({ specifier, path, line }) => ({
      path,
      line,
      message: `published code must not import ${specifier}, which is not published`,
    }));
};

/** All packages carry one version, and name exactly that version when they depend on another. */
export const packagesShareOneVersion: Rule = (repository) => {
  const manifests = packageManifests(repository);
  const names = new Set(manifests.map((manifest) => manifest.name));
  const version = manifests[0]?.version;
  return manifests.flatMap((manifest) => {
    const others = [...manifest.dependencies].filter(([name]) => names.has(name));
    const wrong = others.filter(([, wanted]) => wanted !== version).map(([name]) => name);
    if (manifest.version !== version) wrong.unshift(manifest.name);
    return wrong.map((name) => ({
      path: manifest.path,
      message: `${name} must have version ${version}, like all packages`,
    }));
  });
};

/** Dependencies are pinned to one version; the lock file does not reach those who install us. */
export const versionsAreExact: Rule = (repository) => {
  const root = rootManifest(repository);
  const manifests = [...packageManifests(repository), ...(root === undefined ? [] : [root])];
  return manifests.flatMap((manifest) =>
    [...manifest.dependencies, ...manifest.devDependencies]
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => ({
        path: manifest.path,
        message: `${name} has the range ${version}: name one version`,
      })),
  );
};

/** Every dependency is explained in DEPENDENCIES.md, with the version that is installed. */
export const dependenciesAreExplained: Rule = (repository) => {
  const root = rootManifest(repository);
  const manifests = [...packageManifests(repository), ...(root === undefined ? [] : [root])];
  const ours = new Set(manifests.map((manifest) => manifest.name));
  const rows = (repository.files.get("DEPENDENCIES.md") ?? "").split("\n");
  return manifests.flatMap((manifest) =>
    [manifest.dependencies, manifest.devDependencies, manifest.peerDependencies]
      .flatMap((packages) => [...packages])
      .filter(([name]) => !ours.has(name))
      .filter(([name, version]) => !rows.some((row) => row.startsWith(`| ${name} | ${version} |`)))
      .map(([name, version]) => ({
        path: "DEPENDENCIES.md",
        message: `has no row "| ${name} | ${version} |": say why ${manifest.name} needs it`,
      })),
  );
};

/** What is packed for publishing carries its README and the licence of the repository. */
export const publishedPackagesAreComplete: Rule = (repository) => {
  const licence = repository.files.get("LICENSE");
  return packageManifests(repository)
    .filter((manifest) => !manifest.isPrivate)
    .flatMap((manifest) => {
      const findings: Finding[] = [];
      for (const name of ["README.md", "LICENSE", "api.md"]) {
        const path = `${manifest.folder}/${name}`;
        if (!repository.files.has(path)) findings.push({ path, message: "is missing" });
      }
      for (const name of ["README.md", "LICENSE", "dist", "src"]) {
        if (manifest.publishedFiles.includes(name)) continue;
        findings.push({ path: manifest.path, message: `"files" does not list ${name}` });
      }
      const path = `${manifest.folder}/LICENSE`;
      if (repository.files.get(path) !== licence) {
        findings.push({ path, message: "differs from the LICENSE of the root" });
      }
      return findings;
    });
};

function namesForTests(repository: Repository): ReadonlySet<string> {
  return new Set([
    ...packageManifests(repository).map((manifest) => manifest.name),
    ...(rootManifest(repository)?.devDependencies.keys() ?? []),
  ]);
}

function allImports(repository: Repository): readonly ImportInFile[] {
  return importsBelow(repository, "");
}

function importsBelow(repository: Repository, prefix: string): readonly ImportInFile[] {
  return repository.sources
    .filter(({ path }) => path.startsWith(prefix))
    .flatMap(({ path, imports }) => imports.map((found) => ({ ...found, path })));
}

/** Neither a relative path, nor `#internal`, nor built into Node. */
function isPackage(specifier: string): boolean {
  return /^[@a-z]/.test(specifier) && !specifier.startsWith("node:");
}
