import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/commands.ts";
import { longName } from "../src/flags/flag.ts";
import { serveSchema } from "../src/commands/config.ts";
import { configReference, CONFIG_REFERENCE_PATH } from "./support/config-reference.ts";
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

describe("docs/reference/config.md", () => {
  const text = (): string =>
    existsSync(CONFIG_REFERENCE_PATH) ? readFileSync(CONFIG_REFERENCE_PATH, "utf8") : "";

  it("is what the tables of flags say; if not, run npm run reference -w anax", () => {
    expect(text()).toBe(configReference());
  });

  it("has every key of the schema, those of listeners, authenticators and rates too", () => {
    const keys = Object.keys(serveSchema().properties);
    expect(keys.length).toBeGreaterThan(50);
    const isThere = (key: string): boolean =>
      text().includes(`| \`${key}\``) || text().includes(`| \`${key}s\``);
    // Names that mosquitto's programs have.
    const aliases = ["cafile", "crlfile"];
    expect(keys.filter((key) => !isThere(key))).toEqual(aliases);
    for (const key of ["proxy-protocol-from", "key-url", "messages"])
      expect(text()).toContain(`| \`${key}\` |`);
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
