import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/commands.ts";
import { longName } from "../src/flags/flag.ts";
import { cliReference, REFERENCE_PATH } from "./support/cli-reference.ts";

describe("docs/reference/cli.md", () => {
  it("is what the tables of flags say; if not, run npm run reference -w anax", async () => {
    const written = existsSync(REFERENCE_PATH) ? readFileSync(REFERENCE_PATH, "utf8") : "";
    expect(written).toBe(await cliReference());
  });

  it("has every flag of every command", async () => {
    const reference = await cliReference();
    const shared = reference.split("## Flags of `anax pub` and `anax sub`\n")[1] ?? "";
    for (const { load } of COMMANDS.values()) {
      const { flags, name } = await load();
      const own = reference.split(`## anax ${name}\n`)[1]?.split("\n## ")[0] ?? "";
      const section = name === "pub" || name === "sub" ? own + shared : own;
      for (const flag of Object.keys(flags)) expect(section).toContain(`--${longName(flag)}`);
    }
  });
});

describe("the tables of flags", () => {
  it.each([...COMMANDS])("give each flag of %s its own names", async (_name, { load }) => {
    const { flags } = await load();
    const names = Object.entries(flags).flatMap(([name, { short, aliases = [] }]) => [
      longName(name),
      ...(short === undefined ? [] : [short]),
      ...aliases,
    ]);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
    for (const { help, short } of Object.values(flags)) {
      expect(help).toMatch(/^[^A-Z].*[^.]$|^QoS|^Keep|^Topic|^Client|^User|^Content|^MQTT/);
      expect(short ?? "x").toHaveLength(1);
    }
  });
});
