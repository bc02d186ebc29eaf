/** Writes docs/reference/cli.md: `npm run reference -w anax`. */
import { writeFileSync } from "node:fs";
import { cliReference, REFERENCE_PATH } from "./support/cli-reference.ts";

writeFileSync(REFERENCE_PATH, await cliReference());
