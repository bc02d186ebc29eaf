/** `anax config`: checks, prints and translates the configuration of `anax serve`. */
import { MqttServer } from "@anax/server";
import { stringify } from "yaml";
import { readAccessRules } from "../access/read-access-rules.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { EXIT_CODE, UsageError } from "../errors.ts";
import type { Flag, FlagTable } from "../flags/flag.ts";
import { longName } from "../flags/flag.ts";
import { parseFlags } from "../flags/parse-flags.ts";
import type { Io } from "../io.ts";
import { readNamedText } from "../read-file.ts";
import { SECRET_KEYS } from "../authenticating/authenticator-flag.ts";
import { makeAuthenticators } from "../authenticating/make-authenticators.ts";
import { authenticationOptions } from "../serving/authentication-options.ts";
import { CommandAuthenticator } from "../serving/command-authenticator.ts";
import { listenerSettings } from "../serving/listener-settings.ts";
import { Listeners } from "../serving/listeners.ts";
import type { ServeFlags } from "../serving/serve-flags.ts";
import { LISTEN_NAMES, SERVE_FLAGS } from "../serving/serve-flags.ts";
import { serveSources } from "../serving/serve-sources.ts";
import { limitOptions, systemTopicOptions } from "../serving/server-options.ts";
import { requireUse } from "../serving/useless-flags.ts";
import type { MapSchema } from "../settings/configuration-schema.ts";
import { readConfigurationFile } from "../settings/configuration-file.ts";
import { configurationSchema } from "../settings/configuration-schema.ts";
import { fromMosquitto } from "../settings/mosquitto-configuration.ts";
import type { Use } from "../settings/setting-source.ts";
import { suggestionOf } from "../flags/suggestion.ts";

const NO_FLAGS: FlagTable<object> = {};

const ACTIONS = ["check", "print", "schema", "from-mosquitto"];

/** `anax config`. */
export const config: Command = defineCommand<object>({
  name: "config",
  summary: "check, print and translate the configuration of anax serve",
  usage: [
    "anax config check anax.yaml",
    "anax config print anax.yaml",
    "anax config schema > anax.schema.json",
    "anax config from-mosquitto /etc/mosquitto/mosquitto.conf > anax.yaml",
  ],
  flags: NO_FLAGS,
  positionalsMax: 2,
  notes: [
    {
      title: "What each does",
      lines: [
        "check           reads the file, and the files that it names, and says `ok` or what is wrong, with the line",
        "print           prints every setting as it would be in force: of the file, of ANAX_… variables and the",
        "                defaults; passwords are not shown. Without a file: variables and defaults",
        "schema          prints the JSON Schema of the file; it is also in the package, config.schema.json",
        "from-mosquitto  prints what a mosquitto.conf says as a file for `anax serve --config`; what has no",
        "                counterpart is named on standard error, with its line",
      ],
    },
    {
      title: "Exit codes",
      lines: [
        "0  done",
        "1  a file cannot be read",
        "2  something is wrong in the file or on the command line",
      ],
    },
  ],
  run: runConfig,
});

async function runConfig(
  _flags: object,
  io: Io,
  [action, path, ...more]: readonly string[],
): Promise<number> {
  switch (action) {
    case "check":
      return check(required(path, "check"), io);
    case "print":
      return print(path, io);
    case "schema":
      io.stdout.write(schemaText());
      return EXIT_CODE.success;
    case "from-mosquitto":
      return translate(required(path, "from-mosquitto"), io);
    case undefined:
      throw new UsageError(`say what to do: ${ACTIONS.join(", ")}`);
    default:
      throw new UsageError(
        `${JSON.stringify([action, ...more].join(" "))} is unknown; ${suggestionOf(action, ACTIONS)}`,
      );
  }
}

/** The schema that is published in the package. */
export function serveSchema(): MapSchema {
  return configurationSchema(SERVE_FLAGS, ["config"]);
}

/** It as a file: a line for each key, which shows what a change has changed. */
export function schemaText(): string {
  const { properties, ...rest } = serveSchema();
  const keys = Object.entries(properties).map(
    ([key, schema]) => `    ${JSON.stringify(key)}: ${JSON.stringify(schema)}`,
  );
  const head = JSON.stringify(rest, undefined, 2).replace(/\n}$/, "");
  return `${head},\n  "properties": {\n${keys.join(",\n")}\n  }\n}\n`;
}

function required(path: string | undefined, action: string): string {
  if (path !== undefined) return path;
  throw new UsageError(`say which file: anax config ${action} FILE`);
}

