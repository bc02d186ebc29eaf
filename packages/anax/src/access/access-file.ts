/**
 * A file of access rules, in YAML or JSON. Whatever is wrong in it is one line that names the file and the line; of JSON, the number of the rule.
 */
import type { AccessRule, AccessRules } from "@anax/server";
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Node, YAMLMap } from "yaml";
import { UsageError } from "../errors.ts";
import { suggestionOf } from "../flags/suggestion.ts";
import { valueOf } from "../settings/yaml-value.ts";
import { readPlainList } from "./plain-list.ts";

/** A file as it was read. */
export interface NamedText {
  readonly path: string;
  readonly text: string;
}

/** Keys of a rule in a file, and what they are called in `AccessRule`. */
const RULE_KEYS: Readonly<Record<string, keyof AccessRule>> = {
  allow: "allow",
  deny: "deny",
  topics: "topics",
  user: "user",
  anonymous: "anonymous",
  group: "group",
  client: "client",
  address: "address",
  listener: "listener",
  "max-qos": "maximumQos",
  retain: "retain",
};

/** Values that are texts, though they look like numbers. */
const TEXT_KEYS: ReadonlySet<string> = new Set(["user", "group", "client", "listener", "topics"]);

const FILE_KEYS = ["groups", "subscriptions", "rules"];

/** One thing that is written in a file. */
export interface Entry {
  readonly value: Readonly<Record<string, unknown>>;
  /** Where it is: "access.yaml:12". */
  readonly source: string;
}

/** @throws UsageError that names the place of what is wrong */
export function accessRulesOf(file: NamedText): AccessRules {
  const { others, entries } = file.path.endsWith(".json")
    ? readJson(file, "rules")
    : readYaml(file, "rules");
  requireKeys(others.value, FILE_KEYS, others.source);
  const { groups, subscriptions } = others.value;
  const isChoice =
    subscriptions === undefined || subscriptions === "refuse" || subscriptions === "narrow";
  if (!isChoice) throw new UsageError(`${others.source}: subscriptions is not refuse or narrow`);
  const rules = entries.map(ruleOf);
  return {
    rules,
    ...(groups !== undefined && { groups: groupsOf(groups, others.source) }),
    ...(subscriptions !== undefined && { subscriptions }),
  };
}

function groupsOf(groups: unknown, source: string): Record<string, readonly string[]> {
  if (typeof groups !== "object" || groups === null || Array.isArray(groups))
    throw new UsageError(`${source}: groups is not a map of names and lists of users`);
  const lists: [string, readonly string[]][] = Object.entries(groups).map(([name, users]) => {
    const all: readonly unknown[] = Array.isArray(users) ? users : [users];
    return [
      name,
      all.map((user) => (typeof user === "number" ? String(user) : textOf(user, name, source))),
    ];
  });
  return Object.fromEntries(lists);
}

function textOf(value: unknown, key: string, source: string): string {
  if (typeof value === "string") return value;
  throw new UsageError(`${source}: ${key} ${JSON.stringify(value)} is not a text`);
}

/** What the server checks further: it names the source. */
function ruleOf({ value, source }: Entry): AccessRule {
  requireKeys(value, Object.keys(RULE_KEYS), source);
  const rule: Record<string, unknown> = { source };
  for (const [key, given] of Object.entries(value)) {
    const name = RULE_KEYS[key] ?? key;
    rule[name] = TEXT_KEYS.has(key) ? asTexts(given) : given;
  }
  // The server holds each field to its rule.
  return rule as unknown as AccessRule;
}

function asTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asTexts);
  return typeof value === "number" ? String(value) : value;
}

/** @throws UsageError for a key that is not known, with what may have been meant */
export function requireKeys(value: object, known: readonly string[], source: string): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    throw new UsageError(`${source}: there is no key ${key}; ${suggestionOf(key, known)}`);
  }
}

/** A map of which one key has a list of maps; those are `entries`, with their places. */
export interface ListFile {
  readonly others: Entry;
  readonly entries: readonly Entry[];
}

function readJson({ path, text }: NamedText, key: string): ListFile {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof whole !== "object" || whole === null || Array.isArray(whole))
    throw new UsageError(`${path}: an object with ${key} is expected`);
  const { [key]: list = [], ...others }: Record<string, unknown> = { ...whole };
  if (!Array.isArray(list)) throw new UsageError(`${path}: ${key} is not a list`);
  const entries = list.map((one: unknown, index): Entry => {
    const source = `${path}: ${key}[${index}]`;
    if (typeof one === "object" && one !== null) return { value: { ...one }, source };
    throw new UsageError(`${source}: ${JSON.stringify(one)} is no object`);
  });
  return { others: { value: others, source: path }, entries };
}

/** @throws UsageError for what is not YAML, or no map with such a list */
export function readYaml(file: NamedText, key: string): ListFile {
  const { path, text } = file;
  const plain = readPlainList(text, key);
  const rest = plain && restOf({ path, text: plain.rest }, key);
  if (plain === undefined || rest === undefined) return readAnyYaml(file, key);
  const entries = plain.entries.map(({ value, line }) => ({ value, source: `${path}:${line}` }));
  return { others: rest.others, entries };
}

/** Undefined for what is wrong: then the whole says so. */
function restOf(file: NamedText, key: string): ListFile | undefined {
  try {
    return readAnyYaml(file, key);
  } catch {
    return undefined;
  }
}

/** The same by the library, for all that YAML can be. */
export function readAnyYaml({ path, text }: NamedText, key: string): ListFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number): string => `${path}:${lines.linePos(offset).line}`;
  const [error] = document.errors;
  if (error !== undefined) {
    const [reason = "it is not YAML"] = error.message.split(" at line");
    throw new UsageError(`${at(error.pos[0])}: ${reason}`);
  }
  const { contents } = document;
  if (!isMap<Node, Node | null>(contents)) throw new UsageError(`${path}:1: ${key}: is expected`);
  const whole = valueOf(contents, document, path);
  const { [key]: _list, ...others }: Record<string, unknown> = { ...Object(whole) };
  const nodes = listIn(contents, key);
  if (nodes === undefined) throw new UsageError(`${path}:1: ${key} is not a list`);
  const entries = nodes.map((node): Entry => {
    const source = at(node.range?.[0] ?? 0);
    if (!isMap(node)) throw new UsageError(`${source}: keys and values are expected`);
    return { value: Object(valueOf(node, document, source)), source };
  });
  return { others: { value: others, source: `${path}:1` }, entries };
}

/** The nodes of the list at a key; none where the key is missing; undefined if it is no list. */
function listIn(map: YAMLMap<Node, Node | null>, key: string): readonly Node[] | undefined {
  const pair = map.items.find((one) => isScalar(one.key) && one.key.value === key);
  const value = pair?.value;
  if (value === undefined || value === null) return [];
  return isSeq<Node>(value) ? value.items : undefined;
}
