import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runToEnd } from "./support/command.ts";
import { client, serve } from "./support/serving.ts";
import type { Server } from "./support/serving.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
let files = 0;

function file(text: string, ending = "yaml"): string {
  files += 1;
  const path = join(folder, `access-${files}.${ending}`);
  writeFileSync(path, text);
  return path;
}

const RULES = `
groups:
  operators: [ann]
rules:
  - deny: publish
    topics: [plants/+/name]
  - allow: both
    user: bob
    topics: "plants/%u/#"
    max-qos: 1
    retain: false
  - allow: subscribe
    group: operators
    topics: plants/#
`;

/** What `anax access check` says. */
async function check(...args: string[]): Promise<{ exitCode: number; text: string }> {
  const { exitCode, stdout, stderr } = await runToEnd(["access", "check", ...args]);
  return { exitCode, text: (stdout + stderr).replaceAll(folder, "") };
}

describe("anax access check", () => {
  const path = file(RULES);
  const name = path.replace(folder, "");

  it("says which rule allows it, with file and line", async () => {
    const { exitCode, text } = await check(
      "--access-file",
      path,
      "--user",
      "bob",
      "--publish",
      "plants/bob/x",
    );
    expect(exitCode).toBe(0);
    expect(text).toContain("allowed: publish plants/bob/x");
    expect(text).toContain(`${name}:7: allow both plants/%u/#`);
  });

  it("says which rule denies it, or that none allows it", async () => {
    const denied = await check(
      "--access-file",
      path,
      "--user",
      "bob",
      "--publish",
      "plants/bob/name",
    );
    expect(denied).toMatchObject({ exitCode: 1 });
    expect(denied.text).toContain(`${name}:5: deny publish plants/+/name`);
    const unknown = await check(
      "--access-file",
      path,
      "--user",
      "eve",
      "--publish",
      "plants/bob/x",
    );
    expect(unknown.exitCode).toBe(1);
    expect(unknown.text).toContain("no rule is about plants/bob/x");
  });

  it("knows groups, limits, filters and what is allowed in part", async () => {
    const rules = ["--access-file", path];
    expect((await check(...rules, "--user", "ann", "--subscribe", "plants/+/x")).exitCode).toBe(0);
    expect((await check(...rules, "--user", "ann", "--subscribe", "#")).text).toContain(
      "no rule is about some topics",
    );
    const qos = await check(...rules, "--user", "bob", "--publish", "plants/bob/x", "--qos", "2");
    expect(qos.text).toContain("this rule allows QoS 1 at most");
    const retained = await check(
      ...rules,
      "--user",
      "bob",
      "--publish",
      "plants/bob/x",
      "--retain",
    );
    expect(retained.text).toContain("no retained messages");
    const narrow = file(`subscriptions: narrow\n${RULES}`);
    const part = await check("--access-file", narrow, "--user", "ann", "--subscribe", "#");
    expect(part).toMatchObject({ exitCode: 1 });
    expect(part.text).toContain("allowed in part");
  });

  it.each([
    ["rules:\n  - alow: both\n    topics: a\n", ":2: there is no key alow; did you mean allow?"],
    ["rules:\n  - allow: both\n", ":2: topics is missing"],
    ["rules:\n  - allow: all\n    topics: a\n", ':2: allow "all"'],
    ["rules:\n  - allow: both\n    topics: a/#/b\n", ':2: topic "a/#/b" is no Topic Filter'],
    ["rules:\n  - allow: both\n    topics: a\n    address: 10.0.0.0/33\n", ":2: address"],
    ["rules: [\n", ":2: "],
    ["subscriptions: maybe\nrules: []\n", ":1: subscriptions is not refuse or narrow"],
  ])("says what is wrong in %j", async (text, expected) => {
    const { exitCode, text: said } = await check("--access-file", file(text), "--publish", "a");
    expect(exitCode).toBe(2);
    expect(said).toContain(expected);
  });

  it("reads the same rules from JSON", async () => {
    const json = file(
      JSON.stringify({ rules: [{ allow: "publish", topics: "a/#", "max-qos": 1 }] }),
      "json",
    );
    const { text, exitCode } = await check("--access-file", json, "--publish", "a/b");
    expect(exitCode).toBe(0);
    expect(text).toContain("rules[0]");
  });

  it("reads the acl_file of mosquitto", async () => {
    const acl = file(
      "topic read open/#\nuser ann\ntopic deny a/secret\ntopic readwrite a/#\npattern write c/%c/#\n",
      "acl",
    );
    const rules = ["--acl-file", acl];
    expect((await check(...rules, "--receive", "open/x")).exitCode).toBe(0);
    expect((await check(...rules, "--user", "ann", "--receive", "open/x")).exitCode).toBe(1);
    expect((await check(...rules, "--user", "ann", "--publish", "a/secret")).text).toContain(
      ":3: deny both a/secret",
    );
    expect((await check(...rules, "--client", "7", "--publish", "c/7/x")).exitCode).toBe(0);
    expect((await check(...rules, "--client", "7", "--publish", "c/8/x")).exitCode).toBe(1);
    expect((await check("--acl-file", file("topic wrote a\n"), "--publish", "a")).text).toContain(
      ":1: wrote is not read",
    );
  });
});

