import { readFileSync, statSync, writeFileSync, chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PasswordFile } from "@anax/server";
import type { Peer } from "@anax/server";
import { describe, expect, it } from "vitest";
import { withUser } from "../src/passwords/password-lines.ts";
import { runToEnd, start } from "./support/command.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
const PEER: Peer = { transport: "memory", secure: false };
let files = 0;

function newPath(): string {
  files += 1;
  return join(folder, `users-${files}`);
}

async function isLetIn(
  path: string,
  userName: string,
  password: string,
): Promise<boolean | undefined> {
  const file = new PasswordFile(path);
  await file.load();
  const credentials = { clientId: "c", userName, password: Buffer.from(password), peer: PEER };
  return file.authenticate(credentials);
}

describe("anax passwd", () => {
  it("adds, changes, lists and removes users", async () => {
    const path = newPath();
    expect(await runToEnd(["passwd", path, "ann"], "secret\n")).toEqual({
      exitCode: 0,
      stdout: `added ann in ${path}\n`,
      stderr: "",
    });
    await runToEnd(["passwd", path, "bob"], "other");
    expect(await isLetIn(path, "ann", "secret")).toBe(true);

    expect((await runToEnd(["passwd", path, "ann"], "new\n")).stdout).toMatch(/^changed/);
    expect(await isLetIn(path, "ann", "secret")).toBe(false);
    expect(await isLetIn(path, "ann", "new")).toBe(true);
    expect((await runToEnd(["passwd", path])).stdout).toBe("ann\nbob\n");

    expect((await runToEnd(["passwd", path, "ann", "--delete"])).stdout).toMatch(/^removed/);
    expect((await runToEnd(["passwd", path])).stdout).toBe("bob\n");
  });

  it("makes a file that only its owner can read, and keeps the permissions of another", async () => {
    const path = newPath();
    await runToEnd(["passwd", path, "ann"], "secret");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o640);
    await runToEnd(["passwd", path, "bob"], "secret");
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  it("keeps comments, and writes no password in clear", async () => {
    const path = newPath();
    writeFileSync(path, "# the greenhouse\n");
    await runToEnd(["passwd", path, "ann"], "secret");
    expect(readFileSync(path, "utf8")).toMatch(/^# the greenhouse\nann:\$scrypt\$\S+\n$/);
    expect(readFileSync(path, "utf8")).not.toContain("secret");
  });

  it("writes a verifier for SCRAM-SHA-256 if it is told so, and takes it away again", async () => {
    const path = newPath();
    await runToEnd(["passwd", path, "ann", "--scram"], "secret");
    expect(readFileSync(path, "utf8")).toMatch(/^ann:\$scrypt\$\S+:\$scram-sha-256\$\S+\n$/);
    expect(await isLetIn(path, "ann", "secret")).toBe(true);
    await runToEnd(["passwd", path, "ann"], "secret");
    expect(readFileSync(path, "utf8")).not.toContain("scram");
    const { exitCode, stderr } = await runToEnd(["passwd", path, "ann", "--scram"], "a\u0007b");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/^anax passwd: SCRAM-SHA-256 cannot use it: [^\n]+\n$/),
    });
  });

  it("asks twice on a terminal, and does not show what is typed", async () => {
    const path = newPath();
    const command = start(["passwd", path, "ann"], { isTTY: true });
    await command.stderr.waitFor(/Password for ann: $/);
    command.stdin.write("secretx\u007f\r");
    await command.stderr.waitFor(/The same again: $/);
    command.stdin.write("secret\r");
    expect(await command.exitCode).toBe(0);
    expect(command.stderr.text).not.toContain("secret");
    expect(await isLetIn(path, "ann", "secret")).toBe(true);
  });

  it("refuses two passwords that differ", async () => {
    const command = start(["passwd", newPath(), "ann"], { isTTY: true });
    await command.stderr.waitFor(/Password for ann: $/);
    command.stdin.write("one\r");
    await command.stderr.waitFor(/The same again: $/);
    command.stdin.write("two\r");
    expect(await command.exitCode).toBe(1);
    expect(command.stderr.text).toMatch(/anax passwd: the two passwords differ\n$/);
  });

  it("can be interrupted while it asks", async () => {
    const command = start(["passwd", newPath(), "ann"], { isTTY: true });
    await command.stderr.waitFor(/Password for ann: $/);
    command.stdin.write("\u0003");
    expect(await command.exitCode).toBe(1);
  });

  it("leaves a file alone that is no password file", async () => {
    const path = newPath();
    writeFileSync(path, "ann:clear\n");
    const { exitCode, stderr } = await runToEnd(["passwd", path, "bob"], "secret");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^anax passwd: line 1 [^\n]+\n$/);
    expect(readFileSync(path, "utf8")).toBe("ann:clear\n");
  });

  it.each([
    ["no file", 2, [], ""],
    ["an empty password", 1, ["users", "ann"], ""],
    ["a user name with a colon", 2, ["users", "a:b"], "secret"],
    ["a user to remove who is not there", 1, ["users", "ann", "-D"], ""],
    ["a user to remove by SCRAM", 2, ["users", "ann", "-D", "--scram"], ""],
    ["nobody to remove", 2, ["users", "-D"], ""],
    ["a folder that is not there", 1, ["none/users", "ann"], "secret"],
    ["a folder in place of the file", 1, [".", "ann"], "secret"],
  ])("says in one line that %s cannot be", async (_name, expected, [file, ...rest], input) => {
    const args = file === undefined ? [] : [join(folder, "refused", "..", file), ...rest];
    const { exitCode, stderr } = await runToEnd(["passwd", ...args], input);
    expect(exitCode).toBe(expected);
    expect(stderr).toMatch(/^anax passwd: [^\n]+\n$/);
  });
});

describe("withUser", () => {
  it.each([
    ["", "a:1\n"],
    ["b:2\n", "b:2\na:1\n"],
    ["a:0\nb:2\n", "a:1\nb:2\n"],
    ["# x\n\na:0", "# x\n\na:1\n"],
    ["ab:0\n", "ab:0\na:1\n"],
  ])("puts the line of a user into %j", (text, expected) => {
    expect(withUser(text, "a", "a:1")).toBe(expected);
  });

  it("removes the line of a user", () => {
    expect(withUser("a:0\nb:2\n", "a", undefined)).toBe("b:2\n");
    expect(withUser("a:0\n", "a", undefined)).toBe("");
  });
});
