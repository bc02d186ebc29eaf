/** Whom rules are about, and what stands for something of the client in their topics. */
import { describe, expect, it } from "vitest";
import type { AccessRule } from "../../src/access/access-rules.ts";
import { AccessRuleBook } from "../../src/access/rule-book.ts";
import type { AccessClient } from "../../src/core/access/authorizer.ts";

function may(
  rules: readonly AccessRule[],
  client: Partial<AccessClient>,
  topic = "t",
  groups?: Record<string, readonly string[]>,
): boolean {
  const book = new AccessRuleBook({ rules, groups });
  const whole = { clientId: "c", groups: [], listener: "tcp:1883", ...client };
  const answer = book.mayPublish(whole, topic) !== false;
  // The explanation is that of the decision.
  expect(book.explain({ action: "publish", client: whole, topic }).isAllowed).toBe(answer);
  return answer;
}

const allow = (about: Partial<AccessRule>, topics: string = "t"): AccessRule[] => [
  { allow: "publish", topics, ...about },
];

describe("a rule is about", () => {
  it.each<[Partial<AccessRule>, Partial<AccessClient>, boolean]>([
    [{ user: "ann" }, { userName: "ann" }, true],
    [{ user: ["ann", "bob"] }, { userName: "bob" }, true],
    [{ user: "ann" }, { userName: "Ann" }, false],
    [{ user: "ann" }, {}, false],
    [{ anonymous: true }, {}, true],
    [{ anonymous: true }, { userName: "ann" }, false],
    [{ anonymous: false }, { userName: "" }, true],
    [{ group: "g" }, { groups: ["f", "g"] }, true],
    [{ group: "g" }, { groups: ["f"] }, false],
    [{ client: "c" }, { clientId: "c" }, true],
    [{ client: "lamp-*" }, { clientId: "lamp-7" }, true],
    [{ client: "lamp-*" }, { clientId: "lamp" }, false],
    [{ client: "a*b*c" }, { clientId: "a-b-b-c" }, true],
    [{ client: "a*b*c" }, { clientId: "ac" }, false],
    [{ client: "ab*ba" }, { clientId: "aba" }, false],
    [{ client: "*" }, { clientId: "a.b" }, true],
    [{ client: ["x", "y*"] }, { clientId: "y1" }, true],
    [{ address: "10.0.0.0/8" }, { address: "10.1.2.3" }, true],
    [{ address: "10.0.0.0/8" }, { address: "::ffff:10.1.2.3" }, true],
    [{ address: "10.0.0.0/8" }, { address: "11.1.2.3" }, false],
    [{ address: ["::1", "fd00::/8"] }, { address: "fd12::1" }, true],
    [{ address: "10.0.0.0/8" }, {}, false],
    [{ listener: "tcp:1883" }, {}, true],
    [{ listener: "1883" }, {}, true],
    [{ listener: "tcp" }, {}, true],
    [{ listener: "tls" }, {}, false],
    [{ listener: "unix" }, { listener: "unix" }, true],
    [{ user: "ann", client: "c" }, { userName: "ann" }, true],
    [{ user: "ann", client: "d" }, { userName: "ann" }, false],
    [{ user: "ann", group: "g", address: "1.2.3.4" }, { userName: "ann", groups: ["g"] }, false],
  ])("%j: %j is %s", (about, client, expected) => {
    expect(may(allow(about), client)).toBe(expected);
  });

  it("members of groups that the rules list", () => {
    const groups = { g: ["ann"], h: ["ann", "bob"] };
    expect(may(allow({ group: "g" }), { userName: "ann" }, "t", groups)).toBe(true);
    expect(may(allow({ group: "g" }), { userName: "bob" }, "t", groups)).toBe(false);
    expect(may(allow({ group: ["g", "h"] }), { userName: "bob" }, "t", groups)).toBe(true);
  });

  it("names that a map could take for its own", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(may(allow({ user: name }), { userName: name })).toBe(true);
      expect(may(allow({ user: "ann" }), { userName: name, clientId: name, groups: [name] })).toBe(
        false,
      );
      expect(may(allow({}, `{${name.replaceAll("_", "x")}}`), { userName: name }, "t")).toBe(false);
    }
  });
});

