/**
 * The rules of this repository that neither the compiler nor the linter knows, as one command
 * (`npm run tidy`) and as a test (`tools/test/tidy.test.ts`).
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as documentCommands from "./tidy/document-commands.ts";
import * as documentRules from "./tidy/document-rules.ts";
import * as layerRules from "./tidy/layer-rules.ts";
import * as packageRules from "./tidy/package-rules.ts";
import type { Finding, Rule } from "./tidy/repository.ts";
import { findingText, readRepository } from "./tidy/repository.ts";
import * as textRules from "./tidy/text-rules.ts";
import * as wordRules from "./tidy/word-rules.ts";

/** Every rule, by its name: what the rule files export is a rule. */
export const RULES: ReadonlyMap<string, Rule> = new Map(
  [packageRules, layerRules, wordRules, textRules, documentRules, documentCommands].flatMap(
    (rules) => Object.entries(rules),
  ),
);

export function repositoryRoot(): string {
  return dirname(dirname(fileURLToPath(import.meta.url)));
}

function main(): void {
  const repository = readRepository(repositoryRoot());
  const findings: Finding[] = [...RULES.values()].flatMap((rule) => [...rule(repository)]);
  for (const finding of findings) console.log(findingText(finding));
  console.log(`tidy: ${findings.length} findings by ${RULES.size} rules`);
  if (findings.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
