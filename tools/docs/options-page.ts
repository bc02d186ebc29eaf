/** Makes `docs/reference/options.md`, and the tables of options in the client's guide, of the declarations of the options. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SERVER_DEFAULTS } from "@anax/server";
import { interfacesIn } from "./declared-interface.ts";
import type { DeclaredField, DeclaredInterface } from "./declared-interface.ts";

const CLIENT = "packages/client/src";
const SERVER = "packages/server/src";

/** What each table of the client is about, by the interface that it lists. */
const CLIENT_TABLES: Readonly<Record<string, string>> = {
  ClientOptions: "`new MqttClient(url, options)` and `connect(url, options)`",
  ServerAddressOptions: "The address in parts, in place of a URL",
  ReconnectOptions: "`reconnect`",
  WillOptions: "`will`",
  TlsOptions: "`tls`",
  WebSocketOptions: "`webSocket`",
  PublishOptions: "`publish`",
  AskOptions: "`request`, beside those of `publish`",
  SubscribeOptions: "`subscribe`",
  TopicFilterOptions: "One filter of `subscribe`",
  UnsubscribeOptions: "`unsubscribe`",
  DisconnectOptions: "`disconnect`",
};

const SERVER_TABLES: Readonly<Record<string, string>> = {
  ServerParts: "`new MqttServer(options)`: its parts",
  CoreOptions: "`new MqttServer(options)`: limits and choices of the protocol",
  DriverSettings: "`new MqttServer(options)`: limits of the driver and the store",
  TcpListenerOptions: "A listener of type `tcp`",
  TlsListenerOptions: "A listener of type `tls`",
  WebSocketListenerOptions: "A listener of type `websocket`",
  AttachedWebSocketListenerOptions: "A listener of type `websocket` on an HTTP server of yours",
  UnixListenerOptions: "A listener of type `unix`",
  StopOptions: "`stop`",
};

/** Interfaces that the client's guide lists as well. */
const IN_GUIDE = ["ClientOptions", "ReconnectOptions", "TlsOptions", "WebSocketOptions"];

/** The page. @param root of the repository */
export function optionsPage(root: string): string {
  const server = sections(declared(root, SERVER), SERVER_TABLES);
  const client = sections(declared(root, CLIENT), CLIENT_TABLES);
  return `${INTRODUCTION}\n## Server\n\n${server}\n## Client\n\n${client}`;
}

/** The tables of the client's guide, by the interface that they list. @param root of the repository */
export function clientOptionTables(root: string): Readonly<Record<string, string>> {
  const interfaces = declared(root, CLIENT);
  return Object.fromEntries(IN_GUIDE.map((name) => [name, table(name, interfaces)]));
}

type Interfaces = ReadonlyMap<string, DeclaredInterface>;

/** Those of all files of a package. */
function declared(root: string, folder: string): Interfaces {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const all = paths
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => interfacesIn(readFileSync(join(root, folder, path), "utf8")));
  return new Map(all.map((one) => [one.name, one]));
}

function sections(interfaces: Interfaces, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables)
    .map(([name, title]) => `### ${title}\n\n${table(name, interfaces)}\n`)
    .join("\n");
}

function table(name: string, interfaces: Interfaces): string {
  const fields = fieldsOf(name, interfaces);
  if (fields.length === 0) throw new Error(`${name} has no fields: is it declared elsewhere?`);
  return ["| option | meaning |", "| --- | --- |", ...fields.map(row)].join("\n");
}

function row({ name, comment, type }: DeclaredField): string {
  const meaning = comment === "" ? `\`${type}\`` : comment;
  const value: unknown = Object.entries(SERVER_DEFAULTS).find(([key]) => key === name)?.[1];
  const isSaid = /Default/.test(meaning) || value === undefined;
  const text = JSON.stringify(value);
  const shown = `${meaning}${isSaid ? "" : ` Default: \`${text}\`.`}`;
  return `| \`${name}\` | ${shown.replaceAll("|", "\\|")} |`;
}

/** The fields of an interface, and those that it extends; each once. */
function fieldsOf(name: string, interfaces: Interfaces): readonly DeclaredField[] {
  const one = interfaces.get(name);
  const extended = (one?.extended ?? []).flatMap((base) => fieldsOf(base, interfaces));
  const own = one?.fields ?? [];
  const names = new Set(own.map((field) => field.name));
  return [...own, ...extended.filter((field) => !names.has(field.name))];
}

const INTRODUCTION = `# Options

<!-- Written by \`npm run docs\` from the declarations in the sources. Not to be edited. -->

Every option may be left out. \`undefined\` and, from JSON, \`null\` count as absent. One that is misspelt, of a wrong type or
out of its range is refused with \`MqttConfigurationError\`, which names the option, its value and the limit. The flags of
the command are in [the command's reference](cli.md); what the limits are for is in [the guide of limits](../guide/limits.md).
`;
