import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { schemaText, serveSchema } from "../src/commands/config.ts";
import { longName } from "../src/flags/flag.ts";
import { LISTENER_TABLE } from "../src/serving/listener-flag.ts";
import { RELOADED } from "../src/serving/reloading.ts";
import { fromMosquitto } from "../src/settings/mosquitto-configuration.ts";
import { makeCertificates } from "./support/certificates.ts";
import { runToEnd, start } from "./support/command.ts";
import { client, IN_MEMORY, reasonOf, running } from "./support/serving.ts";
import { SCHEMA_PATH } from "./support/cli-reference.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
const certificates = makeCertificates(folder);
let files = 0;

function file(text: string): string {
  files += 1;
  const path = join(folder, `anax-${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

/** What `anax config check` says of such a file. */
async function verdict(text: string, environment = {}): Promise<string> {
  const path = file(text);
  const command = start(["config", "check", path], { environment });
  await command.exitCode;
  return (command.stdout.text + command.stderr.text).replaceAll(path, "FILE").trim();
}

describe("a configuration file", () => {
  it("has the flags as its keys, in YAML or JSON", async () => {
    const path = file(
      "max-sessions: 5000\nuser: [ann:secret, bob:x]\nno-retain: true\nmax-packet-size: 2m\n",
    );
    const { stdout } = await runToEnd(["config", "print", path]);
    const settings: unknown = parse(stdout);
    expect(settings).toMatchObject({
      "max-sessions": 5_000,
      "max-packet-size": 2_097_152,
      "no-retain": true,
      user: ["ann:(hidden)", "bob:(hidden)"],
      port: 1_883,
    });
    expect(stdout).not.toContain("secret");
    expect(await verdict('{ "port": 2883, "user": "ann:secret" }')).toBe("FILE: ok");
    expect(await verdict("")).toBe("FILE: ok");
  });

  it.each([
    ["of defaults", ""],
    [
      "of everything that is written otherwise than it is kept",
      [
        "listeners:",
        "  - {type: ws, port: 18841, path: /x, origin: [https://a.b], forwarded-from: [127.0.0.1]}",
        "  - {type: unix, path: anax.sock, mode: 660}",
        "authenticators:",
        "  - {type: http, url: 'http://127.0.0.1:9/auth?key=abc', timeout: 2, field: [a=b]}",
        "  - {type: certificate, user-name: common-name}",
        "rate: [{per: client, messages: 10}]",
        "queue-overflow: drop-newest",
        "when-too-fast: disconnect",
        "max-packet-size: 2m",
        "log-format: json",
      ].join("\n"),
    ],
  ])("that is printed %s can be read again, and is the same", async (_what, text) => {
    const { stdout: printed } = await runToEnd(["config", "print", file(text)]);
    const again = file(printed);
    expect(await verdict(printed)).toBe("FILE: ok");
    expect((await runToEnd(["config", "print", again])).stdout).toBe(printed);
  });

  it("has texts as they are written, also where YAML sees a number", async () => {
    const name = "0012345678901234567890123456789012";
    const { stdout } = await runToEnd(["config", "print", file(`data-dir: ${name}\n`)]);
    expect(parse(stdout)).toMatchObject({ "data-dir": name });
  });

  it.each([
    [
      "port: 1883\nmax-sesions: 5\n",
      "FILE:2: there is no key max-sesions; did you mean max-sessions?",
    ],
    ["maxSessions: 5\n", "FILE:1: there is no key maxSessions; did you mean max-sessions?"],
    ["\n\nport: many\n", 'FILE:3: port "many" is not a whole number from 0 to 65535'],
    ["port: 99999\n", 'FILE:1: port "99999" is not a whole number from 0 to 65535'],
    ["port: 1\nport: 2\n", "FILE:2: Map keys must be unique"],
    ["port:\n", "FILE:1: port has no value; leave it out instead"],
    ["port: [1, 2]\n", "FILE:1: port [1,2] is not a single value"],
    ["no-retain: yes\n", 'FILE:1: no-retain "yes" is not true or false'],
    ["- port\n", "FILE:1: keys and values are expected, such as port: 1883"],
    ["port: 1\n  host: x\n", /^anax config: FILE:[12]: .*/],
    ["listeners:\n  - type: tcp\n    prt: 1\n", "FILE:3: there is no key prt; did you mean port?"],
    [
      "listeners:\n  - type: tcp\n    path: /x\n",
      "FILE:2: listeners: a listener of type tcp has no path",
    ],
    [
      "listeners:\n  - type: tcp\n    upgrade-timeout: 5\n",
      "FILE:2: listeners: a listener of type tcp has no upgrade-timeout",
    ],
    ["listeners:\n  - type: tls\n", "FILE:2: listeners: tls needs cert and key"],
    ["listeners: []\nport: 1\nlistener: {type: tcp}\n", /given twice/],
    [
      "port: 2\nlisteners:\n  - port: 1\n",
      "FILE:1: port has no effect beside FILE:3: listeners; write it into the listener",
    ],
    [
      "listeners:\n  - port: 1884\n  - port: 1884\n",
      "FILE:3: listeners: two listeners at 127.0.0.1:1884",
    ],
    ["user: ${ANN}\n", "FILE:1: user: the environment variable ANN is not set"],
    ["user: 'ann:'\n", "--user ann: the password is empty"],
  ])("%j is refused by a line with file and line", async (text, expected) => {
    const said = await verdict(text);
    if (typeof expected === "string") expect(said).toBe(`anax config: ${expected}`);
    else expect(said).toMatch(expected);
  });

  it("takes secrets from the environment, and leaves $${ alone", async () => {
    expect(await verdict("user: ann:${ANN}$${X}\n", { ANN: "secret" })).toBe("FILE: ok");
  });

  it("gives way to environment variables, and these to flags", async () => {
    const path = file("max-sessions: 1\nmax-queued: 2\nmax-retained: 3\n");
    const environment = { ANAX_MAX_QUEUED: "20", ANAX_MAX_RETAINED: "30", ANAX_PORT: "0" };
    const command = start(["config", "print", path], { environment });
    await command.exitCode;
    expect(parse(command.stdout.text)).toMatchObject({
      "max-sessions": 1,
      "max-queued": 20,
      "max-retained": 30,
      port: 0,
    });
    const served = start(["serve", ...IN_MEMORY, "--max-queued", "x"], { environment });
    await served.exitCode;
    expect(served.stderr.text).toContain("--max-queued");
    const lists = start(["config", "print"], {
      environment: {
        ANAX_LISTENER: "{port: 0}, {type: ws, port: 0, origin: [https://a.b, https://c.d]}",
        ANAX_USER: "ann:x, bob:y",
      },
    });
    await lists.exitCode;
    expect(parse(lists.stdout.text)).toMatchObject({
      listeners: [{ port: 0 }, { type: "ws", origin: ["https://a.b", "https://c.d"] }],
      user: ["ann:(hidden)", "bob:(hidden)"],
    });
    const wrong = start(["config", "print"], { environment: { ANAX_NO_SYS: "perhaps" } });
    expect(await wrong.exitCode).toBe(2);
    expect(wrong.stderr.text).toBe('anax config: ANAX_NO_SYS "perhaps" is not true or false\n');
  });

  it("runs a server with listeners of their own, each with its limit", async () => {
    const { cert, key } = certificates.server;
    const path = file(
      `durability: memory
listeners:
  - { port: 0, max-connections: 1 }
  - { type: tls, port: 0, cert: ${cert}, key: ${key} }
  - { type: ws, port: 0, path: broker }
  - { type: unix, path: ${join(folder, "config.sock")} }
`,
    );
    const command = start(["serve", "--config", path]);
    running.push(command);
    await command.stdout.waitFor(/^ready /m);
    const urls = [...command.stdout.text.matchAll(/^listening on (.+)$/gm)].map(([, url]) => url);
    expect(urls.map((url = "") => new URL(url).protocol)).toEqual([
      "mqtt:",
      "mqtts:",
      "ws:",
      "unix:",
    ]);
    expect(new URL(urls[2] ?? "").pathname).toBe("/broker");
    expect((await client(urls[0])).connected).toBe(true);
    await expect(client(urls[0])).rejects.toThrow(/no place for more connections/);
    expect((await client(urls[2])).connected).toBe(true);
  });

  it("gives its place to the listening flags of the command line", async () => {
    const path = file("durability: memory\nlisteners:\n  - { type: ws, port: 0 }\n");
    const command = start(["serve", "--config", path, "--port", "0"]);
    running.push(command);
    await command.stdout.waitFor(/^ready /m);
    expect(command.stdout.text).toMatch(/^listening on mqtt:\S+\nstoring/);
  });

  it("is read again by the admin API too, which says what needs a new start, or what is wrong", async () => {
    const tokens = join(folder, "reload-tokens.txt");
    const { stdout: token } = await runToEnd(["admin", "token", tokens, "ann", "--role", "admin"]);
    const settings = `durability: memory\nport: 0\nadmin-port: 0\nadmin-tokens: ${tokens}\n`;
    const path = file(settings);
    const command = start(["serve", "--config", path]);
    running.push(command);
    const [, url] = await command.stdout.waitFor(/admin API on (\S+)\n[^]*^ready /m);
    const reload = async (): Promise<unknown> => {
      const headers = { authorization: `Bearer ${token.trim()}` };
      return (await fetch(`${url}/api/v1/server/reload`, { method: "POST", headers })).json();
    };
    writeFileSync(path, `${settings}max-sessions: 7\n`);
    expect(await reload()).toEqual({ needNewStart: ["max-sessions"] });
    writeFileSync(path, `${settings}prt: 0\n`);
    expect(await reload()).toEqual({
      error: `not read again: ${path}:5: there is no key prt; did you mean port?`,
    });
  });

  it("is read again at SIGHUP: users are changed, the rest is named; a broken one changes nothing", async () => {
    const path = file("durability: memory\nport: 0\nuser: ann:one\n");
    const command = start(["serve", "--config", path]);
    running.push(command);
    const [, url] = await command.stdout.waitFor(/listening on (\S+)\n[^]*^ready /m);
    const ann = await client(url, { userName: "ann", password: "one" });
    const gone = new Promise((resolve) => ann.on("disconnected", resolve));
    writeFileSync(path, "durability: memory\nport: 0\nuser: ann:two\nmax-sessions: 7\n");
    command.signal("SIGHUP");
    await command.stdout.waitFor(/again; needs a new start: max-sessions\n/);
    await gone;
    expect(await reasonOf(url, { userName: "ann", password: "one" })).not.toBe(0);
    expect(await reasonOf(url, { userName: "ann", password: "two" })).toBe(0);
    writeFileSync(path, "prt: 0\n");
    command.signal("SIGHUP");
    await command.stderr.waitFor(/not read again: .*:1: there is no key prt/);
    expect(await reasonOf(url, { userName: "ann", password: "two" })).toBe(0);
  });
});

describe("anax config", () => {
  it("says what is not known", async () => {
    expect((await runToEnd(["config"])).stderr).toContain("check, print, schema, from-mosquitto");
    expect((await runToEnd(["config", "chek"])).stderr).toContain("did you mean check?");
    expect((await runToEnd(["config", "check"])).stderr).toContain("say which file");
    const missing = await runToEnd(["config", "check", join(folder, "none.yaml")]);
    expect(missing).toMatchObject({ exitCode: 1 });
  });

  it("has a schema in the package that is the one of its flags", () => {
    expect(readFileSync(SCHEMA_PATH, "utf8")).toBe(schemaText());
    expect(JSON.parse(schemaText())).toEqual(JSON.parse(JSON.stringify(serveSchema())));
  });

  it("translates mosquitto.conf, and names what has no counterpart", async () => {
    const source = file(
      `# comment
listener 1883 127.0.0.1
max_connections 50
allow_anonymous true

listener 8883
certfile ${certificates.server.cert}
keyfile ${certificates.server.key}
listener 9001 127.0.0.1
protocol websockets
persistence true
persistence_location /var/lib/mosquitto/
max_queued_messages 500
persistent_client_expiration 2w
retain_available false
log_dest file /var/log/broker.log
log_type warning
acl_file ${file("topic read #\n")}
connection bridge
address example.org
`,
    );
    const { stdout, stderr } = await runToEnd(["config", "from-mosquitto", source]);
    expect(parse(stdout)).toEqual({
      listeners: [
        { type: "tcp", host: "127.0.0.1", port: 1_883, "max-connections": 50 },
        {
          type: "tls",
          host: "0.0.0.0",
          port: 8_883,
          cert: certificates.server.cert,
          key: certificates.server.key,
        },
        { type: "ws", host: "127.0.0.1", port: 9_001 },
      ],
      "acl-file": expect.stringMatching(/anax-\d+\.yaml$/) as string,
      "log-level": "warn",
      "log-file": "/var/log/broker.log",
      "data-dir": "/var/lib/mosquitto/",
      "max-queued": 500,
      "max-session-expiry": 1_209_600,
      "no-retain": true,
    });
    expect(stderr.split("\n").map((line) => line.replace(source, ""))).toEqual([
      expect.stringMatching(/^:19: connection: there are no bridges/),
      expect.stringMatching(/^:20: address: there are no bridges/),
      "",
    ]);
    expect(await verdict(stdout)).toBe("FILE: ok");
  });

  it("translates anonymous clients of mosquitto where there are users beside them", () => {
    const translated = (source: string): object => fromMosquitto(source).settings;
    const listeners = [{ type: "tcp" }];
    const allowed = "allow_anonymous true\n";
    // Where nobody is asked, everybody is let in.
    expect(translated(allowed)).toEqual({ listeners });
    expect(translated(`${allowed}password_file p\n`)).toMatchObject({ "allow-anonymous": true });
    expect(translated(`use_identity_as_username true\n${allowed}`)).toMatchObject({
      "allow-anonymous": true,
    });
  });

  it("goes on with the server's own directives behind those of a bridge", () => {
    const { settings, remarks } = fromMosquitto(
      "allow_anonymous true\nlistener 1883\nconnection b\ntopic # out\nmax_queued_messages 5\ninclude_dir /x\n",
    );
    expect(settings).toMatchObject({ "max-queued": 5 });
    expect(remarks.map(({ line, text }) => `${line} ${text.split(":")[0]}`)).toEqual([
      "3 connection",
      "4 topic",
      "6 include_dir",
    ]);
  });

  it("says where mosquitto lets nobody in, and anax would let in everybody", () => {
    const remarked = (text: string): number[] =>
      fromMosquitto(text).remarks.map(({ line }) => line);
    expect(remarked("\nlistener 1883\n")).toEqual([2]);
    expect(remarked("listener 1883\nallow_anonymous true\n")).toEqual([]);
    expect(remarked("listener 1883\npassword_file users\n")).toEqual([]);
    // Without a listener mosquitto serves its own machine, and lets in everybody there.
    expect(remarked("max_queued_messages 5\n")).toEqual([]);
  });

  it("translates where mosquitto keeps its data if it keeps them", async () => {
    const { settings } = fromMosquitto("persistence_location /var/lib/m/\npersistence false\n");
    expect(settings).toEqual({ listeners: [{ type: "tcp" }], durability: "memory" });
  });

  it("translates a file that says nothing to the listener that mosquitto has then", () => {
    expect(fromMosquitto("").settings).toEqual({ listeners: [{ type: "tcp" }] });
  });
});

describe("docs/guide/operate.md", () => {
  const page = readFileSync(new URL("../../../docs/guide/operate.md", import.meta.url), "utf8");

  it("shows a file that is right", async () => {
    const [, text = ""] = /```yaml\n(data-dir[^]*?)```/.exec(page) ?? [];
    expect(await verdict(text, { ANN_PASSWORD: "secret" })).toBe("FILE: ok");
  });

  it("explains each key of a listener", () => {
    const [, table = ""] = /<!-- listener-keys -->\n([^]*?)\n\n[^|]/.exec(page) ?? [];
    const keys = [...table.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, key]) => key),
    );
    expect(new Set(keys)).toEqual(new Set(Object.keys(LISTENER_TABLE).map(longName)));
  });

  it("lists what a reload puts into force", () => {
    const [, list = ""] = /In force at once are\n([^]*?)\nAll other settings/.exec(page) ?? [];
    const names = Array.from(RELOADED, longName).filter((name) => name !== "config");
    expect(names.filter((name) => !list.includes(`\`${name}\``))).toEqual([]);
  });
});

