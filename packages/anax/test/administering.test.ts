/** The commands over the admin API, against `anax serve`. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { newToken } from "@anax/admin";
import { listen } from "@anax/testing";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { screenLines } from "../src/administering/top-screen.ts";
import { field, printOne, tableLines } from "../src/administering/showing.ts";
import type { EndedCommand } from "./support/command.ts";
import { Captured, start } from "./support/command.ts";
import { client, running, serve } from "./support/serving.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
let files = 0;
let environment: Readonly<Record<string, string>>;
let url: string | undefined;
let args: readonly string[];

/** A server whose API these commands reach by the environment. */
beforeEach(async () => {
  files += 1;
  const path = join(folder, `tokens-${files}.txt`);
  const { token, line } = newToken("ann", "operator");
  appendFileSync(path, `${line}\n`);
  args = ["--admin-port", "0", "--admin-tokens", path, "--max-reconnects", "9"];
  const { command, urls } = await serve(...args);
  const [, adminUrl = ""] = await command.stdout.waitFor(/^admin API on (.+)$/m);
  environment = { ANAX_ADMIN_URL: adminUrl, ANAX_ADMIN_TOKEN: token };
  [url] = urls;
});

async function anax(...words: string[]): Promise<EndedCommand> {
  return anaxWith(environment, ...words);
}

async function anaxWith(
  variables: Readonly<Record<string, string>>,
  ...words: string[]
): Promise<EndedCommand> {
  const command = start(words, { environment: variables });
  const exitCode = await command.exitCode;
  return { exitCode, stdout: command.stdout.text, stderr: command.stderr.text };
}

async function metrics(adminUrl: string): Promise<string> {
  const authorization = `Bearer ${environment["ANAX_ADMIN_TOKEN"]}`;
  return (await fetch(`${adminUrl}/metrics`, { headers: { authorization } })).text();
}

/** What reaches an HTTP server that is not that of `anax serve`, and ends with the test. */
async function otherApi(listener: RequestListener): Promise<typeof environment> {
  const server = createServer(listener);
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { ...environment, ANAX_ADMIN_URL: `http://127.0.0.1:${port}` };
}

/** Commits by how long they took, as Prometheus wants it: each bucket holds those before it. */
function expectHistogram(text: string): void {
  const buckets = [...text.matchAll(/^anax_store_commit_seconds_bucket\{le="(.+)"\} (\d+)$/gm)];
  const counts = buckets.map(([, , count]) => Number(count));
  expect(counts).toEqual(counts.toSorted((one, other) => one - other));
  expect(buckets.at(-1)?.[1]).toBe("+Inf");
  expect(counts.at(-1)).toBeGreaterThan(0);
  expect(text).toMatch(new RegExp(`^anax_store_commit_seconds_count ${counts.at(-1)}$`, "m"));
  expect(text).toMatch(/^anax_store_commit_seconds_sum \d/m);
}

describe("anax clients", () => {
  it("lists, filters, sorts and shows", async () => {
    for (const clientId of ["a1", "a2", "b/1"]) await client(url, { clientId });
    const { stdout } = await anax("clients", "--sort", "id", "--descending");
    const [head, ...lines] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^client +user +address +version +since +in +out +waiting$/);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["b/1", "a2", "a1"]);
    expect(lines[0]).toMatch(/^b\/1 +- +127\.0\.0\.1 +5\.0 +\d{4}-/);
    expect((await anax("clients", "--match", "a", "--limit", "1")).stdout.split("\n")).toHaveLength(
      3,
    );
    const json = await anax("clients", "--json", "--match", "b");
    expect(JSON.parse(json.stdout)).toMatchObject({ clientId: "b/1", protocolVersion: 5 });
    const one = await anax("clients", "b/1");
    expect(one.stdout).toMatch(/^clientId +b\/1$/m);
    expect(one.stdout).toMatch(/^peer\.transport +tcp$/m);
    expect(await anax("clients", "nobody")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: 'anax clients: "nobody" is not connected\n',
    });
  });
});

