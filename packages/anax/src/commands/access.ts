/** `anax access`: explains what the rules of access decide, and tests them. */
import { AccessRuleBook } from "@anax/server";
import type { QoS } from "@anax/protocol";
import { ACCESS_FLAGS } from "../access/access-flags.ts";
import { explanationText, requestOf } from "../access/asked-access.ts";
import type { AccessVerb } from "../access/asked-access.ts";
import { expectationsOf, unmet } from "../access/expectations.ts";
import { accessPathOf, readAccessRules } from "../access/read-access-rules.ts";
import type { AccessFlags } from "../access/read-access-rules.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { EXIT_CODE, UsageError } from "../errors.ts";
import { suggestionOf } from "../flags/suggestion.ts";
import { optional, repeated, toggle, withDefault } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { choice, name, text } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";
import { readNamedText } from "../read-file.ts";

interface AccessCommandFlags extends AccessFlags {
  readonly user: string | undefined;
  readonly client: string | undefined;
  readonly group: readonly string[];
  readonly address: string | undefined;
  readonly listener: string | undefined;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  readonly receive: readonly string[];
  readonly qos: QoS;
  readonly retain: boolean;
}

const CLIENT = { group: "Client" };
const ACTION = { group: "Action" };

const FLAGS: FlagTable<AccessCommandFlags> = {
  ...ACCESS_FLAGS,
  user: optional(text("name"), { ...CLIENT, help: "its user name" }),
  client: optional(text("identifier"), { ...CLIENT, help: "its Client Identifier" }),
  group: repeated(name("group"), { ...CLIENT, help: "a group that it belongs to" }),
  address: optional(name("address"), { ...CLIENT, help: "where it comes from" }),
  listener: optional(name("listener"), { ...CLIENT, help: "where it connected, such as tcp:1883" }),
  publish: repeated(text("topic"), { ...ACTION, help: "publish to this topic" }),
  subscribe: repeated(text("filter"), { ...ACTION, help: "subscribe to this filter" }),
  receive: repeated(text("topic"), { ...ACTION, help: "receive a message of this topic" }),
  qos: withDefault(choice<QoS>({ 0: 0, 1: 1, 2: 2 }), 0, {
    ...ACTION,
    help: "publish with this QoS",
  }),
  retain: toggle({ ...ACTION, help: "publish a message to be retained" }),
};

const ACTIONS = ["check", "test"];

/** `anax access`. */
export const access: Command = defineCommand<AccessCommandFlags>({
  name: "access",
  summary: "explain and test the rules of access of anax serve",
  usage: [
    "anax access check --access-file access.yaml --user ann --publish plants/7",
    "anax access check --acl-file /etc/mosquitto/acl --client c1 --subscribe plants/#",
    "anax access test expectations.yaml",
  ],
  flags: FLAGS,
  positionalsMax: 2,
  notes: [
    {
      title: "What each does",
      lines: [
        "check  says what the rules decide, and by which rule, with its file and line",
        "test   reads a file of expectations and names those that the rules do not meet. The file is YAML:",
        "       `access-file:` or `acl-file:`, relative to it, and `expect:`, a list of entries such as",
        '       `{ allow: publish, user: ann, topics: plants/7 }` or `{ deny: subscribe, topics: "#" }`,',
        "       with allow or deny; publish, subscribe or receive; topics; and user, client, group, address,",
        "       listener, claims, qos, retain",
      ],
    },
    {
      title: "Exit codes",
      lines: [
        "0  allowed; all expectations are met",
        "1  denied, or allowed in part; some are not met; a file cannot be read",
        "2  something is wrong in a file or on the command line",
      ],
    },
  ],
  run: runAccess,
});

async function runAccess(
  flags: AccessCommandFlags,
  io: Io,
  [action, path, ...more]: readonly string[],
): Promise<number> {
  if (action === "check" && path === undefined) return check(flags, io);
  if (action === "test" && path !== undefined) return test(path, flags, io);
  if (action === undefined) throw new UsageError(`say what to do: ${ACTIONS.join(", ")}`);
  if (action === "test") throw new UsageError("say which file: anax access test FILE");
  const given = [action, path, ...more].filter((word) => word !== undefined).join(" ");
  throw new UsageError(`${JSON.stringify(given)} is unknown; ${suggestionOf(action, ACTIONS)}`);
}

function bookOf(flags: AccessFlags): AccessRuleBook {
  const rules = readAccessRules(flags);
  if (rules === undefined) throw new UsageError("say which rules: --access-file or --acl-file");
  return new AccessRuleBook(rules);
}

function check(flags: AccessCommandFlags, io: Io): number {
  const book = bookOf(flags);
  const { publish, subscribe, receive, group, ...who } = flags;
  const asked: [AccessVerb, string][] = [
    ...publish.map((topic): [AccessVerb, string] => ["publish", topic]),
    ...subscribe.map((topic): [AccessVerb, string] => ["subscribe", topic]),
    ...receive.map((topic): [AccessVerb, string] => ["receive", topic]),
  ];
  if (asked.length === 0) throw new UsageError("say what: --publish, --subscribe or --receive");
  let isAllowed = true;
  for (const [action, topic] of asked) {
    const explanation = book.explain(requestOf({ ...who, group }, action, topic));
    if (!explanation.isAllowed || explanation.isNarrowed) isAllowed = false;
    io.stdout.write(explanationText(action, topic, explanation));
  }
  return isAllowed ? EXIT_CODE.success : EXIT_CODE.failure;
}

function test(path: string, flags: AccessFlags, io: Io): number {
  const { rules, expected } = expectationsOf({ path, text: readNamedText(path) });
  const book = bookOf(accessPathOf(flags) === undefined ? rules : flags);
  const faults = expected.flatMap((expectation) => {
    const fault = unmet(expectation, book.explain(expectation.request));
    return fault === undefined ? [] : [`${expectation.source}: ${fault}\n`];
  });
  for (const fault of faults) io.stderr.write(fault);
  if (faults.length === 0) io.stdout.write(`${path}: ok (${expected.length} expectations)\n`);
  else io.stderr.write(`${faults.length} of ${expected.length} expectations are not met\n`);
  return faults.length === 0 ? EXIT_CODE.success : EXIT_CODE.failure;
}
