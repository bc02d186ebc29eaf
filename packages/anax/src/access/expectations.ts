/** A file of what an operator expects of the rules of access: who may do what, and who may not. */
import { dirname, resolve } from "node:path";
import type { AccessExplanation, AccessExplanationRequest } from "@anax/server";
import { UsageError } from "../errors.ts";
import { readYaml, requireKeys } from "./access-file.ts";
import type { Entry, NamedText } from "./access-file.ts";
import { requestOf } from "./asked-access.ts";
import type { AccessVerb, AskedAccess } from "./asked-access.ts";
import type { AccessFlags } from "./read-access-rules.ts";

/** One of them, for one topic. */
export interface Expectation {
  readonly source: string;
  readonly isAllowed: boolean;
  readonly request: AccessExplanationRequest;
}

export interface Expectations {
  /** Where the rules are, if the file says it. */
  readonly rules: AccessFlags;
  readonly expected: readonly Expectation[];
}

const FILE_KEYS = ["access-file", "acl-file", "expect"];
const KEYS = [
  "allow",
  "deny",
  "topics",
  "user",
  "client",
  "group",
  "address",
  "listener",
  "claims",
  "qos",
  "retain",
];

/** @throws UsageError that names the line of what is wrong */
export function expectationsOf(file: NamedText): Expectations {
  const { others, entries } = readYaml(file, "expect");
  requireKeys(others.value, FILE_KEYS, others.source);
  const beside = (name: string): string | undefined => {
    const value = others.value[name];
    if (value === undefined) return undefined;
    if (typeof value === "string") return resolve(dirname(file.path), value);
    throw new UsageError(`${others.source}: ${name} is not the name of a file`);
  };
  return {
    rules: { accessFile: beside("access-file"), aclFile: beside("acl-file") },
    expected: entries.flatMap(expectationsIn),
  };
}

function expectationsIn({ value, source }: Entry): Expectation[] {
  requireKeys(value, KEYS, source);
  const { allow, deny, topics } = value;
  if ((allow === undefined) === (deny === undefined))
    throw new UsageError(`${source}: give either allow or deny`);
  const action = actionOf(allow ?? deny, source);
  const all: readonly unknown[] = Array.isArray(topics) ? topics : [topics];
  return all.map((topic) => {
    if (typeof topic !== "string") throw new UsageError(`${source}: topics is missing`);
    return {
      source,
      isAllowed: allow !== undefined,
      request: located(source, () => requestOf(askedOf(value, source), action, topic)),
    };
  });
}

function actionOf(value: unknown, source: string): AccessVerb {
  if (value === "publish" || value === "subscribe" || value === "receive") return value;
  throw new UsageError(`${source}: ${JSON.stringify(value)} is not publish, subscribe or receive`);
}

function askedOf(value: Readonly<Record<string, unknown>>, source: string): AskedAccess {
  const text = (key: string): string | undefined => {
    const given = value[key];
    if (given === undefined || typeof given === "string") return given;
    if (typeof given === "number") return String(given);
    throw new UsageError(`${source}: ${key} ${JSON.stringify(given)} is not a text`);
  };
  const { group, qos, retain, claims } = value;
  if (qos !== undefined && qos !== 0 && qos !== 1 && qos !== 2)
    throw new UsageError(`${source}: qos ${JSON.stringify(qos)} is not 0, 1 or 2`);
  return {
    user: text("user"),
    client: text("client"),
    group: group === undefined ? undefined : [group].flat().map(String),
    address: text("address"),
    listener: text("listener"),
    claims: claims === undefined ? undefined : { ...Object(claims) },
    qos,
    retain: retain === true,
  };
}

function located<Result>(source: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${source}: ${error.message}`);
    throw error;
  }
}

/** Why an expectation is not met; undefined if it is. */
export function unmet(
  { isAllowed, request }: Expectation,
  explanation: AccessExplanation,
): string | undefined {
  const isWhole = explanation.isAllowed && !explanation.isNarrowed;
  if (isWhole === isAllowed) return undefined;
  const { action, topic } = request;
  const found = explanation.isNarrowed ? "allowed in part" : isWhole ? "allowed" : "denied";
  const by = explanation.rule?.source;
  return `${action} ${topic} is ${found}${by === undefined ? "" : ` by ${by}`}: ${explanation.reason}`;
}
