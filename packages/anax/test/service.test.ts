/** What runs `anax serve` as a service: systemd and containers. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { validate } from "dockerfile-utils";
import { afterEach, describe, expect, it } from "vitest";
import { start } from "./support/command.ts";
import { IN_MEMORY, running } from "./support/serving.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
const oldPath = process.env["PATH"];

afterEach(() => {
  process.env["PATH"] = oldPath;
});

/** Puts a `systemd-notify` of ours first: it writes down what it is told. */
function notifications(): { readonly told: () => string } {
  const programs = join(folder, "programs");
  const record = join(folder, "told.txt");
  mkdirSync(programs, { recursive: true });
  writeFileSync(record, "");
  writeFileSync(join(programs, "systemd-notify"), `#!/bin/sh\necho "$@" >> ${record}\n`);
  chmodSync(join(programs, "systemd-notify"), 0o755);
  process.env["PATH"] = `${programs}${delimiter}${oldPath}`;
  return { told: () => readFileSync(record, "utf8") };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("under systemd", () => {
  it("tells that it serves, that it is alive, and that it stops", async () => {
    const { told } = notifications();
    const environment = { NOTIFY_SOCKET: "/run/none", WATCHDOG_USEC: "40000" };
    const command = start(["serve", "--port", "0", ...IN_MEMORY], { environment });
    running.push(command);
    const us = `--pid=${process.pid}`;
    await until(() => told().split("WATCHDOG=1").length > 3);
    expect(told()).toContain(`${us} READY=1\n`);
    command.signal("SIGTERM");
    await command.exitCode;
    await until(() => told().includes(`${us} STOPPING=1\n`));
  });

  it("is not there where nothing asks for it", async () => {
    const { told } = notifications();
    const command = start(["serve", "--port", "0", ...IN_MEMORY]);
    running.push(command);
    await command.stdout.waitFor(/^ready /m);
    command.signal("SIGTERM");
    await command.exitCode;
    expect(told()).toBe("");
  });

  it("has a unit that starts what there is", async () => {
    const unit = readFileSync(
      fileURLToPath(new URL("../systemd/anax.service", import.meta.url)),
      "utf8",
    );
    expect(unit).toMatch(/^Type=notify$/m);
    expect(unit).toMatch(/^WatchdogSec=\d+$/m);
    const [, words = ""] = /^ExecStart=\/usr\/bin\/env anax (.+)$/m.exec(unit) ?? [];
    const args = words.replace("/etc/anax/anax.yaml", join(folder, "unit.yaml")).split(" ");
    writeFileSync(join(folder, "unit.yaml"), "port: many\n");
    const command = start(args.map((word) => word.replace("/var/lib/anax", join(folder, "data"))));
    expect(await command.exitCode).toBe(2);
    expect(command.stderr.text).toContain('unit.yaml:1: port "many"');
  });
});

describe("the Dockerfile", () => {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const lines = readFileSync(join(root, "docker/Dockerfile"), "utf8");

  it("has no fault that its linter knows", () => {
    expect(validate(lines)).toEqual([]);
  });

  it("copies what there is, and runs the server not as root, with a health check", () => {
    const [, final = ""] = lines.split(/^FROM [^\n]*(?<! AS build)$/m);
    expect(final).toMatch(/^USER node$/m);
    expect(final).toMatch(/^HEALTHCHECK /m);
    expect(final).toMatch(/^ENTRYPOINT \["anax"\]\nCMD \["serve"\]$/m);
    for (const [, path = ""] of final.matchAll(/^COPY --from=build \/source\/(\S+) /gm)) {
      expect(existsSync(join(root, path))).toBe(true);
    }
  });

  it("packs every package of this repository that anax needs: no registry need have them", () => {
    const packed = [...lines.matchAll(/-w (\S+)/g)].map(([, name]) => name);
    const manifest = readFileSync(join(root, "packages/anax/package.json"), "utf8");
    const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
    const ours = Object.keys(dependencies).filter((name) => name.startsWith("@anax/"));
    expect(new Set(packed)).toEqual(new Set(["anax", ...ours]));
  });

  it("has a health check that knows a server that answers from one that does not", async () => {
    const { execFile } = await import("node:child_process");
    const check = (port: string): Promise<number> =>
      new Promise((resolve) => {
        const env = { ...process.env, ANAX_PORT: port };
        const child = execFile(process.execPath, [join(root, "docker/health.mjs")], { env });
        child.on("exit", (code) => resolve(code ?? -1));
      });
    const command = start(["serve", "--port", "0", ...IN_MEMORY, "--user", "ann:secret"]);
    running.push(command);
    const [, port = ""] = await command.stdout.waitFor(/listening on \S+:(\d+)\n[^]*^ready /m);
    expect(await check(port)).toBe(0);
    command.signal("SIGTERM");
    await command.exitCode;
    expect(await check(port)).toBe(1);
  });
});
