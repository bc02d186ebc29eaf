/**
 * A configuration file: YAML, or JSON, which is YAML too. Its keys are the flags of a command without the dashes. Whatever
 * is wrong in it is one line that names the file and the line.
 */
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { UsageError } from "../errors.ts";
import { valueOf } from "./yaml-value.ts";
import type { Flag, FlagTable } from "../flags/flag.ts";
import { longName } from "../flags/flag.ts";
import { nearest } from "../flags/suggestion.ts";
import { readNamedText } from "../read-file.ts";
import { withEnvironment } from "./environment-references.ts";
import type { Environment, SettingSource, Use } from "./setting-source.ts";

/** What is written in a file, and where. */
interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly line: number;
}

/** A flag whose values are maps in a file: the table of their keys. */
export interface MapFlag extends Flag<unknown> {
  readonly entries?: FlagTable<Record<string, unknown>>;
}

/** Reads a file. Throws `CommandError` if it cannot be read, `UsageError` for what is wrong in it. */
export function readConfigurationFile(
  path: string,
  table: Readonly<Record<string, MapFlag>>,
  environment: Environment,
): SettingSource {
  return configurationSource({ path, text: readNamedText(path) }, table, environment);
}

/** The same for a text that was read already; `path` is for messages. Without `environment`, `${NAME}` is text. */
export function configurationSource(
  { path, text }: { readonly path: string; readonly text: string },
  table: Readonly<Record<string, MapFlag>>,
  environment?: Environment,
): SettingSource {
  const reader = new FileReader(path, text, environment);
  const uses = new Map<string, readonly Use[]>();
  for (const setting of reader.settings()) {
    const [name, flag] = reader.flagOf(setting, table);
    if (uses.has(name)) throw reader.wrong(setting.line, `${setting.key} is given twice`);
    uses.set(name, reader.usesOf(setting, flag));
  }
  return { uses: (name) => uses.get(name) ?? [] };
}

class FileReader {
  readonly #path: string;
  readonly #environment: Environment | undefined;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(path: string, text: string, environment: Environment | undefined) {
    this.#path = path;
    this.#environment = environment;
    this.#document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: true });
    const [error] = this.#document.errors;
    if (error === undefined) return;
    const [reason = "it is not YAML"] = error.message.split(" at line");
    throw this.wrong(this.#lines.linePos(error.pos[0]).line, reason);
  }

  /** The keys of the file, in order. An empty file has none. */
  settings(): readonly Setting[] {
    const { contents } = this.#document;
    if (contents === null || (isScalar(contents) && contents.value === null)) return [];
    if (isMap(contents)) return this.#settingsOf(contents);
    throw this.wrong(1, "keys and values are expected, such as port: 1883");
  }

  #settingsOf(map: YAMLMap): Setting[] {
    return map.items.map((pair) => this.#settingOf(pair));
  }

  #settingOf({ key, value }: Pair): Setting {
    const line = this.#lineOf(key);
    if (!isScalar(key)) throw this.wrong(line, "a key is expected, such as port");
    return { key: String(key.value), value, line };
  }

  flagOf(
    { key, line }: Setting,
    table: Readonly<Record<string, MapFlag>>,
  ): [name: string, flag: MapFlag] {
    for (const [name, flag] of Object.entries(table)) {
      if (longName(name) === key || flag.aliases?.includes(key) === true) return [name, flag];
    }
    const known = Object.keys(table).map(longName);
    const meant = nearest(longName(key).replaceAll("_", "-"), known);
    const suggestion = meant === undefined ? "" : `; did you mean ${meant}?`;
    throw this.wrong(line, `there is no key ${key}${suggestion}`);
  }

  usesOf(setting: Setting, flag: MapFlag): Use[] {
    const { key, value, line } = setting;
    if (isScalar(value) && value.value === null) {
      throw this.wrong(line, `${key} has no value; leave it out instead`);
    }
    if (flag.repeatable === true && isSeq(value)) {
      return value.items.map((item) =>
        this.#useOf({ key, value: item, line: this.#lineOf(item) }, flag),
      );
    }
    if (flag.placeholder !== undefined) return [this.#useOf(setting, flag)];
    const isOn = isScalar(value) ? value.value : undefined;
    if (typeof isOn !== "boolean") {
      throw this.wrong(line, `${key} ${this.#shown(value)} is not true or false`);
    }
    return isOn ? [{ writtenName: this.#at(line, key), words: [] }] : [];
  }

  #useOf({ key, value, line }: Setting, flag: MapFlag): Use {
    const writtenName = this.#at(line, key);
    if (flag.entries !== undefined) {
      return {
        writtenName,
        words: [JSON.stringify(this.#entriesOf(key, value, line, flag.entries))],
      };
    }
    if (isScalar(value)) {
      const word = this.#text(value, line, key, flag.schema?.["type"] === "integer");
      // Read for the sake of its error, which is to name the line.
      flag.read([[word]], writtenName);
      return { writtenName, words: [word] };
    }
    const expected = flag.repeatable === true ? "a value or a list of them" : "a single value";
    throw this.wrong(line, `${key} ${this.#shown(value)} is not ${expected}`);
  }

  /** Checks the keys of a map here, where their lines are known; what reads it again finds nothing wrong. */
  #entriesOf(
    key: string,
    value: unknown,
    line: number,
    table: FlagTable<Record<string, unknown>>,
  ): Record<string, unknown> {
    if (!isMap(value))
      throw this.wrong(line, `${key} ${this.#shown(value)} is not a map of keys and values`);
    const entries: Record<string, unknown> = {};
    for (const setting of this.#settingsOf(value)) {
      const [name, flag] = this.flagOf(setting, table);
      const uses = this.usesOf(setting, flag);
      const writtenName = this.#at(setting.line, setting.key);
      flag.read(
        uses.map(({ words }) => words),
        writtenName,
      );
      const [first] = uses;
      if (flag.placeholder === undefined) entries[longName(name)] = first !== undefined;
      else if (flag.repeatable === true)
        entries[longName(name)] = uses.map(({ words }) => words[0]);
      else entries[longName(name)] = first?.words[0];
    }
    return entries;
  }

  /** A number in the place of a text, such as a password, is the text that it is written as: 007 is not 7. */
  #text({ value, source }: Scalar, line: number, key: string, isNumber: boolean): string {
    if (typeof value === "string") {
      if (this.#environment === undefined) return value;
      try {
        return withEnvironment(value, this.#environment);
      } catch (error) {
        throw this.wrong(line, `${key}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (typeof value === "number" || typeof value === "boolean")
      return isNumber ? String(value) : (source ?? String(value));
    throw this.wrong(line, `${key} ${JSON.stringify(value)} is not a text or a number`);
  }

  #shown(value: unknown): string {
    const shown = isNode(value)
      ? valueOf(value, this.#document, `${this.#path}:${this.#lineOf(value)}`)
      : value;
    const text = JSON.stringify(shown) ?? "";
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  }

  #lineOf(node: unknown): number {
    const [start = 0] = (isNode(node) && node.range) || [];
    return this.#lines.linePos(start).line;
  }

  #at(line: number, key: string): string {
    return `${this.#path}:${line}: ${key}`;
  }

  wrong(line: number, reason: string): UsageError {
    return new UsageError(`${this.#path}:${line}: ${reason}`);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "range" in value;
}
