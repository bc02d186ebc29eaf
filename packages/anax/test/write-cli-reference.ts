/** Writes docs/reference/cli.md and config.schema.json: `npm run reference -w anax`. */
import { writeFileSync } from "node:fs";
import { schemaText } from "../src/commands/config.ts";
import { cliReference, REFERENCE_PATH, SCHEMA_PATH } from "./support/cli-reference.ts";

writeFileSync(REFERENCE_PATH, await cliReference());
writeFileSync(SCHEMA_PATH, schemaText());
