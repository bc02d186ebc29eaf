/** Writes every generated page: `npm run docs`. With `check` it says which ones are out of date, and writes none. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../tidy.ts";
import { GENERATED_PAGES } from "./pages.ts";

const root = repositoryRoot();
const isCheck = process.argv[2] === "check";
for (const [path, page] of Object.entries(GENERATED_PAGES)) {
  const file = join(root, path);
  if (!isCheck) writeFileSync(file, page(root));
  else if (readFileSync(file, "utf8") !== page(root)) {
    process.stderr.write(`${path} is out of date: run \`npm run docs\`\n`);
    process.exitCode = 1;
  }
}