describe("anax sessions, publish and retained", () => {
  it("show what waits, drop it, and delete", async () => {
    const gone = await client(url, { clientId: "gone", sessionExpiryIntervalSeconds: 60 });
    await gone.subscribe("jobs/#", () => undefined, { qos: 1 });
    await gone.disconnect();
    const published = await anax("publish", "jobs/7", "on", "--qos", "1", "--retain");
    expect(published).toMatchObject({ exitCode: 0, stdout: "1 sessions subscribe to it\n" });
    expect((await anax("sessions", "--away")).stdout).toMatch(/^gone +- +no .* 1 +\d+ +0$/m);
    expect((await anax("sessions", "gone", "--subscriptions")).stdout).toMatch(
      /^jobs\/# +1 +no +no$/m,
    );
    expect((await anax("sessions", "gone", "--queue")).stdout).toMatch(/^jobs\/7 +1 +2 +on$/m);
    const dropped = await anax("sessions", "gone", "--clear-queue");
    expect(dropped.stdout).toBe('dropped 1 messages of "gone"\n');
    expect((await anax("sessions", "gone")).stdout).toMatch(/^queuedMessages +0$/m);
    expect((await anax("sessions", "gone", "--delete", "--json")).stdout).toBe('{"deleted":1}\n');
    expect((await anax("sessions", "gone")).exitCode).toBe(1);

    expect((await anax("retained", "jobs/#")).stdout).toMatch(/^jobs\/7 +1 +2 +on$/m);
    expect((await anax("retained", "--topic", "jobs/7")).stdout).toMatch(/^payload +on$/m);
    expect((await anax("retained", "jobs/#", "--delete")).stdout).toBe(
      "deleted 1 retained messages\n",
    );
    expect((await anax("retained", "--topic", "jobs/7", "--delete")).exitCode).toBe(1);
  });

  it("refuse what cannot be meant", async () => {
    for (const words of [
      ["sessions", "--queue"],
      ["sessions", "a", "--queue", "--delete"],
      ["retained", "--delete"],
      ["retained", "a", "--topic", "a"],
      ["publish"],
      ["kick"],
      ["bans", "--lift"],
      ["bans", "--client", "a", "--user", "b"],
      ["bans", "--client", "a", "--lift", "--for", "5"],
      ["bans", "--held-off", "--for", "5"],
      ["bans", "--held-off", "--client", "a"],
    ]) {
      const { exitCode, stderr } = await anax(...words);
      expect({ words, exitCode, lines: stderr.split("\n").length }).toEqual({
        words,
        exitCode: 2,
        lines: 2,
      });
    }
    const bad = await anax("publish", "a/#", "x");
    expect(bad).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/topic/i) });
  });
});

describe("anax kick and bans", () => {
  it("send away, keep out, list and let in again", async () => {
    const noisy = await client(url, { clientId: "noisy" });
    const gone = new Promise((resolve) => noisy.on("disconnected", resolve));
    expect((await anax("kick", "noisy")).stdout).toBe('disconnected "noisy"\n');
    await gone;
    expect((await anax("kick", "noisy")).exitCode).toBe(1);
    expect((await anax("kick", "noisy", "--ban", "60")).stdout).toBe(
      '"noisy" is kept out for 60 s\n',
    );
    await expect(client(url, { clientId: "noisy" })).rejects.toMatchObject({ reasonCode: 0x8a });
    await anax("bans", "--address", "192.0.2.0/24", "--reason", "scans");
    const { stdout } = await anax("bans");
    expect(stdout).toMatch(/^clientId +noisy +\d{4}-.* +\d{4}-.* +-$/m);
    expect(stdout).toMatch(/^address +192\.0\.2\.0\/24 +\d{4}-\S+ \S+ +- +scans$/m);
    expect((await anax("bans", "--address", "192.0.2.0/24", "--lift")).exitCode).toBe(0);
    expect(await anax("bans", "--address", "192.0.2.0/24", "--lift")).toMatchObject({
      exitCode: 1,
      stderr: 'anax bans: "192.0.2.0/24" is not banned\n',
    });
    expect((await anax("bans", "--client", "noisy", "--lift")).exitCode).toBe(0);
    await client(url, { clientId: "noisy" });
    const here = await anax("bans", "--address", "here");
    expect(here).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('"here"') });
  });

  it("show who is held off, and let it come again", async () => {
    for (let time = 0; time < 10; time += 1)
      await (await client(url, { clientId: "flapper" })).disconnect();
    await expect(client(url, { clientId: "flapper" })).rejects.toMatchObject({ reasonCode: 0x9f });
    const { stdout } = await anax("bans", "--held-off");
    expect(stdout).toMatch(/^reason +user +client +from +until$/m);
    expect(stdout).toMatch(/^flapping +- +flapper +127\.0\.0\.1 +\d{4}-/m);
    const lift = ["bans", "--held-off", "--client", "flapper", "--lift"];
    expect(await anax(...lift)).toMatchObject({ exitCode: 0, stdout: "1 may come again\n" });
    expect(await anax(...lift)).toMatchObject({
      exitCode: 1,
      stderr: "anax bans: none of these is held off\n",
    });
    await client(url, { clientId: "flapper" });
  });

  it("are kept in the data directory", async () => {
    const data = join(folder, "data");
    const command = start(["serve", "--port", "0", "--data-dir", data, ...args]);
    running.push(command);
    const [, adminUrl = ""] = await command.stdout.waitFor(/^admin API on (.+)$/m);
    await anaxWith({ ...environment, ANAX_ADMIN_URL: adminUrl }, "bans", "--client", "c");
    expect(readFileSync(join(data, "bans.json"), "utf8")).toContain('"value": "c"');
    command.signal("SIGTERM");
    await command.exitCode;
    const again = start(["serve", "--port", "0", "--data-dir", data, ...args]);
    running.push(again);
    const [, newUrl = ""] = await again.stdout.waitFor(/^admin API on (.+)$/m);
    const there = { ...environment, ANAX_ADMIN_URL: newUrl };
    const { stdout } = await anaxWith(there, "bans");
    expect(stdout).toMatch(/^clientId +c /m);
    await anaxWith(there, "publish", "state", "on", "--retain");
    expectHistogram(await metrics(newUrl));
  });
});

