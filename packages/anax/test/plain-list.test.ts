import fc from "fast-check";
import { expect, it } from "vitest";
import { readAnyYaml, readYaml } from "../src/access/access-file.ts";
import { readPlainList } from "../src/access/plain-list.ts";

/** What the library reads; a refusal is its words. */
function read(by: typeof readYaml, text: string): unknown {
  try {
    return by({ path: "a.yaml", text }, "rules");
  } catch (error) {
    return String(error);
  }
}

const simple = fc.constantFrom(
  ...[
    "ann",
    "plants/7/#",
    "+/state",
    '"%c/#"',
    "'a b'",
    "tcp:1883",
    "10.0.0.0/8",
    "true",
    "1",
    "a#b",
    "$S/#",
    "_x",
  ],
);
const odd = fc.constantFrom(
  ...["ann", "plants/7/#", "+/state", '"%c/#"', "'a b'", "tcp:1883", "10.0.0.0/8", "true", "FALSE"],
  ...["null", "1", "007", "0x10", "1e3", ".5", "1_000", "~", "*a", "&a b", "!x y", "a: b", "a #b"],
  ...[
    "a#b",
    '"a\\n"',
    "'it''s'",
    "%c",
    "{a}",
    "::1",
    '"::1"',
    "é",
    "a\tb",
    "-",
    "- a",
    "+1",
    "$S/#",
  ],
  ...[
    "2026-01-01",
    "yes",
    ".inf",
    "_x",
    "a,b",
    "a]",
    "[",
    "|",
    ">-",
    "<<",
    "",
    "@a",
    "`a",
    "#a",
    "a:",
  ],
  ...[
    '"a" b',
    '"a"b',
    "'a' # b",
    "1.5.2.3",
    "1 # b",
    "a{b",
    "00",
    "0",
    "12345678901",
    "no",
    "Null",
  ],
);
const scalar = fc.oneof({ weight: 12, arbitrary: simple }, odd);
const list = fc.array(scalar, { maxLength: 3 }).map((all) => `[${all.join(", ")}]`);
const lines = fc
  .array(scalar, { maxLength: 3 })
  .chain((all) =>
    fc
      .constantFrom("", "  ", "    ", "      ")
      .map((by) => all.map((one) => `\n${by}- ${one}`).join("")),
  );
const value = fc.oneof({ weight: 8, arbitrary: scalar }, { weight: 4, arbitrary: list }, lines);
const pair = fc
  .tuple(
    fc.constantFrom(
      "allow",
      "user",
      "topics",
      "max-qos",
      "deny",
      "group",
      "client",
      "retain",
      "listener",
      "<<",
      "true",
    ),
    fc.constantFrom(": ", ": ", ": ", ":"),
    value,
  )
  .map((parts) => parts.join(""));
const flow = fc.array(pair, { maxLength: 3 }).map((pairs) => `{ ${pairs.join(", ")} }`);
const block = fc
  .tuple(
    fc.array(pair, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("    ", "    ", "    ", "   ", "  "),
  )
  .map(([pairs, by]) => pairs.join(`\n${by}`));
const item = fc.oneof(
  { weight: 9, arbitrary: fc.oneof(flow, block).map((one) => `  - ${one}`) },
  fc.constantFrom(
    "# a",
    "",
    "  # b",
    "   ",
    "  -",
    "---",
    "...",
    "rules:",
    "groups: { a: [b] }",
    "\t",
    " - a",
    "- a: b",
  ),
);
const file = fc
  .tuple(
    fc.constantFrom(
      "",
      "",
      "groups:\n  a: [b]\n",
      "",
      "",
      "a: |\n  rules:\n",
      "{",
      "# c\n",
      "%YAML 1.2\n---\n",
    ),
    fc.constantFrom("rules:", "rules:", "rules:", "rules: ", "rules: # c", "rules: []", "rules:\n"),
    fc.array(item, { maxLength: 4 }),
    fc.constantFrom("", "\n", "\nsubscriptions: narrow\n", "\n  x: y\n", "\nrules: []\n"),
    fc.constantFrom("\n", "\n", "\n", "\r\n"),
  )
  .map(([before, head, items, after, end]) =>
    `${before}${head}\n${items.join("\n")}${after}`.replaceAll("\n", end),
  );

it("a list that is written plainly is read as the library reads it, with its lines", () => {
  let plain = 0;
  const runs = 1_000;
  fc.assert(
    fc.property(file, (text) => {
      if (readPlainList(text, "rules") === undefined) return;
      plain += 1;
      expect(read(readYaml, text)).toEqual(read(readAnyYaml, text));
    }),
    { numRuns: runs },
  );
  expect(plain).toBeGreaterThan(5);
});

it("what people write is plain", () => {
  const texts = [
    "rules:\n  - allow: publish\n    topics: devices/%c/#\n",
    'rules:\n# all\n- { allow: both, user: ann, topics: ["#", "$SYS/#"] } # c\n',
    "rules:\n  - deny: both\n    max-qos: 1\n    retain: false\n    topics:\n      - a/+/b\n      - '#'\n",
    "rules:\r\n  - allow: both\r\n\r\n    user: [ann, 'b b']\r\ngroups: { x: [y] }\r\n",
  ];
  for (const text of texts) {
    expect(readPlainList(text, "rules"), text).toBeDefined();
    expect(read(readYaml, text)).toEqual(read(readAnyYaml, text));
  }
});
