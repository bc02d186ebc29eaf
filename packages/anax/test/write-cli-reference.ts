/** Writes docs/reference/cli.md, docs/reference/config.md and config.schema.json: `npm run reference -w anax`. */
import { writeFileSync } from "node:fs";
import { schemaText } from "../src/commands/config.ts";
import { configReference, CONFIG_REFERENCE_PATH } from "./support/config-reference.ts";
import { cliReference, REFERENCE_PATH, SCHEMA_PATH } from "./support/cli-reference.ts";

writeFileSync(REFERENCE_PATH, await cliReference());
writeFileSync(CONFIG_REFERENCE_PATH, configReference());
writeFileSync(SCHEMA_PATH, schemaText());