describe("anax top", () => {
  it("shows rates, topics and clients, and ends", async () => {
    const busy = await client(url, { clientId: "busy" });
    // The client leaves before the timer ends.
    const publish = (): void => void busy.publish("meters/7", "1").catch(() => undefined);
    const timer = setInterval(publish, 20);
    onTestFinished(() => clearInterval(timer));
    const { exitCode, stdout } = await anax("top", "--count", "1");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^anax +healthy +up 0d 0h 0m +cpu \d+ %/m);
    expect(stdout).toMatch(/^clients 1 +sessions 1 /m);
    expect(stdout).toMatch(/^meters\/7 +\d+ +1 +busy$/m);
    expect(stdout).toMatch(/^busy +- +[1-9]\d* +0 +0$/m);
  });

  it("asks for the busiest clients once a second, and leaves no list open", async () => {
    const asked: string[] = [];
    const figures = (atMs: number): string =>
      `event: figures\ndata: ${JSON.stringify({ atMs, statistics: {} })}\n\n`;
    const there = await otherApi((request, response) => {
      if (request.url?.startsWith("/api/v1/stream") === true) {
        response.end([1_000, 2_000, 3_000].map(figures).join(""));
        return;
      }
      asked.push(request.url ?? "");
      response.end(JSON.stringify({ items: [{ clientId: "busy" }], total: 1 }));
    });
    expect(await anaxWith(there, "top", "--count", "2")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(asked).toEqual(
      Array.from(
        { length: 3 },
        () => "/api/v1/clients?sort=messages&descending=true&limit=200&onePage=true",
      ),
    );
  });

  it("fits the screen, whatever names clients have", () => {
    const clients = Array.from({ length: 100 }, (_, index) => ({
      clientId: `c${index}\u001b[2J`.repeat(20),
    }));
    const figures = { atMs: 0, statistics: {}, isHealthy: false, store: "full" };
    const lines = screenLines({ figures, before: undefined, topics: undefined, clients }, 24, 80);
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.join("")).not.toContain("\u001b");
    expect(lines[0]).toContain("store full");
  });
});

describe("reaching the API", () => {
  it("says in a line what is in the way", async () => {
    const none = { ...environment, ANAX_ADMIN_URL: "http://127.0.0.1:1" };
    expect(await anaxWith(none, "clients")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /^anax clients: http:\/\/127\.0\.0\.1:1 does not answer: .+\n$/,
      ),
    });
    const { ANAX_ADMIN_TOKEN: token = "", ...without } = environment;
    expect(await anaxWith(without, "clients")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("a token is needed"),
    });
    expect(await anaxWith({ ...without, ANAX_ADMIN_TOKEN: "anax_wrong" }, "clients")).toMatchObject(
      {
        exitCode: 1,
        stderr: "anax clients: a known bearer token is needed\n",
      },
    );
    const file = join(folder, "token.txt");
    writeFileSync(file, `${token}\n`);
    expect((await anaxWith(without, "clients", "--token-file", file)).exitCode).toBe(0);
    expect((await anax("clients", "--token-file", `${file}.none`)).exitCode).toBe(1);
    for (const wrong of ["nowhere", "ftp://127.0.0.1"])
      expect((await anax("clients", "--admin-url", wrong)).exitCode).toBe(2);
  });

  it("is not fooled by another server, and does not wait for ever", async () => {
    const there = await otherApi((request, response) => {
      if (request.url?.includes("kick") === true) return;
      response.end("<html>");
    });
    const answered = await anaxWith(there, "clients");
    expect(answered).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("not from an admin API"),
    });
    const silent = await anaxWith(there, "kick", "kick", "--timeout", "0.1");
    expect(silent).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("does not answer"),
    });
  });
});

