import { describe, expect, it } from "vitest";
import { AUTHENTICATOR_FLAG } from "../src/authenticating/authenticator-flag.ts";
import { longName } from "../src/flags/flag.ts";
import type { Flag } from "../src/flags/flag.ts";

/** What an authenticator of this map is refused for; empty if it is not. */
function refusalOf(map: object): string {
  try {
    AUTHENTICATOR_FLAG.read([[JSON.stringify(map)]], "map");
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A value that a key may have. */
function valueOf({ placeholder, schema = {} }: Flag<unknown>): unknown {
  if (placeholder === undefined) return true;
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  return schema["type"] === "integer" || schema["type"] === "number" ? 1 : "a: b=c";
}

describe("an authenticator", () => {
  it("has the keys of which their help says that its type has them", () => {
    const { type, ...keys } = AUTHENTICATOR_FLAG.entries ?? {};
    const types: unknown = type?.schema?.["enum"];
    if (!Array.isArray(types)) throw new Error("type is no choice");
    for (const [key, flag] of Object.entries<Flag<unknown>>(keys)) {
      const having = types.filter((one) => new RegExp(`\\b(of|and) ${one}\\b`).test(flag.help));
      expect(having, key).not.toEqual([]);
      for (const one of types) {
        const refusal = refusalOf({ type: one, [longName(key)]: valueOf(flag) });
        const said = `map: an authenticator of type ${one} has no ${longName(key)}`;
        if (having.includes(one)) expect(refusal).not.toContain("has no");
        else expect(refusal).toBe(said);
      }
    }
  });
});