describe("anax serve --log-file", () => {
  it("writes its records there", async () => {
    const path = join(folder, "anax.log");
    const command = start([
      "serve",
      "--port",
      "0",
      ...IN_MEMORY,
      "--log-level",
      "info",
      "--log-file",
      path,
    ]);
    running.push(command);
    const [, url] = await command.stdout.waitFor(/listening on (\S+)\n[^]*^ready /m);
    await client(url, { clientId: "logged" });
    command.signal("SIGTERM");
    await command.exitCode;
    expect(readFileSync(path, "utf8")).toMatch(/clientId=logged/);
    expect(command.stderr.text).toBe("");
  });

  it("that cannot be written ends it with one line", async () => {
    const path = join(folder, "no", "such", "\0", "anax.log");
    const command = start(["serve", "--port", "0", ...IN_MEMORY, "--log-file", path]);
    expect(await command.exitCode).toBe(1);
    expect(command.stderr.text).toMatch(/^anax serve: cannot write /);
  });
});

describe("anax serve --admin-port", () => {
  it("serves the admin API with the tokens of a file, and says who changes what", async () => {
    const tokens = join(folder, "tokens.txt");
    const made = await runToEnd(["admin", "token", tokens, "ann", "--role", "operator"]);
    const token = made.stdout.trim();
    expect(readFileSync(tokens, "utf8")).not.toContain(token);
    const command = start([
      "serve",
      "--port",
      "0",
      ...IN_MEMORY,
      "--admin-port",
      "0",
      "--admin-tokens",
      tokens,
    ]);
    running.push(command);
    const [, url = ""] = await command.stdout.waitFor(/admin API on (\S+)\n[^]*^ready /m);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    expect((await fetch(`${url}/api/v1/server`)).status).toBe(401);
    expect(await (await fetch(`${url}/api/v1/server`, { headers })).json()).toMatchObject({
      isHealthy: true,
    });
    const body = JSON.stringify({ topic: "a", payload: "b" });
    await fetch(`${url}/api/v1/publish`, { method: "POST", headers, body });
    await command.stderr.waitFor(
      /^admin API: POST \/api\/v1\/publish by ann \(operator\) from 127\.0\.0\.1: 200$/m,
    );
    writeFileSync(tokens, "");
    command.signal("SIGHUP");
    await command.stdout.waitFor(/^read passwords/m);
    expect((await fetch(`${url}/api/v1/server`, { headers })).status).toBe(401);
    command.signal("SIGTERM");
    await command.exitCode;
    await expect(fetch(`${url}/health/live`)).rejects.toThrow(/fetch failed/);
  });

  it.each([
    [
      ["--admin-port", "0"],
      "--admin-port needs --admin-tokens; make one with: anax admin token FILE NAME",
    ],
    [["--admin-host", "::1"], /need --admin-port/],
    [["--admin-port", "0", "--admin-tokens", "/none"], /^anax serve: the tokens of \/none: /],
  ])("%j is refused", async (flags, expected) => {
    const { stderr, exitCode } = await runToEnd(["serve", "--port", "0", ...IN_MEMORY, ...flags]);
    expect(exitCode).toBeGreaterThan(0);
    expect(stderr).toMatch(expected);
  });
});
