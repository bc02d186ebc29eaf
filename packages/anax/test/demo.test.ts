import { connect } from "@anax/client";
import { describe, expect, it } from "vitest";
import { runToEnd, start } from "./support/command.ts";
import { startTestServer } from "./support/test-server.ts";

describe("anax demo", () => {
  it("prints the time as often as asked, and what to type next", async () => {
    const { exitCode, stdout, stderr } = await runToEnd(["demo", "-C", "3", "--interval", "0.001"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout.match(/^demo\/time {2}\d\d:\d\d:\d\d$/gm)).toHaveLength(3);
    expect(stdout).toMatch(/^ {2}npx anax sub -p \d+ -v -t 'demo\/#'$/m);
    expect(stdout).toMatch(/^ {2}npx anax pub -p \d+ -t demo\/greeting -m hello$/m);
  });

  it("shows what others publish, and ends at Ctrl-C", async () => {
    const command = start(["demo"]);
    const [, url = ""] = await command.stdout.waitFor(/listens on (\S+)\./);
    await command.stdout.waitFor(/^demo\/time/m);
    const client = await connect(url);
    await client.publish("demo/greeting", "hello");
    await command.stdout.waitFor(/^demo\/greeting {2}hello$/m);
    await client.disconnect();
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
    expect(command.signalHandlers()).toBe(0);
  });

  it("says in one line that its port is in use", async () => {
    const { port } = await startTestServer();
    const { exitCode, stdout, stderr } = await runToEnd(["demo", "-p", String(port)]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^anax demo: cannot listen on [^\n]+\n$/);
  });
});
