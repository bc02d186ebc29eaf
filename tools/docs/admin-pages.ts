/** The reference of the admin API and of its metrics, made of the same tables that serve them. */
import { METRICS, openApi } from "@anax/admin";

const WRITTEN =
  "Written by `npm run docs` from the tables in `packages/admin/src`. Not to be edited.";

interface Operation {
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Shape;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

type Content = Readonly<Record<string, { readonly schema: Shape }>>;

/** docs/reference/admin-api.md. */
export function adminApiPage(): string {
  const { paths } = openApi("") as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, one]) => section(path, method, one)),
  );
  return [
    `# The admin API\n\n${WRITTEN}`,
    'Requests need `Authorization: Bearer <token>`, but for `/health/live`, `/health/ready` and `/api/v1/openapi.json`, which is this page for programs. `/metrics` is listed in [metrics](metrics.md). What is wrong is answered with `{ "error": "…" }` and 400, 401, 403, 404, 413 or 503. Times are milliseconds since 1970.',
    ...sections,
  ]
    .join("\n\n")
    .concat("\n");
}

function section(path: string, method: string, one: Operation): string {
  const { summary, description, parameters, requestBody, responses } = one;
  const parts = [`## ${method.toUpperCase()} ${path}\n\n${summary}. ${description}.`];
  if (parameters.length > 0) {
    const rows = parameters.map(
      ({ name, in: place, required, schema }) =>
        `| \`${name}\` | ${place}${required ? "" : ", optional"} | ${about(schema)} |`,
    );
    parts.push(["| parameter | where | what |", "|---|---|---|", ...rows].join("\n"));
  }
  const body = requestBody?.content["application/json"]?.schema;
  if (body !== undefined) parts.push(`Body:\n\n${fields(body)}`);
  const [[mediaType, answer] = []] = Object.entries(responses["200"]?.content ?? {});
  if (answer === undefined) parts.push("Answers 204.");
  else if (mediaType === "text/event-stream")
    parts.push(
      `Answers \`${mediaType}\`, whose events have JSON as data:\n\n${events(answer.schema)}`,
    );
  else parts.push(`Answers:\n\n${fields(answer.schema)}`);
  return parts.join("\n\n");
}

function fields(schema: Shape): string {
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const optional = schema.required?.includes(name) === true ? "" : ", optional";
    const own = `| \`${name}\` | ${one.type ?? ""}${optional} | ${about(one)} |`;
    const inner = Object.entries(one.items?.properties ?? {}).map(
      ([part, { type = "", ...rest }]) => `| \`${name}[].${part}\` | ${type} | ${about(rest)} |`,
    );
    return [own, ...inner];
  });
  return ["| field | type | what |", "|---|---|---|", ...rows].join("\n");
}

function events({ properties = {} }: Shape): string {
  const rows = Object.entries(properties).map(([name, one]) => `| \`${name}\` | ${about(one)} |`);
  return ["| event | data |", "|---|---|", ...rows].join("\n");
}

function about({ description = "" }: Shape): string {
  return description;
}

/** docs/reference/metrics.md. */
export function metricsPage(): string {
  const rows = METRICS.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`);
  return [
    `# Metrics\n\n${WRITTEN}`,
    "`/metrics` of the admin API gives them in the text format of Prometheus. Names ending in `_total` only grow; they begin at 0 with the server.",
    ["| metric | type | what it is |", "|---|---|---|", ...rows].join("\n"),
  ]
    .join("\n\n")
    .concat("\n");
}