describe("a list of several pages", () => {
  it("is asked for in the same way on each page", async () => {
    const asked: string[] = [];
    const there = await otherApi((request, response) => {
      asked.push(request.url ?? "");
      const cursor = asked.length < 3 ? `7.${asked.length}` : undefined;
      response.end(JSON.stringify({ items: [{ topic: `t/${asked.length}` }], cursor }));
    });
    const { stdout } = await anaxWith(there, "retained", "t/#", "--limit", "5");
    expect(stdout.trimEnd().split("\n")).toHaveLength(4);
    const query = "topicFilter=t%2F%23&payloadBytesMax=1024&limit=5";
    expect(asked).toEqual([
      `/api/v1/retained?${query}`,
      `/api/v1/retained?${query}&cursor=7.1`,
      `/api/v1/retained?${query}&cursor=7.2`,
    ]);
  });
});

describe("one thing", () => {
  it("is shown with its times as times, whatever they are called", () => {
    const output = new Captured();
    const session = { createdAtMs: 0, stalledSinceMs: 0, sinceMs: 0, untilMs: 0, queuedBytes: 7 };
    printOne(output, { ...session, peer: { seenUntilMs: 0 }, intervalMs: 5, untilMsgs: 3 }, false);
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
    for (const name of ["createdAtMs", "stalledSinceMs", "sinceMs", "untilMs", "peer.seenUntilMs"])
      expect(output.text).toMatch(
        new RegExp(`^${name.replace(".", String.raw`\.`)} +${time}$`, "m"),
      );
    expect(output.text).toMatch(/^queuedBytes +7$/m);
    expect(output.text).toMatch(/^intervalMs +5$/m);
    expect(output.text).toMatch(/^untilMsgs +3$/m);
  });
});

describe("tables", () => {
  it("have as many lines as there are items", () => {
    const items = Array.from({ length: 200_000 }, (_, index) => ({ n: index }));
    const lines = tableLines([field("n", "count", true)], items);
    expect(lines).toHaveLength(200_001);
    expect(lines.at(-1)).toBe("199999");
  });

  it("line up, and show no control characters", () => {
    const items = [{ a: "x\u001b[31m", n: 5 }, { a: "longer name", n: 12_345 }, {}];
    expect(tableLines([field("a", "name"), field("n", "count", true)], items)).toEqual([
      "name         count",
      "x\\u001b[31m      5",
      "longer name  12345",
      "-                -",
    ]);
  });
});

describe("anax trace", () => {
  it("shows what happens to a client, and ends at its limit; as JSON too", async () => {
    const words = ["trace", "--client", "traced", "--records", "4", "--payloads", "10"];
    const command = start(words, { environment });
    await begun(1);
    const peer = await client(url, { clientId: "traced" });
    await peer.publish("a/b", "hello", { qos: 1 });
    expect(await command.exitCode).toBe(0);
    const lines = command.stdout.text.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}traced {2}> CONNECT {2}.*clientId=traced/);
    expect(lines[1]).toMatch(/traced {2}< CONNACK {2}.*reasonCode=0x00/);
    expect(lines[2]).toMatch(/traced {2}\* connected$/);
    expect(lines[3]).toMatch(/traced {2}> PUBLISH a\/b {2}.*payloadBytes=5 qos=1.* {2}"hello"$/);
    expect(command.stderr.text).toContain("ended at as many records as were asked for");
    // No command reads it any more, so it is gone.
    await begun(0);
    const asJson = start(["trace", "--topic", "a/#", "--records", "1", "--json"], { environment });
    await begun(1);
    await peer.publish("a/b", "secret", { qos: 1 });
    expect(await asJson.exitCode).toBe(0);
    expect(JSON.parse(asJson.stdout.text)).toMatchObject({
      type: "packetReceived",
      topic: "a/b",
      packet: { payloadBytes: 6 },
    });
    expect(asJson.stdout.text).not.toContain("secret");
  });

  it("says what is missing", async () => {
    const nothing = await anax("trace");
    expect(nothing.exitCode).toBe(2);
    expect(nothing.stderr).toContain("--client ID");
    expect(await anax("trace", "--address", "home")).toMatchObject({ exitCode: 1 });
    expect(await anax("trace", "--client", "x", "--for", "3601")).toMatchObject({ exitCode: 2 });
  });
});

/** Waits until so many traces are there. */
async function begun(count: number): Promise<void> {
  const headers = { authorization: `Bearer ${environment["ANAX_ADMIN_TOKEN"]}` };
  for (;;) {
    const answer = await fetch(`${environment["ANAX_ADMIN_URL"]}/api/v1/traces`, { headers });
    const { items } = (await answer.json()) as { readonly items: readonly object[] };
    if (items.length === count) return;
  }
}
