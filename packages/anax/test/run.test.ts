import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/commands.ts";
import { helpText } from "../src/flags/help-text.ts";
import { runToEnd } from "./support/command.ts";

describe("anax", () => {
  it("lists its commands", async () => {
    for (const args of [[], ["--help"], ["-h"], ["help"]]) {
      const { exitCode, stdout, stderr } = await runToEnd(args);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      for (const name of COMMANDS.keys()) expect(stdout).toContain(`\n  ${name} `);
    }
  });

  it("tells its version", async () => {
    const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    const { stdout, exitCode } = await runToEnd(["--version"]);
    expect(exitCode).toBe(0);
    expect(manifest).toContain(`"version": "${stdout.trim()}"`);
  });

  it("answers an unknown command or flag with one line and exit code 2", async () => {
    expect(await runToEnd(["serev"])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "anax: there is no command serev; did you mean serve?\n",
    });
    expect(await runToEnd(["--versoin"])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "anax: there is no flag --versoin; did you mean --version?\n",
    });
    expect((await runToEnd(["help", "frobnicate"])).stderr).toBe(
      "anax: there is no command frobnicate; see anax --help\n",
    );
  });

  it("answers an unknown flag or word of a command with one line and exit code 2", async () => {
    expect(await runToEnd(["pub", "--tpoic", "a"])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "anax pub: there is no flag --tpoic; did you mean --topic?\n",
    });
    expect(await runToEnd(["demo", "now"])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: 'anax demo: "now" is unexpected; see --help\n',
    });
  });

  it.each([...COMMANDS])(
    "explains %s the same by help and --help",
    async (name, { load, summary }) => {
      const asked = await runToEnd([name, "--help"]);
      expect(await runToEnd(["help", name])).toEqual(asked);
      expect(asked.exitCode).toBe(0);
      expect(asked.stderr).toBe("");
      const command = await load();
      expect(command.name).toBe(name);
      expect(command.summary).toBe(summary);
      expect(asked.stdout).toContain(`anax ${name}: ${summary}\n`);
    },
  );

  it.each([...COMMANDS])("keeps the help of %s within the terminal", async (_name, { load }) => {
    const command = await load();
    const longestFixed = [...command.usage, ...command.notes.flatMap(({ lines }) => lines)];
    const fixed = Math.max(...longestFixed.map((line) => line.length + 7));
    for (const columns of [80, 100, 200]) {
      const longest = Math.max(
        ...helpText(command, columns)
          .split("\n")
          .map((l) => l.length),
      );
      expect(longest).toBeLessThanOrEqual(Math.max(Math.min(columns, 100), fixed));
    }
  });
});
