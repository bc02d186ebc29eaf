/**
 * Every method of the builders and factories of MQTTnet 5.2, and what it is here: called and held to what it builds by a
 * test, or missing with a reason. The guide for MQTTnet users is written from it.
 */
import type { BuilderTable } from "./builder-table.ts";
import { MQTTNET_CLIENT_BUILDERS } from "./mqttnet-client-builders.ts";
import { MQTTNET_SERVER_BUILDERS } from "./mqttnet-server-builders.ts";

/** The builders and factories, by their names in MQTTnet. */
export const MQTTNET_BUILDERS: Readonly<Record<string, BuilderTable>> = {
  ...MQTTNET_CLIENT_BUILDERS,
  ...MQTTNET_SERVER_BUILDERS,
};

/** The name of a method here. */
export function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The section of the guide: each builder with its methods, what to know about some, and what is missing. */
export function buildersSection(): string {
  return Object.entries(MQTTNET_BUILDERS)
    .map(([name, { entryPoint, methods }]) => {
      const plain = Object.entries(methods)
        .filter(([, method]) => !("missing" in method) && method.note === undefined)
        .map(([method]) => `\`${camelCase(method)}\``);
      const rows = Object.entries(methods).flatMap(([method, what]) => {
        if ("missing" in what) return [`| \`${method}\` | **not here**: ${what.missing} |`];
        return what.note === undefined ? [] : [`| \`${camelCase(method)}\` | ${what.note} |`];
      });
      const table =
        rows.length === 0 ? "" : `\n\n| method | what to know |\n|---|---|\n${rows.join("\n")}`;
      return `**\`${name}\`** of \`${entryPoint}\`: ${plain.join(", ")}.${table}`;
    })
    .join("\n\n");
}
