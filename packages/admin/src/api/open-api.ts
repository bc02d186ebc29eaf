/** The description of the API, OpenAPI 3.1, made of the table of routes. */
import type { TObject, TSchema } from "@sinclair/typebox";
import { ROUTES } from "./routes.ts";
import type { Route } from "./route.ts";
import { ERROR } from "./schemas.ts";

/** Where the routes are. */
export const API_PREFIX = "/api/v1";

/** The whole description. `version` is that of the server. */
export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) {
    (paths[`${API_PREFIX}${route.url}`] ??= {})[route.method] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Anax admin API", version },
    security: [{ token: [] }],
    paths,
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  };
}

function operation(route: Route): object {
  const { summary, role, path, query, body, response, responseType, method, url, isChange } = route;
  const hasBody = "properties" in body;
  return {
    summary,
    operationId: `${method}${url.replace(/[^a-zA-Z]+(\w)?/g, (_all, letter: string = "") => letter.toUpperCase())}`,
    description: `Role: ${role}`,
    parameters: [...parameters(path, "path"), ...parameters(query, "query")],
    ...(hasBody && { requestBody: { required: true, content: content(body) } }),
    responses: {
      ...(response === undefined
        ? { 204: { description: "done" } }
        : { 200: { description: "done", content: content(response, responseType) } }),
      400: problem("something in the request is wrong"),
      401: problem("there is no token, or it is not known"),
      403: problem("the token's role may not do this"),
      404: problem("there is none"),
      ...(isChange && { 409: problem("it cannot be done as things are; nothing was changed") }),
    },
  };
}

function parameters({ properties, required = [] }: TObject, place: "path" | "query"): object[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema,
  }));
}

function problem(description: string): object {
  return { description, content: content(ERROR) };
}

function content(schema: TSchema, mediaType = "application/json"): object {
  return { [mediaType]: { schema } };
}