function settingsOf(path: string | undefined, io: Io): ServeFlags {
  const args = path === undefined ? [] : ["--config", path];
  return parseFlags(args, SERVE_FLAGS, (given) => serveSources(given, io.environment)).values;
}

/** Does what `anax serve` does before it listens. */
async function check(path: string, io: Io): Promise<number> {
  const flags = settingsOf(path, io);
  requireUse(flags);
  const listeners = new Listeners(listenerSettings(flags), flags.maxPacketSize);
  const users = new CommandAuthenticator(flags);
  await users.load();
  const others = makeAuthenticators(flags.authenticator, () => undefined);
  for (const [index, { keyUrl }] of flags.authenticator.entries())
    if (keyUrl === undefined) await others[index]?.load?.();
  const server = new MqttServer({
    accessRules: readAccessRules(flags),
    ...authenticationOptions(flags, users, others),
    ...limitOptions(flags),
    ...systemTopicOptions(flags),
    listeners: listeners.options,
  });
  const { listener } = SERVE_FLAGS;
  const written = readConfigurationFile(path, SERVE_FLAGS, io.environment).uses(
    "listener",
    listener,
  );
  requireDifferentPlaces(flags, path, written);
  await server.stop();
  io.stdout.write(`${path}: ok\n`);
  return EXIT_CODE.success;
}

/** Two listeners at one place would be found out only when the second one starts. `written`: those of the list in the file. */
function requireDifferentPlaces(flags: ServeFlags, path: string, written: readonly Use[]): void {
  const places = listenerSettings(flags).map(({ type, host, port, path: file }) =>
    type === "unix" ? `unix ${file}` : `${host ?? "127.0.0.1"}:${port ?? type}`,
  );
  const twice = places.findIndex(
    (place, index) => !place.endsWith(":0") && places.indexOf(place) < index,
  );
  if (twice < 0) return;
  const where = written.length === places.length ? written[twice]?.writtenName : undefined;
  throw new UsageError(`${where ?? path}: two listeners at ${places[twice]}`);
}

const HIDDEN = "(hidden)";

/** Keys whose values are written otherwise in a file than they are kept. */
const SHOWN: ReadonlyMap<string, (value: unknown) => unknown> = new Map<
  string,
  (value: unknown) => unknown
>([
  // A key of the service may stand behind it.
  ["url", (value) => String(value).replace(/\?.*/s, `?${HIDDEN}`)],
  ["keyUrl", (value) => String(value).replace(/\?.*/s, `?${HIDDEN}`)],
  ["userName", (value) => longName(String(value))],
  ["queueOverflow", (value) => longName(String(value))],
  ["field", (value) => (Array.isArray(value) ? value.map((pair: string[]) => pair.join("=")) : [])],
  ["unixMode", (value) => Number(value).toString(8)],
  ["mode", (value) => Number(value).toString(8)],
]);

/** What a list is called in a file. */
const PLURALS: ReadonlyMap<string, string> = new Map([
  ["listener", "listeners"],
  ["authenticator", "authenticators"],
]);

function print(path: string | undefined, io: Io): number {
  const flags = settingsOf(path, io);
  const settings: Record<string, unknown> = {};
  const table = new Map<string, Flag<unknown>>(Object.entries(SERVE_FLAGS));
  // What is printed is a file again, and whole listeners take the place of all that says where to listen.
  const withoutUse = flags.listener.length > 0 ? LISTEN_NAMES : ["listener"];
  for (const [name, value] of Object.entries(flags)) {
    if (name === "config" || !table.has(name) || withoutUse.includes(name)) continue;
    settings[PLURALS.get(name) ?? longName(name)] = shown(name, value);
  }
  io.stdout.write(stringify(settings));
  return EXIT_CODE.success;
}

function shown(name: string, value: unknown): unknown {
  const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
  if (SECRET_KEYS.has(name) && !isEmpty) return HIDDEN;
  const written = SHOWN.get(name);
  if (written !== undefined && !isEmpty) return written(value);
  if (name === "user" && Array.isArray(value)) {
    return value.map(({ userName }: { userName: string }) => `${userName}:${HIDDEN}`);
  }
  if (Array.isArray(value)) return value.map((one) => shown("", one));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => !isAbsent(one));
  return Object.fromEntries(entries.map(([key, one]) => [longName(key), shown(key, one)]));
}

/** Keys of a map that say nothing; most are of another type of listener or authenticator. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === false || (Array.isArray(value) && value.length === 0);
}

function translate(path: string, io: Io): number {
  const { settings, remarks } = fromMosquitto(readNamedText(path));
  io.stdout.write(stringify(settings));
  for (const { line, text } of remarks) io.stderr.write(`${path}:${line}: ${text}\n`);
  return EXIT_CODE.success;
}
