/** Who is let in, as docs/guide/access.md says it: its files, run with clients that are not ours. */
import { execFile } from "node:child_process";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { CertificateAuthority, areInstalled } from "@anax/testing";
import type { CertificateFiles } from "@anax/testing";
import mqtt from "mqtt";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { fromMosquitto } from "../src/settings/mosquitto-configuration.ts";
import type { RunningCommand } from "./support/command.ts";
import { runToEnd, start } from "./support/command.ts";
import { client, IN_MEMORY, reasonOf, running } from "./support/serving.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
const authority = new CertificateAuthority(folder);
const host = authority.issue({ subject: "/CN=server", alternativeNames: "IP:127.0.0.1" });
const page = readFileSync(new URL("../../../docs/guide/access.md", import.meta.url), "utf8");
const hasMosquitto = areInstalled("mosquitto_pub");
let files = 0;

/** A file of the guide, with what belongs to this test in the place of some texts. */
function fileOfGuide(name: string, replaced: Readonly<Record<string, string>>): string {
  const [, text] =
    new RegExp(`<!-- file: ${name} -->\\n\\n\`\`\`yaml\\n([^]*?)\`\`\``).exec(page) ?? [];
  if (text === undefined) throw new Error(`the guide has no ${name}`);
  return Object.entries(replaced).reduce((all, [from, to]) => {
    expect(all).toContain(from);
    return all.replaceAll(from, to);
  }, text);
}

