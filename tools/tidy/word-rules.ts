/**
 * Words and names that do not belong here, each with what to write instead. A row says in which
 * files it holds and whether it looks at the code alone, at the strings too, or at everything.
 */
import { lineAt } from "./code-text.ts";
import type { Finding, Rule, SourceFile } from "./repository.ts";

interface BannedWord {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Paths where the word is banned; everywhere if absent. */
  readonly where?: RegExp;
  /** `code` leaves out comments and strings; `text` is everything. Default `code`. */
  readonly within?: "code" | "text";
}

const PUBLISHED = /^packages\/[^/]+\/src\//;
const PURE = /^packages\/(protocol\/src|(client|server)\/src\/core)\//;
const PURE_TESTS = /^packages\/(protocol\/test|(client|server)\/test\/core)\//;
const TESTS = /(^|\/)test\//;

/** This file and its test spell out the banned words. */
const EXEMPT = /^tools\/(tidy\/word-rules|test\/[\w-]+\.test)\.ts$/;

const BANNED_WORDS: readonly BannedWord[] = [
  {
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    within: "text",
    instead: "do it now, or open an issue and leave the code without a note",
  },
  {
    pattern: /@ts-(ignore|nocheck)\b/,
    within: "text",
    instead: "use @ts-expect-error with the reason, so that it disappears when it is not needed",
  },
  {
    pattern: /(oxlint|eslint)-disable(?!.*--\s\S)/,
    within: "text",
    instead: 'give the reason on the same line: "oxlint-disable-next-line rule -- reason"',
  },
  {
    pattern: /\b(it|test|describe)\.only\b/,
    instead: "run one test from the command line: npm test -- -t name",
  },
  {
    pattern: /\b(it|test|describe)\.(skip|todo)\b/,
    instead: "use skipIf with the condition, or remove the test",
  },
  {
    pattern: /\blocalhost\b/,
    where: TESTS,
    within: "text",
    instead: "use 127.0.0.1: not every machine resolves the name",
  },
  {
    pattern: /\bexport default\b/,
    where: PUBLISHED,
    instead: "export it by its name",
  },
  {
    pattern: /^export \*/m,
    where: PUBLISHED,
    instead: "list the exported names by hand",
  },
  {
    pattern: /\b(async|await)\b/,
    where: PURE,
    instead: "return a value; the driver waits",
  },
  {
    pattern: /\bset(Timeout|Interval|Immediate)\b/,
    where: PURE_TESTS,
    instead: "move the virtual time forward",
  },
  {
    pattern: /^\s*(export )?(declare )?(const )?enum\b/m,
    where: PUBLISHED,
    instead: "use a union of string literals or a table `as const`",
  },
  {
    pattern: /^\s*(export )?(declare )?namespace\b/m,
    where: PUBLISHED,
    instead: "use a module",
  },
  {
    pattern: /^\s*(private|protected|public)\s(?!constructor\b)/m,
    where: PUBLISHED,
    instead: "use #name for what is private; the rest is public",
  },
  {
    pattern: /\bBuffer\b/,
    where: PURE,
    instead: "use Uint8Array",
  },
  {
    pattern: /\b[A-Z]\w*(Manager|Impl|Helper|Util|Utils)\b/,
    where: PUBLISHED,
    instead: "name what it does or what it is",
  },
  {
    pattern: /\b(class|interface|type) (Abstract|Base)[A-Z]\w*/,
    where: PUBLISHED,
    instead: "name what it is; prefer a function or an interface to a base class",
  },
  {
    pattern: /\binterface I[A-Z][a-z]\w*/,
    where: PUBLISHED,
    instead: "name the interface without the prefix I",
  },
  {
    pattern: /\b(messageId|msgId|pkid|packetId)\b/,
    where: PUBLISHED,
    instead: "say packetIdentifier, as the specification does",
  },
  {
    pattern: /\b(lwt|lastWill)\b/i,
    where: PUBLISHED,
    instead: "say will, as the specification does",
  },
  {
    pattern: /\b(clientID|clientIdentifier)\b/,
    where: PUBLISHED,
    instead: "say clientId",
  },
  {
    pattern: /\bkick\w*\b/i,
    where: PUBLISHED,
    instead: "say takeOver, as the specification does",
  },
];

/** No banned word; the message names the replacement. */
export const noBannedWords: Rule = ({ sources }) =>
  sources
    .filter(({ path }) => !EXEMPT.test(path))
    .flatMap((source) => BANNED_WORDS.flatMap((word) => uses(source, word)));

function uses({ path, text, code }: SourceFile, word: BannedWord): readonly Finding[] {
  if (word.where !== undefined && !word.where.test(path)) return [];
  const searched = word.within === "text" ? text : code;
  const everywhere = new RegExp(word.pattern, `${word.pattern.flags}g`);
  return [...searched.matchAll(everywhere)].map((match) => ({
    path,
    line: lineAt(text, match.index + leadingSpace(match[0])),
    message: `"${match[0].trim()}": ${word.instead}`,
  }));
}

function leadingSpace(text: string): number {
  return text.length - text.trimStart().length;
}

const BANNED_FILE_NAME =
  /(^|\/)(utils?|helpers?|common|misc|types?|constants|manager)(\.test)?\.m?[tj]s$/;

/** No drawer for odds and ends: a function lives with its noun. */
export const noCatchAllFiles: Rule = ({ sources }) =>
  sources
    .filter(({ path }) => BANNED_FILE_NAME.test(path))
    .map(({ path }) => ({
      path,
      message: "put each function in the file that is named after its noun",
    }));
