/**
 * Topic templates: `devices/{id}/state` once, instead of string concatenation in the publisher and
 * splitting in the subscriber. A parameter fills one whole level. The parameters' names are read
 * from the template's literal type, so that a wrong or missing name does not compile.
 *
 * One law holds throughout: `bind` and `match` are inverse to each other, and every topic that
 * `bind` makes matches `filter`. Hence a value is never empty, and at the first level never begins
 * with `$`.
 */
import { showValue } from "../options/show-value.ts";
import { parseTopicFilter, type TopicFilter } from "./topic-filter.ts";
import { parseTopicName, type TopicName } from "./topic-name.ts";
import { topicNameFault } from "./topic-rules.ts";
import { faultInWords } from "./topic-type-error.ts";

/** Names of the parameters in a template: `"id" | "kind"` for `"devices/{id}/{kind}"`. */
export type TopicParameterNames<Text extends string> = string extends Text
  ? string
  : Text extends `${infer Level}/${infer Rest}`
    ? LevelParameterName<Level> | TopicParameterNames<Rest>
    : LevelParameterName<Text>;

type LevelParameterName<Level extends string> = Level extends `{${infer Name}}` ? Name : never;

/** A value for each parameter. */
export type TopicParameters<Name extends string> = { readonly [Key in Name]: string };

interface Level {
  readonly kind: "literal" | "parameter";
  /** The level itself, or the parameter's name. */
  readonly text: string;
}

const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * Makes a template from text such as `devices/{id}/{kind}`.
 * @throws TypeError if the text without its parameters is no Topic Name, if braces do not fill a
 * whole level, or if a name is used twice or is not a letter followed by letters, digits and
 * underscores.
 */
export function topicTemplate<const Text extends string>(
  text: Text,
): TopicTemplate<TopicParameterNames<Text>> {
  const levels = parseTopicName(text)
    .split("/")
    .map((level) => parseLevel(level, text));
  const names = parameterNames(levels);
  for (const name of names) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) {
      throw new TypeError(`Topic template ${showValue(text)} has the parameter "${name}" twice`);
    }
  }
  return new TopicTemplate(levels);
}

/** A template; made by `topicTemplate`. Immutable. */
export class TopicTemplate<Name extends string> {
  /** The template's text, with the values of `bindSome` filled in. */
  readonly text: string;
  /** The filter that all topics of the template match: `+` for each parameter. */
  readonly filter: TopicFilter;
  /** The filter for these topics and all below them: `filter` and then `/#`. */
  readonly subtreeFilter: TopicFilter;

  readonly #levels: readonly Level[];

  constructor(levels: readonly Level[]) {
    this.#levels = levels;
    this.text = levels.map(levelText).join("/");
    const filter = levels.map(({ kind, text }) => (kind === "literal" ? text : "+")).join("/");
    this.filter = parseTopicFilter(filter);
    this.subtreeFilter = parseTopicFilter(`${filter}/#`);
  }

  /**
   * The topic with these values.
   * @throws TypeError that names the value, if one is missing, is empty, holds `/`, `+`, `#`,
   * U+0000 or half a surrogate pair, or begins with `$` at the first level, or if the topic becomes
   * too long.
   */
  bind(values: TopicParameters<Name>): TopicName;
  bind(values: Readonly<Record<string, string>>): TopicName {
    const levels = this.#levels.map((level, index) => {
      return level.kind === "literal" ? level.text : this.#checkedValue(level, index, values);
    });
    return parseTopicName(levels.join("/"));
  }

  /**
   * The template with these values filled in and the other parameters open, whose `filter` is for
   * example that of all the kinds of one device.
   * @throws TypeError as `bind`, and if a value is for no parameter of the template.
   */
  bindSome<Bound extends Name>(values: TopicParameters<Bound>): TopicTemplate<Exclude<Name, Bound>>;
  bindSome(values: Readonly<Record<string, string>>): TopicTemplate<string> {
    const names = parameterNames(this.#levels);
    for (const name of Object.keys(values)) {
      // A misspelt name must not leave a wildcard, and so a wider subscription than was meant.
      if (names.includes(name)) continue;
      throw new TypeError(`Topic template ${showValue(this.text)} has no parameter "${name}"`);
    }
    return new TopicTemplate(
      this.#levels.map((level, index) => {
        if (level.kind === "literal" || !Object.hasOwn(values, level.text)) return level;
        return { kind: "literal", text: this.#checkedValue(level, index, values) };
      }),
    );
  }

  /** The values that `bind` would make this topic of; undefined if it can make no such topic. */
  match(topic: string): TopicParameters<Name> | undefined;
  match(topic: string): Readonly<Record<string, string>> | undefined {
    const texts = topic.split("/", this.#levels.length + 1);
    if (texts.length !== this.#levels.length) return undefined;
    const values: Record<string, string> = {};
    for (const [index, { kind, text }] of this.#levels.entries()) {
      const value = texts[index] ?? "";
      if (kind === "literal" ? value !== text : valueFault(value, index) !== undefined)
        return undefined;
      if (kind === "parameter") values[text] = value;
    }
    return values;
  }

  #checkedValue(level: Level, index: number, values: Readonly<Record<string, string>>): string {
    const value: unknown = Object.hasOwn(values, level.text) ? values[level.text] : undefined;
    const fault = typeof value === "string" ? valueFault(value, index) : "it must be a string";
    if (typeof value === "string" && fault === undefined) return value;
    const shown = JSON.stringify(value) ?? String(value);
    throw new TypeError(
      `Parameter "${level.text}" of topic template "${this.text}" cannot be ${shown}: ${fault}`,
    );
  }
}

function parseLevel(level: string, template: string): Level {
  const name = level.startsWith("{") && level.endsWith("}") ? level.slice(1, -1) : undefined;
  if (name !== undefined && PARAMETER_NAME.test(name)) return { kind: "parameter", text: name };
  if (name === undefined && !level.includes("{") && !level.includes("}")) {
    return { kind: "literal", text: level };
  }
  throw new TypeError(
    `Level "${level}" of topic template "${template}" is neither plain text nor one {name}`,
  );
}

function levelText({ kind, text }: Level): string {
  return kind === "literal" ? text : `{${text}}`;
}

function parameterNames(levels: readonly Level[]): string[] {
  return levels.filter(({ kind }) => kind === "parameter").map(({ text }) => text);
}

function valueFault(value: string, index: number): string | undefined {
  if (value.includes("/")) return "a parameter is one level, so it must not hold /";
  if (index === 0 && value.startsWith("$")) {
    return "topics that begin with $ do not match a wildcard [MQTT-4.7.2-1]";
  }
  const fault = topicNameFault(value);
  return fault === undefined ? undefined : faultInWords(fault);
}
