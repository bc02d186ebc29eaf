/** Documents may only tell commands that can be run: scripts of a manifest, programs that are there. */
import { posix } from "node:path";
import { lineAt } from "./code-text.ts";
import type { Finding, Repository, Rule } from "./repository.ts";

const CHANGES = "CHANGELOG.md";

/**
 * `npm run x` and `npm run x -w anax` name scripts, and `npx tsx a/b.ts` a file, if it names a folder: one without is the
 * reader's own. What changed once may name what is gone since.
 */
export const commandsExist: Rule = (repository) =>
  [...repository.files]
    .filter(([path]) => path.endsWith(".md") && path !== CHANGES)
    .flatMap(([path, text]) => [
      ...missingScripts(repository, path, text),
      ...missingPrograms(repository, path, text),
    ]);

function missingScripts(repository: Repository, path: string, text: string): readonly Finding[] {
  return [...text.matchAll(/\bnpm run ([\w:-]+)(?: -w ([\w-]+))?/g)].flatMap((command) => {
    const [, script = "", workspace] = command;
    const manifest =
      workspace === undefined ? "package.json" : `packages/${workspace}/package.json`;
    if (hasScript(repository.files.get(manifest), script)) return [];
    const message = `there is no script ${script} in ${manifest}`;
    return [{ path, line: lineAt(text, command.index), message }];
  });
}

function hasScript(manifest: string | undefined, script: string): boolean {
  const { scripts = {} } = JSON.parse(manifest ?? "{}") as { scripts?: Record<string, string> };
  return Object.hasOwn(scripts, script);
}

function missingPrograms({ files }: Repository, path: string, text: string): readonly Finding[] {
  return [...text.matchAll(/\btsx (?:--\S+ )*([\w.-]+\/[\w./-]+\.ts)\b/g)].flatMap((command) => {
    const program = posix.normalize(command[1] ?? "");
    if (files.has(program)) return [];
    return [{ path, line: lineAt(text, command.index), message: `there is no ${program}` }];
  });
}