describe("anax access test", () => {
  it("names the expectations that the rules do not meet", async () => {
    const rules = file(RULES).replace(`${folder}/`, "");
    const good = file(`access-file: ${rules}
expect:
  - allow: publish
    user: bob
    topics: [plants/bob/a, plants/bob/b]
  - deny: publish
    user: bob
    topics: plants/ann/a
  - { allow: subscribe, user: ann, topics: "plants/#" }
`);
    expect(await runToEnd(["access", "test", good])).toMatchObject({
      exitCode: 0,
      stdout: `${good}: ok (4 expectations)\n`,
    });
    const bad = file(`access-file: ${rules}
expect:
  - { allow: publish, user: eve, topics: "plants/bob/a" }
  - { deny: subscribe, user: ann, topics: "plants/#" }
`);
    const { exitCode, stderr } = await runToEnd(["access", "test", bad]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${bad}:3: publish plants/bob/a is denied`);
    expect(stderr).toContain(`${bad}:4: subscribe plants/# is allowed`);
    expect(stderr).toContain("2 of 2 expectations are not met");
  });
});

/** Reason Code of a PUBLISH to a topic. */
async function publishCode({ urls }: Server, topic: string): Promise<number> {
  const publisher = await client(urls[0]);
  const { reasonCode } = await publisher.publish(topic, "x", { qos: 1 }).then(
    () => ({ reasonCode: 0 }),
    (error: { reasonCode?: number }) => ({ reasonCode: error.reasonCode ?? -1 }),
  );
  await publisher.disconnect();
  return reasonCode;
}

const allowing = (topic: string): string => `rules:\n  - allow: both\n    topics: ${topic}\n`;

describe("anax serve --access-file", () => {
  it("puts rules in force, and others when the file changes; a broken file changes nothing", async () => {
    const path = file(allowing("a/#"));
    const server = await serve("--access-file", path, "--log-level", "error");
    const { stdout, stderr } = server.command;
    expect(await publishCode(server, "a/1")).toBe(0);
    expect(await publishCode(server, "b/1")).toBe(0x87);
    const next = file(allowing("b/#"));
    renameSync(next, path);
    await stdout.waitFor(/^access rules read again \(1\)/m);
    expect(await publishCode(server, "a/1")).toBe(0x87);
    expect(await publishCode(server, "b/1")).toBe(0);
    writeFileSync(path, "rules:\n  - allow: all\n");
    await stderr.waitFor(/the rules of access cannot be read: those of before stay in force/);
    expect(await publishCode(server, "b/1")).toBe(0);
    server.command.signal("SIGHUP");
    await stderr.waitFor(/not read again: .*:2: /);
    expect(await publishCode(server, "b/1")).toBe(0);
  });

  it("does not start with a file that is wrong, or missing", async () => {
    const wrong = await runToEnd([
      "serve",
      "--durability",
      "memory",
      "--access-file",
      file("rules:\n  - 7\n"),
    ]);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(":2: ") as string });
    const missing = await runToEnd([
      "serve",
      "--durability",
      "memory",
      "--access-file",
      "/none.yaml",
    ]);
    expect(missing.exitCode).toBe(1);
    const both = await runToEnd(["serve", "--access-file", "a", "--acl-file", "b"]);
    expect(both).toMatchObject({ exitCode: 2 });
  });
});