describe("parts of the client in topics", () => {
  it.each<[string, Partial<AccessClient>, string, boolean]>([
    ["d/%c/#", { clientId: "7" }, "d/7/x", true],
    ["d/%c/#", { clientId: "7" }, "d/8/x", false],
    ["d/x-%c-%u", { clientId: "7", userName: "ann" }, "d/x-7-ann", true],
    ["%u", {}, "%u", false],
    ["{tenant}/#", { claims: { tenant: "acme" } }, "acme/1", true],
    ["{tenant}/#", { claims: { tenant: "acme" } }, "globex/1", false],
    ["{tenant}/#", { claims: { tenant: ["acme", "globex"] } }, "globex/1", true],
    ["{tenant}/#", { claims: { tenant: 7 } }, "7/1", true],
    ["{tenant}/#", { claims: { tenant: { a: 1 } } }, "a/1", false],
    ["{tenant}/#", {}, "undefined/1", false],
    ["%u/x", { userName: "%c", clientId: "7" }, "%c/x", true],
    ["%u/x", { userName: "%c", clientId: "7" }, "7/x", false],
    ["%u/x", { userName: "{a}", claims: { a: "1" } }, "1/x", false],
  ])("%s for %j and %s: %s", (topics, client, topic, expected) => {
    expect(may(allow({}, topics), client, topic)).toBe(expected);
  });

  const HOSTILE = ["+", "#", "a/b", "a+", "#a", "/", "", "a\0b"];

  it.each(HOSTILE)(
    "%j widens nothing that is allowed, and escapes nothing that is denied",
    (value) => {
      const client = { clientId: value, userName: value, claims: { t: value } };
      for (const part of ["%c", "%u", "{t}"]) {
        for (const topic of ["d/a/x", "d/b/x", "d/+/x", `d/${value}/x`, "d/a/b/x", "d/x"])
          expect(may(allow({}, `d/${part}/#`), client, topic), `${part} ${topic}`).toBe(false);
        const denying: AccessRule[] = [
          { deny: "both", topics: `d/${part}/x` },
          { allow: "both", topics: "#" },
        ];
        expect(may(denying, client, "d/anything/x"), part).toBe(false);
        expect(may(denying, client, "e/anything/x"), part).toBe(true);
      }
    },
  );

  it("do not reach topics that begin with $ by a value", () => {
    for (const client of [{ clientId: "$SYS" }, { userName: "$SYS" }, { claims: { t: "$SYS" } }])
      for (const topics of ["%c/#", "%u/#", "{t}/#"])
        expect(may(allow({}, topics), client, "$SYS/broker/uptime")).toBe(false);
    expect(may(allow({}, "$SYS/%c"), { clientId: "7" }, "$SYS/7")).toBe(true);
  });

  it("are text where a rule says so", () => {
    expect(may(allow({ literal: true }, "%c/{x}"), {}, "%c/{x}")).toBe(true);
    expect(may(allow({ literal: true }, "%c/{x}"), {}, "c/1")).toBe(false);
  });
});

describe("many rules", () => {
  it("for each user of its own cost a client only its own", () => {
    const rules = Array.from({ length: 20_000 }, (_, index): AccessRule => {
      return { allow: "both", user: `user-${index}`, topics: `users/${index}/#` };
    });
    const book = new AccessRuleBook({ rules });
    const client = { clientId: "c", userName: "user-19999", groups: [], listener: "" };
    expect(book.mayPublish(client, "users/19999/a")).toMatchObject({
      topicFilter: "users/19999/#",
    });
    expect(book.mayPublish(client, "users/19998/a")).toBe(false);
    expect(book.maySubscribe(client, "users/19999/+", false)).toMatchObject({ isNarrowed: false });
    expect(book.maySubscribe(client, "users/+/a", false)).toBe(false);
  });

  it("that leave no whole tree free name the filter that two topics have alike", () => {
    const client = { clientId: "c", groups: [], listener: "" };
    const denied = Array.from({ length: 999 }, (_, index): AccessRule => {
      return { deny: "publish", topics: `locked/${index}/+/state` };
    });
    const rules: AccessRule[] = [...denied, { allow: "publish", topics: "+/+/+/state" }];
    const book = new AccessRuleBook({ rules });
    expect(book.mayPublish(client, "site/1/a/state")).toMatchObject({ topicFilter: undefined });
    const alike = { topicFilter: "site/+/+/state" };
    expect(book.mayPublish(client, "site/2/b/state")).toMatchObject(alike);
    expect(book.mayPublish(client, "site/2/b/other")).toBe(false);
    expect(book.mayPublish(client, "locked/7/b/state")).toBe(false);
  });

  it("that name each topic name no filter", () => {
    const client = { clientId: "c", groups: [], listener: "" };
    const rules = Array.from({ length: 30 }, (_, index): AccessRule => {
      return { allow: "publish", topics: `+/dev-${index}/state` };
    });
    const book = new AccessRuleBook({ rules });
    for (let index = 0; index < 30; index += 1)
      expect(book.mayPublish(client, `a/dev-${index}/state`)).toMatchObject({
        topicFilter: undefined,
      });
  });
});