function written(text: string): string {
  files += 1;
  const path = join(folder, `access-${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

interface Served {
  readonly command: RunningCommand;
  readonly port: string;
}

async function served(
  configuration: string,
  flags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const args = ["serve", "--config", written(configuration), ...IN_MEMORY, ...flags];
  const command = start(args, { environment });
  running.push(command);
  const [, port = ""] = await command.stdout.waitFor(/listening on \S+:(\d+)\n[^]*^ready /m);
  return { command, port };
}

async function httpServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

/** Exit code of mosquitto_pub; -1 if it has none, since it could not be started or was killed. */
async function mosquittoPub(port: string, ...args: string[]): Promise<number> {
  const connection = ["-h", "127.0.0.1", "-p", port, "--cafile", authority.cert];
  return new Promise((resolve) => {
    execFile("mosquitto_pub", [...connection, "-q", "1", "-m", "x", ...args], (error) =>
      resolve(error === null ? 0 : typeof error.code === "number" ? error.code : -1),
    );
  });
}

/** The code with which MQTT.js is refused; 0 if it is let in. */
async function mqttJs(
  port: string,
  options: mqtt.IClientOptions,
  scheme: "mqtt" | "mqtts" = "mqtts",
): Promise<number> {
  const ca = readFileSync(authority.cert);
  const url = `${scheme}://127.0.0.1:${port}`;
  const settings = { ca, protocolVersion: 5, reconnectPeriod: 0, ...options } as const;
  const connection = mqtt.connect(url, settings);
  const code = await new Promise<number>((resolve) => {
    connection.once("connect", () => resolve(0));
    connection.once("error", (error) => resolve("code" in error ? Number(error.code) || -1 : -1));
    connection.once("close", () => resolve(-1));
  });
  connection.end(true);
  return code;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function token(key: KeyObject | string, claims: object): string {
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const header = typeof key === "string" ? { alg: "HS256" } : { alg: "RS256", kid: "1" };
  const text = `${part(header)}.${part({ exp, ...claims })}`;
  const signature =
    typeof key === "string"
      ? createHmac("sha256", key).update(text).digest()
      : sign("sha256", Buffer.from(text), key);
  return `${text}.${signature.toString("base64url")}`;
}

describe("JWT from an identity provider", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const claims = {
    iss: "https://id.example.com",
    aud: ["mqtt", "web"],
    preferred_username: "ann",
    realm_access: { roles: ["staff"] },
    mqtt_publish: ["plants/+/water"],
    mqtt_subscribe: ["plants/#"],
  };

  it("lets in who shows a good token, and only so far as it says", async () => {
    const keys = [{ ...publicKey.export({ format: "jwk" }), kid: "1", alg: "RS256" }];
    const url = await httpServer(
      (_request, response) => void response.end(JSON.stringify({ keys })),
    );
    const configuration = fileOfGuide("jwt.yaml", {
      "port: 8883": "port: 0",
      "server.pem": host.cert,
      "server.key": host.key,
      "https://id.example.com/.well-known/jwks.json": `${url}/jwks`,
    });
    const { port } = await served(configuration);
    const good = token(privateKey, claims);
    const forged = token(generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey, claims);
    if (hasMosquitto) {
      const pub = ["-i", "ann-1", "-u", "any", "-t", "plants/7/water", "-P"];
      expect(await mosquittoPub(port, ...pub, good)).toBe(0);
      expect(await mosquittoPub(port, ...pub, forged)).toBe(4);
    }
    const js = { clientId: "ann-2", username: "any" };
    expect(await mqttJs(port, { ...js, password: good })).toBe(0);
    expect(await mqttJs(port, { ...js, password: forged })).toBe(0x86);
    expect(
      await mqttJs(port, { ...js, password: token(privateKey, { ...claims, aud: "web" }) }),
    ).toBe(0x86);
    expect(await mqttJs(port, { ...js, clientId: "bob-2", password: good })).toBe(0x85);
    const tls = { ca: readFileSync(authority.cert, "utf8") };
    const options = { tls, userName: "any", password: good, clientId: "ann-3" };
    const own = await client(`mqtts://127.0.0.1:${port}`, options);
    await expect(own.publish("plants/7/secret", "x", { qos: 1 })).rejects.toMatchObject({
      reasonCode: 0x87,
    });
    await own.publish("plants/7/water", "x", { qos: 1 });
    await expect(own.subscribe("#")).rejects.toMatchObject({ reasonCode: 0x87 });
  });
});

describe("certificates of a fleet", () => {
  it("let in each device under its name, until it is revoked, and no connection is lost", async () => {
    const [lamp, door] = ["lamp", "door"].map((name) =>
      authority.issue({ subject: `/CN=${name}` }),
    );
    if (lamp === undefined || door === undefined) throw new Error("no certificates");
    const eu = authority.issue({ subject: "/CN=eu", alternativeNames: "DNS:eu.example" });
    const crl = authority.revoke([]);
    const configuration = fileOfGuide("fleet.yaml", {
      "port: 8883": "port: 0",
      "server.pem": host.cert,
      "server.key": host.key,
      "eu.pem": eu.cert,
      "eu.key": eu.key,
      "fleet-ca.pem": authority.cert,
      "revoked.pem": crl,
    });
    const { port, command } = await served(configuration);
    const flags = ({ cert, key }: CertificateFiles): string[] => [
      "--cert",
      cert,
      "--key",
      key,
      "-t",
      "a",
    ];
    if (hasMosquitto) {
      expect(await mosquittoPub(port, "-i", "lamp", ...flags(lamp))).toBe(0);
      expect(await mosquittoPub(port, "-i", "door", ...flags(lamp))).toBe(2);
    }
    const js = ({ cert, key }: CertificateFiles) => ({
      cert: readFileSync(cert),
      key: readFileSync(key),
    });
    expect(await mqttJs(port, { clientId: "lamp", ...js(lamp) })).toBe(0);
    expect(await mqttJs(port, { clientId: "door", ...js(lamp) })).toBe(0x85);
    expect(await mqttJs(port, { clientId: "lamp" })).toBe(-1);
    const tls = (of: CertificateFiles) => ({
      ca: readFileSync(authority.cert, "utf8"),
      cert: readFileSync(of.cert, "utf8"),
      key: readFileSync(of.key, "utf8"),
    });
    const url = `mqtts://127.0.0.1:${port}`;
    const connected = await client(url, { tls: tls(lamp), clientId: "lamp" });
    copyFileSync(authority.revoke([lamp], "new.pem"), crl);
    await command.stdout.waitFor(/^read certificates again$/m);
    expect(await mqttJs(port, { clientId: "lamp", ...js(lamp) })).toBe(-1);
    expect(await mqttJs(port, { clientId: "door", ...js(door) })).toBe(0);
    await connected.ping();
    writeFileSync(crl, "no list");
    await command.stderr.waitFor(/TLS files stay as they were: .*is no revocation list/);
    expect(await mqttJs(port, { clientId: "door", ...js(door) })).toBe(0);
  });
});

describe("a service of one's own", () => {
  it("is asked with the header and the fields that the file says, and what it answers counts", async () => {
    const answers: Readonly<Record<string, object>> = {
      ann: { result: "allow", userName: "ann smith", publish: ["plants/#"], subscribe: [] },
      bob: { result: "deny" },
      cat: { result: "ignore" },
    };
    const asked: unknown[] = [];
    const url = await httpServer((request, response) => {
      const { method, headers } = request;
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const fields = JSON.parse(body) as { readonly user: string };
        asked.push([method, request.url, headers.authorization, fields]);
        response.end(JSON.stringify(answers[fields.user] ?? {}));
      });
    });
    const configuration = fileOfGuide("service.yaml", {
      "http://127.0.0.1:9000": url,
      "timeout: 2": "timeout: 15",
    });
    const environment = { SERVICE_TOKEN: "of the office" };
    const { port } = await served(configuration, ["--port", "0"], environment);
    const as = (username: string): Promise<number> =>
      mqttJs(port, { username, password: "x", clientId: `${username}-1` }, "mqtt");
    expect([await as("bob"), await as("cat"), await as("dog")]).toEqual([0x86, 0x86, 0x88]);
    const shown = { userName: "ann", password: "x", clientId: "ann-1" };
    const ann = await client(`mqtt://127.0.0.1:${port}`, shown);
    await ann.publish("plants/7", "x", { qos: 1 });
    await expect(ann.publish("a", "x", { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 });
    await expect(ann.subscribe("plants/#")).rejects.toMatchObject({ reasonCode: 0x87 });
    expect(await as("ann")).toBe(0);
    // The second time it was remembered.
    expect(asked).toEqual(
      ["bob", "cat", "dog", "ann"].map((user) => [
        "POST",
        "/mqtt/authenticate",
        "Bearer of the office",
        { user, pass: "x", client: `${user}-1`, ip: "127.0.0.1" },
      ]),
    );
  });
});

