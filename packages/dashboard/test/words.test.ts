/** Is everything that the page says there in each language? */
import { MqttServer } from "@anax/server";
import type { AccessRule } from "@anax/server";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";
import { CHINESE } from "../src/words/chinese.ts";
import { SERVER_IN_CHINESE } from "../src/words/chinese-server.ts";
import { ENGLISH } from "../src/words/english.ts";

/** Names of the specification and of formats, which are the same in Chinese. */
const SAME = [
  ...["title", "loopP99", "version", "qos", "viewJson", "cleanStart", "noLocal"],
  ...["retainAsPublished", "retainHandling", "formatBase64", "duplicate", "loggedInAs"],
];
/** Words whose names are made of what the server says: of types of traces and of what happens. */
const NAMED_BY_SERVER =
  /^(trace_\w+|connected|disconnected|subscribed|unsubscribed|sessionDeleted|refused|dropped)$/;
/** What is shown as it is in every language. */
const SIGNS = /^[^\p{L}]*$|^(MQTT|English|中文|x|ms|SCRAM-SHA-256|· \$share\/)$/u;

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((file) =>
  /\.tsx?$/.test(file),
);
const texts = new Map(files.map((file) => [file, readFileSync(`${SOURCES}${file}`, "utf8")]));

function placesOf(text: string): string[] {
  return [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
}

describe("the words of the page", () => {
  it("are there in Chinese, with the same places for values", () => {
    expect(Object.keys(CHINESE).sort()).toEqual(Object.keys(ENGLISH).sort());
    for (const [word, english] of Object.entries(ENGLISH)) {
      const chinese = CHINESE[word as keyof typeof ENGLISH];
      expect(placesOf(chinese), word).toEqual(placesOf(english));
      if (!SAME.includes(word)) expect(chinese, word).toMatch(/\p{Script=Han}/u);
    }
  });

  it("are all used", () => {
    const all = [...texts].filter(([file]) => !file.startsWith("words/")).join("\n");
    const unused = Object.keys(ENGLISH).filter(
      (word) => !NAMED_BY_SERVER.test(word) && !new RegExp(`"${word}"`).test(all),
    );
    expect(unused.filter((word) => !word.startsWith("unit"))).toEqual([]);
  });

  it("are nowhere but in their tables", () => {
    const found = [...texts].flatMap(([file, text]) =>
      file.endsWith(".tsx") ? literalWords(file, text) : [],
    );
    expect(found).toEqual([]);
    expect(
      literalWords("x.tsx", 'const x = <p title="Hello">{a ? "" : "no"} there</p>;').sort(),
    ).toEqual(["x.tsx: Hello", "x.tsx: no", "x.tsx: there"]);
  });

  it("translate what the server says of its rules", async () => {
    const rules: AccessRule[] = [
      { deny: "both", topics: "secret/#" },
      { allow: "publish", topics: "low/#", maximumQos: 0, retain: false },
      { allow: "both", topics: ["low/#", "open/#"] },
    ];
    await using server = new MqttServer({ port: 0, accessRules: { rules } });
    await server.start();
    const asked = [
      ...["open/1", "secret/1", "other/1", "low/1"].flatMap((topic) => [
        { action: "publish", topic, qos: 1 } as const,
        { action: "publish", topic, retain: true } as const,
        { action: "receive", topic } as const,
      ]),
      ...["#", "open/#", "secret/#", "other/#", "+/1"].map(
        (topic) => ({ action: "subscribe", topic }) as const,
      ),
    ];
    const reasons = asked.map((one) => server.access.explain({ ...one, client: {} })?.reason ?? "");
    expect(new Set(reasons).size).toBeGreaterThan(6);
    const unknown = reasons.filter((text) => !SERVER_IN_CHINESE.some(([one]) => one.test(text)));
    expect(unknown).toEqual([]);
  });
});

/** A node of a syntax tree, by the names that ESTree has. */
interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

const SHOWN_ATTRIBUTES = new Set(["title", "alt", "placeholder", "aria-label", "label"]);

/** Words that a part shows without taking them from the tables. */
function literalWords(file: string, text: string): string[] {
  const words: string[] = [];
  const add = (value: unknown): void => {
    const word = String(value).trim();
    if (!SIGNS.test(word)) words.push(`${file}: ${word}`);
  };
  /** What is shown: a text itself, or one of two. */
  const addShown = ({ type, ...node }: Node): void => {
    if (type === "Literal" && typeof node["value"] === "string") add(node["value"]);
    if (type === "JSXText") add(node["value"]);
    if (type === "TemplateLiteral")
      for (const part of node["quasis"] as Node[])
        add(Reflect.get(Object(part["value"]), "cooked"));
    for (const name of ["consequent", "alternate", "right", "expression"]) {
      if (name === "expression" && type !== "JSXExpressionContainer") continue;
      const inner = node[name];
      if (isNode(inner) && /Literal|Conditional|Logical|Container/.test(inner.type))
        addShown(inner);
    }
  };
  const visit = (node: Node): void => {
    if (node.type === "JSXElement" || node.type === "JSXFragment")
      (node["children"] as Node[]).forEach(addShown);
    const isShown =
      node.type === "JSXAttribute" &&
      SHOWN_ATTRIBUTES.has(String(Reflect.get(Object(node["name"]), "name")));
    if (isShown && isNode(node["value"])) addShown(node["value"]);
    for (const inner of Object.values(node).flat()) if (isNode(inner)) visit(inner);
  };
  visit(parseSync(file, text).program as unknown as Node);
  return words;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
