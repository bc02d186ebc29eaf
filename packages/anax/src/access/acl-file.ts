/** Reads the `acl_file` of mosquitto 2, so that those who come from there need not write their rules again. */
import type { AccessAction, AccessRule, AccessRules } from "@anax/server";
import { UsageError } from "../errors.ts";
import type { NamedText } from "./access-file.ts";

/** Which clients a line is for: those without a user name, those of one user, or all. */
type Who = Pick<AccessRule, "user" | "anonymous">;

/** What a line says, in the order in which mosquitto looks at it. */
interface Part {
  readonly denying: AccessRule[];
  readonly allowing: AccessRule[];
}

const ACTIONS: Readonly<Record<string, AccessAction | "deny">> = {
  read: "subscribe",
  write: "publish",
  readwrite: "both",
  deny: "deny",
};

/**
 * mosquitto looks first at the lines `topic` of the user, then at the lines `pattern`; among each, first at those with `deny`. It grants each subscription and
 * judges each message, hence `narrow`.
 *
 * @throws UsageError that names the line which cannot be read
 */
export function aclRulesOf({ path, text }: NamedText): AccessRules {
  const users: Part = { denying: [], allowing: [] };
  const patterns: Part = { denying: [], allowing: [] };
  let who: Who = { anonymous: true };
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/\r$/u, "");
    const [keyword = "", ...words] = line.trimStart().split(" ");
    if (keyword === "" || keyword.startsWith("#")) continue;
    const source = `${path}:${index + 1}`;
    const rest = words.join(" ").trim();
    if (rest === "") throw new UsageError(`${source}: ${keyword} has no value`);
    if (keyword === "user") who = { user: rest };
    else if (keyword === "topic") add(users, { ...who, literal: true }, rest, source);
    else if (keyword === "pattern") addPattern(patterns, rest, source);
    else
      throw new UsageError(`${source}: there is no ${keyword}; it knows user, topic and pattern`);
  }
  const parts = [users.denying, users.allowing, patterns.denying, patterns.allowing];
  return { rules: parts.flat(), subscriptions: "narrow" };
}

/** Braces are text there, and `%` is only where `c` or `u` follows. */
function addPattern(part: Part, rest: string, source: string): void {
  if (/[{}]/u.test(rest)) throw new UsageError(`${source}: braces are not taken in patterns`);
  add(part, {}, rest, source);
}

function add(part: Part, about: Partial<AccessRule>, rest: string, source: string): void {
  const space = rest.indexOf(" ");
  const word = space < 0 ? "" : rest.slice(0, space);
  const isAction = Object.hasOwn(ACTIONS, word);
  const action = isAction ? (ACTIONS[word] ?? "both") : "both";
  // A topic may have spaces, but not at its ends.
  const topics = isAction ? rest.slice(space + 1).trim() : rest;
  if (space >= 0 && !isAction)
    throw new UsageError(`${source}: ${word} is not read, write, readwrite or deny`);
  if (action === "deny") part.denying.push({ ...about, deny: "both", topics, source });
  else part.allowing.push({ ...about, allow: action, topics, source });
}
