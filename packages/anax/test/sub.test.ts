import { describe, expect, it } from "vitest";
import type { RunningCommand } from "./support/command.ts";
import { runToEnd, start } from "./support/command.ts";
import type { TestServer } from "./support/test-server.ts";
import { startTestServer } from "./support/test-server.ts";

/** Starts `anax sub` and waits until it has subscribed to the last of its filters. */
async function subscribe(server: TestServer, ...args: string[]): Promise<RunningCommand> {
  const filters = args.filter((_, index) => args[index - 1] === "-t");
  const subscribed = server.subscribed(filters.at(-1) ?? "");
  const command = start(["sub", ...server.flags, ...args]);
  await subscribed;
  return command;
}

function inject(
  { server }: TestServer,
  topic: string,
  payload: string | Uint8Array,
  options: { qos?: 0 | 1 | 2; retain?: boolean; contentType?: string } = {},
): Promise<unknown> {
  return server.injectApplicationMessage({ topic, payload, ...options });
}

describe("anax sub", () => {
  describe("on a terminal", () => {
    const topic = "a/\u001b[2J\u202e";
    const payload = "x\u001b]0;title\u0007\n\ty\u009b\r\u{1f469}\u200d\u{1f52c}";
    const VISIBLE_TOPIC = String.raw`a/\u001b[2J\u202e`;
    const VISIBLE_PAYLOAD = `${String.raw`x\u001b]0;title\u0007`}\n\t${String.raw`y\u009b\u000d`}\u{1f469}\u200d\u{1f52c}`;

    async function printed(args: string[], bytes: string | Uint8Array = payload): Promise<string> {
      const server = await startTestServer();
      const subscribed = server.subscribed("a/#");
      const command = start(["sub", ...server.flags, "-t", "a/#", "-C", "1", ...args], {
        isTTY: true,
      });
      await subscribed;
      await inject(server, topic, bytes);
      await command.exitCode;
      return command.stdout.text;
    }

    it("shows what would act on the terminal as escapes", async () => {
      expect(await printed(["-v"])).toBe(`${VISIBLE_TOPIC} ${VISIBLE_PAYLOAD}\n`);
      expect(await printed(["-F", "\\e[1m%t %p"])).toBe(
        `\u001b[1m${VISIBLE_TOPIC} ${VISIBLE_PAYLOAD}\n`,
      );
      expect(await printed(["-F", "%.8t|"])).toBe(`${VISIBLE_TOPIC.slice(0, 8)}|\n`);
      expect(await printed([], Uint8Array.of(0x61, 0xff, 0x1b))).toBe(
        `${String.raw`a\xff\u001b`}\n`,
      );
    });

    it("shows all with --raw", async () => {
      expect(await printed(["-v", "--raw"])).toBe(`${topic} ${payload}\n`);
      expect(await printed(["-F", "%t", "--raw"])).toBe(`${topic}\n`);
    });

    it.each([["--json"], ["-F", "%j"], ["--json", "--pretty"]])(
      "and elsewhere escapes it in JSON: %s %s",
      async (...args) => {
        const line = await printed(args);
        expect(line.replaceAll("\n", "")).not.toMatch(/(?!\u200d)[\p{Cc}\p{Cf}]/u);
        expect(JSON.parse(line)).toMatchObject({ topic, payload });
      },
    );
  });

  it("prints the payloads, and ends after as many as -C says", async () => {
    const server = await startTestServer();
    const command = await subscribe(server, "-t", "plants/#", "-C", "2");
    for (const text of ["one", "two", "three"]) await inject(server, "plants/7", text);
    expect(await command.exitCode).toBe(0);
    expect(command.stdout.text).toBe("one\ntwo\n");
    expect(command.stderr.text).toBe("");
    expect(command.signalHandlers()).toBe(0);
  });

  it("prints bytes as they came where there is no terminal", async () => {
    const server = await startTestServer();
    const command = await subscribe(server, "-t", "a", "-C", "1");
    await inject(server, "a", "\u001b[2J");
    await command.exitCode;
    expect(command.stdout.text).toBe("\u001b[2J\n");
  });

  it("subscribes to several filters, shared ones too", async () => {
    const server = await startTestServer();
    const command = await subscribe(server, "-v", "-C", "2", "-t", "a/+", "-t", "$share/g/b");
    await inject(server, "a/1", "x");
    await inject(server, "b", "y");
    await command.exitCode;
    expect(command.stdout.text).toBe("a/1 x\nb y\n");
  });

  it("gets messages at the QoS that it asks for", async () => {
    const server = await startTestServer();
    const command = await subscribe(server, "-t", "a", "-q", "1", "-C", "1", "-F", "%q");
    await inject(server, "a", "x", { qos: 2 });
    await command.exitCode;
    expect(command.stdout.text).toBe("1\n");
  });

  it.each([
    ["the bytes as they are", [], [0xff, 0x00, 0x0a]],
    ["no line feed with -N", ["-N"], [0xff, 0x00]],
    ["hexadecimal digits", ["--hex"], [...Buffer.from("ff00\n")]],
  ])("prints %s", async (_name, flags, expected) => {
    const server = await startTestServer();
    const command = await subscribe(server, "-t", "a", "-C", "1", ...flags);
    await inject(server, "a", new Uint8Array([0xff, 0x00]));
    await command.exitCode;
    expect([...command.stdout.bytes]).toEqual(expected);
  });

  it("prints JSON lines", async () => {
    const server = await startTestServer();
    const command = await subscribe(server, "-t", "a", "-C", "2", "--json");
    await inject(server, "a", "tëxt", { contentType: "text/plain" });
    await inject(server, "a", new Uint8Array([0xff]));
    await command.exitCode;
    const lines = command.stdout.text
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const common = { time, topic: "a", qos: 0, retain: false };
    expect(lines).toEqual([
      { ...common, payload: "tëxt", contentType: "text/plain" },
      { ...common, payloadBase64: "/w==" },
    ]);
  });

  it("ends with 27 when the time of -W is up", async () => {
    const { flags } = await startTestServer();
    expect(await runToEnd(["sub", ...flags, "-t", "a", "-W", "0.05"])).toEqual({
      exitCode: 27,
      stdout: "",
      stderr: "",
    });
  });

  it("ends with -E as soon as it has subscribed", async () => {
    const { flags } = await startTestServer();
    expect((await runToEnd(["sub", ...flags, "-t", "a", "-E"])).exitCode).toBe(0);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends in order at %s", async (signal) => {
    const disconnected: unknown[] = [];
    const server = await startTestServer({
      on: { clientDisconnected: ({ disconnectType }) => void disconnected.push(disconnectType) },
    });
    const command = await subscribe(server, "-t", "a");
    command.signal(signal);
    expect(await command.exitCode).toBe(0);
    await expect.poll(() => disconnected).toEqual(["clean"]);
  });

  it("passes over what -T names, and retained messages with -R", async () => {
    const server = await startTestServer();
    await inject(server, "a/old", "old", { retain: true });
    const command = await subscribe(server, "-t", "a/#", "-T", "a/x/+", "-R", "-C", "1");
    await inject(server, "a/x/1", "filtered");
    await inject(server, "a/new", "new");
    await command.exitCode;
    expect(command.stdout.text).toBe("new\n");
  });

  it("takes retained messages only, and removes them from the server", async () => {
    const server = await startTestServer();
    await inject(server, "a/1", "old", { retain: true });
    const flags = ["-t", "a/#", "--retained-only", "--remove-retained"];
    const command = await subscribe(server, ...flags);
    await expect.poll(() => command.stdout.text).toBe("old\n");
    await inject(server, "a/2", "not retained");
    expect(await command.exitCode).toBe(0);
    expect(command.stdout.text).toBe("old\n");
    expect(server.server.statistics.retainedMessagesCurrent).toBe(0);
  });

  it("goes on with a session and prints what waited for it", async () => {
    const server = await startTestServer();
    const session = ["sub", ...server.flags, "-t", "a", "-q", "1", "-i", "me", "-c"];
    await runToEnd([...session, "-E"]);
    await inject(server, "a", "waited", { qos: 1 });
    expect((await runToEnd([...session, "-C", "1"])).stdout).toBe("waited\n");
  });

  it.each(["1", "2"])("takes one message of a session with -C 1 at QoS %s", async (qos) => {
    const server = await startTestServer();
    const session = ["sub", ...server.flags, "-t", "a", "-q", qos, "-i", "me", "-c"];
    await runToEnd([...session, "-E"]);
    for (const text of ["one", "two", "three"]) await inject(server, "a", text, { qos: 2 });
    for (const text of ["one", "two", "three"]) {
      expect((await runToEnd([...session, "-C", "1"])).stdout).toBe(`${text}\n`);
    }
  });

  it("ends subscriptions of the session with -U", async () => {
    const server = await startTestServer();
    const session = ["sub", ...server.flags, "-i", "me", "-c"];
    await runToEnd([...session, "-t", "a", "-t", "b", "-E"]);
    expect(server.server.statistics.subscriptionsCurrent).toBe(2);
    await runToEnd([...session, "-U", "a", "-t", "b", "-E"]);
    expect(server.server.statistics.subscriptionsCurrent).toBe(1);
  });

  it("passes subscription options and properties on", async () => {
    const seen: unknown[] = [];
    const server = await startTestServer({
      on: {
        interceptingSubscription: ({ topicFilter, subscriptionIdentifier, userProperties }) =>
          void seen.push({ ...topicFilter, subscriptionIdentifier, userProperties }),
      },
    });
    await runToEnd([
      ...[
        "sub",
        ...server.flags,
        "-t",
        "a",
        "-q",
        "2",
        "-E",
        "--no-local",
        "--retain-as-published",
      ],
      ...["--retain-handling", "never", "--subscription-identifier", "7"],
      ...["-D", "subscribe", "user-property", "k", "v"],
    ]);
    expect(seen).toEqual([
      {
        topicFilter: "a",
        qos: 2,
        noLocal: true,
        retainAsPublished: true,
        retainHandling: 2,
        subscriptionIdentifier: 7,
        userProperties: [["k", "v"]],
      },
    ]);
  });

  it("comes back when the connection is lost, and says so", async () => {
    const server = await startTestServer();
    const command = await subscribe(server, "-t", "a", "-C", "1");
    await server.server.stop({ deadlineMs: 0 });
    await command.stderr.waitFor(/^anax sub: .*; trying to reconnect\n/);
    const port = server.port;
    const again = await startTestServer({ port });
    await again.subscribed("a");
    await inject(again, "a", "after");
    expect(await command.exitCode).toBe(0);
    expect(command.stdout.text).toBe("after\n");
    expect(command.stderr.text).toMatch(/anax sub: connected again\n$/);
  });

  it("ends with 1 when another client takes its session over", async () => {
    const server = await startTestServer();
    const command = await subscribe(server, "-t", "a", "-i", "me");
    await runToEnd(["pub", ...server.flags, "-t", "b", "-m", "c", "-i", "me"]);
    expect(await command.exitCode).toBe(1);
    expect(command.stderr.text).toMatch(/^anax sub: [^\n]+\n$/);
  });

  it("goes on with the filters that the server granted, and fails if it granted none", async () => {
    const server = await startTestServer({
      on: {
        interceptingSubscription: (event) => {
          if (event.topicFilter.topicFilter !== "secret") return;
          event.processSubscription = false;
          event.response.reasonCode = 0x87;
        },
      },
    });
    const command = await subscribe(server, "-t", "secret", "-t", "a", "-C", "1");
    await command.stderr.waitFor(/^anax sub: .*secret.*0x87/);
    await inject(server, "a", "granted");
    expect(await command.exitCode).toBe(0);

    const refused = await runToEnd(["sub", ...server.flags, "-t", "secret"]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/^anax sub: [^\n]+0x87[^\n]*\n$/);
  });

  it("says that a payload for %J is no JSON, and goes on", async () => {
    const server = await startTestServer();
    const command = await subscribe(server, "-t", "a", "-C", "2", "-F", "%J");
    await inject(server, "a", "nonsense");
    await inject(server, "a", '{"b":1}');
    expect(await command.exitCode).toBe(0);
    expect(command.stderr.text).toBe("anax sub: the payload of a message on a is no JSON\n");
    expect(JSON.parse(command.stdout.text)).toMatchObject({ payload: { b: 1 } });
  });

  it.each([
    ["no topic", []],
    ["a filter that is none", ["-t", "a/#/b"]],
    ["a layout of what is no JSON", ["-t", "a", "--pretty"]],
    ["two ways to print", ["-t", "a", "--json", "--hex"]],
    ["an unknown part of a format", ["-t", "a", "-F", "%z"]],
    ["noLocal on a shared subscription", ["-t", "$share/g/a", "--no-local"]],
  ])("says in one line that %s cannot be", async (_name, args) => {
    const { flags } = await startTestServer();
    const { exitCode, stdout, stderr } = await runToEnd(["sub", ...flags, ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^anax sub: [^\n]+\n$/);
  });

  it.each([
    ["# before the end", ["-t", "a/#/b"], "[MQTT-4.7.1-1]"],
    ["a share of nothing", ["-t", "$share/g"], "[MQTT-4.8.2-2]"],
    ["a filter to end", ["-U", "a+"], "[MQTT-4.7.1-2]"],
    ["a filter to pass over", ["-t", "a", "-T", "#/a"], "[MQTT-4.7.1-1]"],
  ])("refuses %s without a server, by its rule", async (_name, args, tag) => {
    const { exitCode, stderr } = await runToEnd(["sub", "--unix", "/none", ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(tag);
  });
});
