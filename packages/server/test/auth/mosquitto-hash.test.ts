/** Password files of mosquitto, made by its own program where it is installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parsePasswordHash } from "../../src/auth/password-hash.ts";
import { PasswordFile, passwordFileLine } from "../../src/index.ts";

const isInstalled = spawnSync("mosquitto_passwd").error === undefined;

/** mosquitto does not say how it hashes: these lines were written by its version 2.0.11, for the password "pässword". */
const LINES = [
  "old:$6$IjgfXDFOh8XO2SCz$Yr2OcpjDGI8GzyHHyd6YcX3a8wwxg9WU2d5bPA3ZE/BsXngLj2oJh87CX12GotPCebXP1w6foPhh7xXIiF9THA==",
  "new:$7$101$hZonyI9SKOzHYaQZ$TmeTgX99g1K9HKDm5rldMfaAjF/WHWAkOEQCuy/pvJufJt7yGCs1ufIOkP4SJzCXLSaA42pPLeClDm5s6LuEGA==",
];

function emptyFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "anax-mosquitto-passwords-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "passwords");
  writeFileSync(path, "");
  return path;
}

async function answer(file: PasswordFile, userName: string, text: string): Promise<unknown> {
  const password = new TextEncoder().encode(text);
  return file.authenticate({ clientId: "c", userName, password, peer: PEER });
}

const PEER = { transport: "test", secure: false };

describe("a password file of mosquitto", () => {
  it("lets in its users, also beside lines of anax passwd", async () => {
    const path = emptyFile();
    writeFileSync(path, `${LINES.join("\n")}\n${await passwordFileLine("own", "pässword")}\n`);
    const file = new PasswordFile(path);
    await file.load();
    for (const userName of ["old", "new", "own"]) {
      expect(await answer(file, userName, "pässword")).toBe(true);
      expect(await answer(file, userName, "password")).toBe(false);
    }
    expect(await answer(file, "nobody", "pässword")).toBe(undefined);
  });

  it("names the line and the kind of a hash that it cannot check", async () => {
    const path = emptyFile();
    const hash = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2g";
    writeFileSync(path, `${LINES[0]}\nann:${hash}\n`);
    await expect(new PasswordFile(path).load()).rejects.toThrow(
      `line 2 of the password file ${path} has a hash of kind argon2id, which cannot be checked: ` +
        "set the password again with anax passwd",
    );
  });

  it.skipIf(!isInstalled)("is read as mosquitto_passwd writes it here", async () => {
    const path = emptyFile();
    const add = (hash: string, userName: string, password: string): void =>
      void execFileSync("mosquitto_passwd", ["-H", hash, "-b", path, userName, password]);
    const users = ["ann", "bob jones", "päul"];
    for (const hash of ["sha512", "sha512-pbkdf2"]) {
      for (const userName of users) add(hash, `${userName} ${hash}`, `${userName}'s :secret$`);
    }
    appendFileSync(path, "# the end\n");
    const file = new PasswordFile(path);
    await file.load();
    for (const hash of ["sha512", "sha512-pbkdf2"]) {
      for (const userName of users) {
        expect(await answer(file, `${userName} ${hash}`, `${userName}'s :secret$`)).toBe(true);
        expect(await answer(file, `${userName} ${hash}`, "secret")).toBe(false);
      }
    }
  });

  it("has lines that are none when they are cut, or of a cost that nobody waits for", () => {
    const [, sha512 = ""] = /:(.*)/.exec(LINES[0] ?? "") ?? [];
    const [, pbkdf2 = ""] = /:(.*)/.exec(LINES[1] ?? "") ?? [];
    expect([sha512, pbkdf2].map(parsePasswordHash)).not.toContain(undefined);
    const wrong = [
      sha512.slice(0, -5),
      sha512.replace("$6$", "$5$"),
      `${sha512}$`,
      pbkdf2.replace("$101$", "$0$"),
      pbkdf2.replace("$101$", "$99999999$"),
      pbkdf2.replace("$101$", "$$"),
      pbkdf2.replace("$7$101$", "$7$"),
    ];
    expect(wrong.filter((text) => parsePasswordHash(text) !== undefined)).toEqual([]);
  });
});
