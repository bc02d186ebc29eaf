/**
 * Reads the long list of a YAML file where it is written plainly: one key and value a line, or `{ }`, with texts that need no escape. The library takes a hundred times as
 * long for it. Whatever is written otherwise is left to the library, and what both read is the same.
 */

/** An entry of the list, and its line, from 1. */
export interface PlainEntry {
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
}

export interface PlainList {
  readonly entries: readonly PlainEntry[];
  /** The file with an empty list. */
  readonly rest: string;
}

/** Characters that mean the same everywhere: no control characters, spaces or marks of order. */
const ODD = /[^\x20-\x7E\u00A1-\u1FFF\u3001-\uD7FF]/;
const SPACE = 0x20;
const KEY = /([a-z][a-z-]*): */y;
const DOUBLE = /"([^"\\]*)"/y;
const SINGLE = /'([^']*)'/y;
const INTEGER = /(?:0|[1-9]\d{0,8})(?=[ ,\]}]|$)/y;
const ADDRESS = /\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?(?=[ ,\]}]|$)/y;
/** Begins as no other kind of value does, and has nothing that ends a text within `[ ]`. */
const PLAIN = /(?:[A-Za-z_$/]|\+(?=\/))[\w$%/+#.*@-]*(?::\w[\w$%/+#.*@-]*)*(?=[ ,\]}]|$)/y;
/** Words that YAML takes for something else than text. */
const WORDS = /^(?:true|false|null)$/i;
const END = / *(?: #.*)?$/y;

/** The file does not write its list plainly. */
class NotPlain extends Error {}

/** The list at `key`; undefined where it is not written plainly. */
export function readPlainList(text: string, key: string): PlainList | undefined {
  const lines = text.split(/\r?\n/);
  const first = lines.findIndex((line) => line.trimEnd() === `${key}:`);
  if (first < 0) return undefined;
  let end = first + 1;
  while (end < lines.length && /^(?:[ #-]|$)/.test(lines[end] ?? "")) end += 1;
  if (end < lines.length && !/^[a-z]/.test(lines[end] ?? "")) return undefined;
  try {
    const entries = new PlainReader(lines, first + 1, end).entries();
    const rest = [...lines.slice(0, first), `${key}: []`, ...lines.slice(end)].join("\n");
    // A key without a value is no list.
    return entries.length === 0 ? undefined : { entries, rest };
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class PlainReader {
  readonly #lines: readonly string[];
  readonly #end: number;
  #next: number;
  /** Of the next line that has something, if it was looked for. */
  #indent: number | undefined;
  #line = "";
  #at = 0;

  constructor(lines: readonly string[], begin: number, end: number) {
    this.#lines = lines;
    this.#next = begin;
    this.#end = end;
  }

  entries(): PlainEntry[] {
    const entries: PlainEntry[] = [];
    const indent = this.#indentOfNext();
    while (this.#indentOfNext() >= 0) {
      if (this.#indentOfNext() !== indent) throw new NotPlain();
      const line = this.#next + 1;
      this.#take();
      this.#at = indent;
      this.#expect("- ");
      const value = this.#isAt("{") ? this.#flowMap() : this.#blockMap(indent + 2);
      entries.push({ value, line });
    }
    return entries;
  }

  /** Spaces before what is on the next line that has something; -1 where none is left. */
  #indentOfNext(): number {
    if (this.#indent === undefined) this.#indent = this.#lookAhead();
    return this.#indent;
  }

  #lookAhead(): number {
    for (; this.#next < this.#end; this.#next += 1) {
      const line = this.#lines[this.#next] ?? "";
      if (ODD.test(line)) throw new NotPlain();
      let at = 0;
      while (line.codePointAt(at) === SPACE) at += 1;
      if (at < line.length && line[at] !== "#") return at;
    }
    return -1;
  }

  /** The next line, which was looked at already. */
  #take(): void {
    this.#line = this.#lines[this.#next] ?? "";
    this.#next += 1;
    this.#indent = undefined;
  }

  #blockMap(indent: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (;;) {
      const key = this.#key(map);
      map[key] = this.#read(END) === undefined ? this.#lineValue() : this.#blockList(indent);
      if (this.#indentOfNext() < indent) return map;
      if (this.#indentOfNext() > indent) throw new NotPlain();
      this.#take();
      this.#at = indent;
    }
  }

  #lineValue(): unknown {
    const value = this.#isAt("[") ? this.#flowList() : this.#scalar();
    if (this.#read(END) === undefined) throw new NotPlain();
    return value;
  }

  /** One text a line, each after `- `. */
  #blockList(least: number): unknown[] {
    const indent = this.#indentOfNext();
    if (indent < least) throw new NotPlain();
    const list: unknown[] = [];
    while (this.#indentOfNext() === indent && this.#lines[this.#next]?.[indent] === "-") {
      this.#take();
      this.#at = indent;
      this.#expect("- ");
      list.push(this.#scalar());
      if (this.#read(END) === undefined) throw new NotPlain();
    }
    if (list.length === 0) throw new NotPlain();
    return list;
  }

  #flowMap(): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    this.#expect("{");
    do {
      this.#skipSpaces();
      const key = this.#key(map);
      map[key] = this.#isAt("[") ? this.#flowList() : this.#scalar();
      this.#skipSpaces();
    } while (this.#takeIf(","));
    this.#expect("}");
    if (this.#read(END) === undefined) throw new NotPlain();
    return map;
  }

  #flowList(): unknown[] {
    const list: unknown[] = [];
    this.#expect("[");
    do {
      this.#skipSpaces();
      list.push(this.#scalar());
      this.#skipSpaces();
    } while (this.#takeIf(","));
    this.#expect("]");
    return list;
  }

  /** A key that is not there twice. A space has to be behind its colon, or nothing. */
  #key(map: object): string {
    const match = this.#read(KEY);
    const key = match?.[1];
    const isSpaced = match?.[0].endsWith(" ") === true || this.#at === this.#line.length;
    if (key === undefined || !isSpaced || Object.hasOwn(map, key)) throw new NotPlain();
    return key;
  }

  #scalar(): unknown {
    const quoted = this.#read(DOUBLE) ?? this.#read(SINGLE);
    if (quoted !== undefined) {
      if (/["'\w]/.test(this.#line[this.#at] ?? "")) throw new NotPlain();
      return quoted[1];
    }
    const integer = this.#read(INTEGER);
    if (integer !== undefined) return Number(integer[0]);
    const text = (this.#read(ADDRESS) ?? this.#read(PLAIN))?.[0];
    if (text === undefined) throw new NotPlain();
    if (!WORDS.test(text)) return text;
    if (text !== "true" && text !== "false") throw new NotPlain();
    return text === "true";
  }

  #read(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#line);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }

  #isAt(text: string): boolean {
    return this.#line.startsWith(text, this.#at);
  }

  #takeIf(text: string): boolean {
    if (!this.#isAt(text)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takeIf(text)) throw new NotPlain();
  }

  #skipSpaces(): void {
    while (this.#line[this.#at] === " ") this.#at += 1;
  }
}
