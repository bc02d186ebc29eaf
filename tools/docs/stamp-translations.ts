/** Stamps translations as up to date with their originals, after they have been translated: `npm run translations`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../tidy.ts";
import { TRANSLATIONS, stamped } from "./translations.ts";

const root = repositoryRoot();
for (const path of Object.keys(TRANSLATIONS)) writeFileSync(join(root, path), stamped(root, path));
