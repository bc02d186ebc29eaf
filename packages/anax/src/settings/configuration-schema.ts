/** The JSON Schema of a configuration file, made of the tables of flags, so that editors can complete and check it. */
import type { Flag } from "../flags/flag.ts";
import { longName } from "../flags/flag.ts";
import type { JsonSchema } from "../flags/value-parser.ts";
import type { MapFlag } from "./configuration-file.ts";

/** Where `npm` serves the schema of the published package. */
const SCHEMA_ID = "https://unpkg.com/anax/config.schema.json";

/** JSON Schema of a map with known keys. */
export type MapSchema = JsonSchema & { readonly properties: Readonly<Record<string, JsonSchema>> };

/** The schema of a file whose keys are the flags of `table`, without those of `omitted`. */
export function configurationSchema(
  table: Readonly<Record<string, MapFlag>>,
  omitted: readonly string[],
): MapSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: SCHEMA_ID,
    title: "Configuration of anax serve",
    ...mapSchema(table, omitted),
  };
}

function mapSchema(
  table: Readonly<Record<string, MapFlag>>,
  omitted: readonly string[] = [],
): MapSchema {
  const flags = Object.entries(table).filter(([name]) => !omitted.includes(name));
  const properties = flags.flatMap(([name, flag]): [string, JsonSchema][] => {
    const schema = flagSchema(flag);
    return [longName(name), ...(flag.aliases ?? [])].map((key) => [key, schema]);
  });
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  };
}

function flagSchema(flag: MapFlag): JsonSchema {
  const description = explained(flag);
  if (flag.placeholder === undefined) return { type: "boolean", description };
  const one =
    flag.entries === undefined ? withReferences(flag.schema ?? {}) : mapSchema(flag.entries);
  if (flag.repeatable !== true) return { ...one, description };
  return { description, anyOf: [one, { type: "array", items: one }] };
}

function explained({ help, defaultText }: Flag<unknown>): string {
  return defaultText === undefined ? help : `${help} (default ${defaultText})`;
}

/** Instead of its value, each may be an environment variable. */
function withReferences(schema: JsonSchema): JsonSchema {
  const isText = schema["type"] === "string" && schema["pattern"] === undefined;
  if (isText) return schema;
  return { anyOf: [schema, { type: "string", pattern: "\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}" }] };
}