describe("a list of authenticators", () => {
  const secret = "a secret that has thirty-two bytes";

  it("is asked in order, and fails closed", async () => {
    const answers: Record<string, [number, object]> = {
      cat: [200, { result: "allow", groups: ["pets"] }],
      dog: [200, { result: "ignore" }],
      cow: [500, {}],
    };
    const asked: string[] = [];
    const url = await httpServer((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://x");
      const user = searchParams.get("user") ?? "";
      asked.push(`${user} ${String(request.headers["x-key"])}`);
      const [status, body] = answers[user] ?? [403, {}];
      response.statusCode = status;
      response.end(JSON.stringify(body));
    });
    const command = start([
      "serve",
      "--port",
      "0",
      ...IN_MEMORY,
      ...["--user", "ann:secret"],
      ...["--authenticator", `{type: jwt, secret: ${secret}}`],
      ...[
        "--authenticator",
        `{type: http, url: "${url}/", get: true, header: "x-key: 7", field: "user=%u"}`,
      ],
      ...["--authenticator", "{type: anonymous}"],
    ]);
    running.push(command);
    const [, place] = await command.stdout.waitFor(/listening on (\S+)\n[^]*^ready /m);
    const as = (userName: string, password: string): Promise<number> =>
      reasonOf(place, { userName, password });
    expect(await as("ann", "secret")).toBe(0);
    expect(await as("ann", "wrong")).toBe(0x86);
    expect(await as("bob", token(secret, { sub: "bob" }))).toBe(0);
    expect(await as("bob", token(`${secret}!`, { sub: "bob" }))).toBe(0x86);
    expect(asked).toEqual([]);
    expect(await as("cat", "x")).toBe(0);
    expect(await as("dog", "x")).toBe(0x86);
    expect(await as("cow", "x")).toBe(0x88);
    expect(await as("fox", "x")).toBe(0x86);
    expect(asked).toEqual(["cat 7", "dog 7", "cow 7", "fox 7"]);
    await command.stderr.waitFor(/an authenticator failed: clients are refused.*status 500/);
  });

  it("is printed without what is secret", async () => {
    const path = written(
      `authenticators:\n  - {type: jwt, secret: ${secret}}\n  - {type: http, url: "http://x/?key=geheim", header: "x: geheim", field: ["a=%u"]}\n  - {type: certificate, user-name: common-name}\n`,
    );
    const { stdout } = await runToEnd(["config", "print", path]);
    expect(stdout).not.toMatch(/thirty-two|geheim/);
    expect(parse(stdout)).toMatchObject({
      authenticators: [
        { type: "jwt", secret: "(hidden)" },
        { url: "http://x/?(hidden)", header: "(hidden)", field: ["a=%u"] },
        { "user-name": "common-name" },
      ],
    });
  });

  it.each([
    ["{type: jwt}", "jwt needs one of secret, key-file, key-url"],
    ["{type: http}", "http needs url"],
    ["{type: password-file}", "password-file needs file"],
    ["{file: x}", "type is needed, one of password-file, jwt, http, certificate, anonymous"],
    ["{type: certificate, secret: x}", "an authenticator of type certificate has no secret"],
    ["{type: certificate, key-file: x}", "an authenticator of type certificate has no key-file"],
    ["{type: http, url: 'http://x', without-expiry: true}", "of type http has no without-expiry"],
    ["{type: anonymous, cache: 5}", "an authenticator of type anonymous has no cache"],
    ["{type: jwt, secret: short}", "secret has 5 bytes"],
    ["{type: jwt, key-file: /none}", "/none cannot be used"],
    ["{type: password-file, file: /none}", "/none cannot be read"],
    ["{type: http, url: 'x'}", "url is no URL"],
    ["{type: ldap}", "type"],
  ])("with %s is refused", async (map, said) => {
    const { stderr, exitCode } = await runToEnd([
      "config",
      "check",
      written(`authenticator: ${map}\n`),
    ]);
    expect(stderr).toContain(said);
    expect(exitCode).toBeGreaterThan(0);
  });

  it("comes from a mosquitto.conf", () => {
    const { settings, remarks } = fromMosquitto(
      "listener 8883\ncafile ca.pem\ncertfile s.pem\nkeyfile s.key\ncrlfile r.pem\nrequire_certificate true\nuse_subject_as_username true\nuse_username_as_clientid true\npassword_file p\n",
    );
    expect(remarks).toEqual([]);
    expect(settings).toMatchObject({
      "password-file": "p",
      "client-id-pattern": "%u",
      authenticators: [{ type: "certificate", "user-name": "subject" }],
      listeners: [{ type: "tls", crl: "r.pem", "request-cert": true }],
    });
  });
});
