import { spawnSync } from "node:child_process";
import { connect } from "@anax/client";
import { MqttServer } from "@anax/server";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Admin, AdminChange, AdminListener, Role } from "../src/index.ts";
import { createAdmin, listenAdmin, METRICS, newToken, openApi, TokenFile } from "../src/index.ts";

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
/** Left out by a server without a store. */
const OF_A_STORE = "anax_store_commit_seconds";
const folder = mkdtempSync(join(tmpdir(), "anax-admin-"));
const server = new MqttServer({
  port: 0,
  systemTopics: false,
  holdOff: { flapping: { allowed: 20 } },
});
const tokens = new Map<Role, string>();
const changes: AdminChange[] = [];
let admin: Admin;
let url = "";

beforeAll(async () => {
  const made = (["viewer", "operator", "admin"] as const).map((role) => {
    const { token, line } = newToken(`the-${role}`, role);
    tokens.set(role, token);
    return line;
  });
  const path = join(folder, "tokens.txt");
  writeFileSync(path, `# ours\n${made.join("\n")}\n`);
  const file = new TokenFile(path);
  await file.load();
  admin = createAdmin(server, {
    holderOf: (token) => file.holderOf(token),
    changed: (change) => changes.push(change),
  });
  await server.start();
  url = server.address().url;
});

afterEach(() => void changes.splice(0));

afterAll(async () => {
  admin.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Whatever an answer has: tests say what they expect of it. */
interface Body extends Record<string, unknown> {
  readonly items: readonly { readonly clientId?: string }[];
  readonly cursor?: string;
  readonly openapi?: string;
  readonly paths: Readonly<Record<string, object>>;
}

interface Answer {
  readonly text: string;
  readonly status: number;
  /** JSON, or text. */
  readonly body: Body;
}

async function call(
  method: string,
  path: string,
  { role = "admin" as Role | "nobody", body = undefined as unknown, headers = {} } = {},
): Promise<Answer> {
  const authorization = role === "nobody" ? {} : { authorization: `Bearer ${tokens.get(role)}` };
  const response = await admin.fetch(
    new Request(`http://127.0.0.1${path}`, {
      method,
      headers: { ...authorization, ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, text, body: isJson ? JSON.parse(text) : {} };
}

describe("clients and sessions", () => {
  it("are listed in pages, filtered, shown one by one, and disconnected", async () => {
    const clients = await Promise.all(
      ["a1", "a2", "b/1"].map((clientId) => connect(url, { clientId, reconnect: false })),
    );
    await clients[2]?.subscribe("plants/#", () => undefined);
    const first = await call("GET", "/api/v1/clients?limit=2", { role: "viewer" });
    expect(first.body.items).toHaveLength(2);
    const second = await call("GET", `/api/v1/clients?cursor=${first.body.cursor}`);
    const both = [...first.body.items, ...second.body.items];
    expect(new Set(both.map(({ clientId }) => clientId))).toEqual(new Set(["a1", "a2", "b/1"]));
    const some = await call("GET", "/api/v1/clients?clientId=a");
    expect(some.body.items).toHaveLength(2);
    const one = await call("GET", "/api/v1/clients/b%2F1");
    expect(one.body).toMatchObject({
      clientId: "b/1",
      peer: { transport: "tcp" },
      protocolVersion: 5,
    });
    const session = await call("GET", "/api/v1/sessions/b%2F1");
    expect(session.body).toMatchObject({ isConnected: true, subscriptionCount: 1 });
    const { body } = await call("GET", "/api/v1/sessions/b%2F1/subscriptions");
    expect(body.items).toMatchObject([{ topicFilter: "plants/#" }]);
    expect((await call("GET", "/api/v1/receivers?topic=plants/7")).body).toEqual({
      items: [{ clientId: "b/1", qos: expect.any(Number) }],
      isComplete: true,
    });
    const gone = new Promise((resolve) => clients[2]?.on("disconnected", resolve));
    const done = await call("POST", "/api/v1/clients/b%2F1/disconnect", {
      body: { reasonCode: 0x98, reasonString: "maintenance" },
    });
    expect(done.status).toBe(204);
    await gone;
    expect((await call("GET", "/api/v1/clients/b%2F1")).status).toBe(404);
    expect((await call("DELETE", "/api/v1/sessions/nobody")).status).toBe(404);
    for (const client of clients) await client.disconnect();
  });
});

describe("rules of access", () => {
  it("are listed in pages, with where they are written", async () => {
    expect((await call("GET", "/api/v1/access/rules")).body).toEqual({ items: [], total: 0 });
    const rules = [
      { deny: "publish", topics: "locked/#", user: ["ann", "bob"], source: "a.yaml:3" },
      { allow: "both", topics: ["#"], source: "a.yaml:4" },
    ] as const;
    const ruled = new MqttServer({ listeners: [], accessRules: { rules } });
    const other = createAdmin(ruled, { holderOf: () => ({ name: "v", role: "viewer" }) });
    const headers = { authorization: "Bearer v" };
    const page = async (query: string): Promise<unknown> => {
      const request = new Request(`http://127.0.0.1/api/v1/access/rules${query}`, { headers });
      return (await other.fetch(request)).json();
    };
    expect(await page("?limit=1")).toEqual({
      items: [{ place: 0, ...rules[0] }],
      cursor: "1",
      total: 2,
    });
    expect(await page("?limit=1&cursor=1")).toEqual({
      items: [{ place: 1, ...rules[1] }],
      total: 2,
    });
    other.close();
  });

  it("are explained by QoS and RETAIN, too", async () => {
    const rules = [{ allow: "both", topics: "#", maximumQos: 0, retain: false }] as const;
    const ruled = new MqttServer({ listeners: [], accessRules: { rules } });
    const other = createAdmin(ruled, { holderOf: () => ({ name: "v", role: "viewer" }) });
    const explained = async (query: string): Promise<unknown> => {
      const url = `http://127.0.0.1/api/v1/access/explain?action=publish&topic=a${query}`;
      const headers = { authorization: "Bearer v" };
      return (await other.fetch(new Request(url, { headers }))).json();
    };
    const allowed = { isAllowed: true, reason: "this rule allows it" };
    expect(await explained("")).toMatchObject(allowed);
    expect(await explained("&qos=0&retain=false")).toMatchObject(allowed);
    const reason = "this rule allows QoS 0 at most";
    expect(await explained("&qos=1")).toMatchObject({ isAllowed: false, reason });
    expect(await explained("&retain=true")).toMatchObject({
      isAllowed: false,
      reason: "this rule allows no retained messages",
    });
    expect(await explained("&qos=3")).toEqual({
      error: expect.stringMatching(/^query qos "3" is not one of 0, 1, 2$/),
    });
    other.close();
  });
});

describe("traces", () => {
  it("begin, are read by pages and as a stream, and end; only an operator may", async () => {
    const wanted = { body: { clientId: "b/2", payloadBytesMax: 1, durationSeconds: 30 } };
    expect((await call("POST", "/api/v1/traces", { ...wanted, role: "viewer" })).status).toBe(403);
    expect((await call("POST", "/api/v1/traces", { body: {} })).status).toBe(400);
    const { body: begun } = await call("POST", "/api/v1/traces", wanted);
    expect(begun).toMatchObject({ clientId: "b/2", payloadBytesMax: 1, recordCount: 0 });
    const path = `/api/v1/traces/${String(begun["id"])}`;
    const headers = { authorization: `Bearer ${tokens.get("operator")}` };
    const stream = await admin.fetch(new Request(`http://127.0.0.1${path}/stream`, { headers }));
    const client = await connect(url, { clientId: "b/2", reconnect: false });
    await client.publish("a", new Uint8Array([0xff, 1]), { qos: 1 });
    await client.disconnect();
    const { body: first } = await call("GET", `${path}?limit=3`);
    expect(first.items.map((item) => Reflect.get(item, "type"))).toEqual([
      "packetReceived",
      "packetSent",
      "connected",
    ]);
    const { body: second } = await call("GET", `${path}?limit=1&cursor=${first.cursor}`);
    expect(second.items).toMatchObject([
      { type: "packetReceived", topic: "a", packet: { payloadBase64: "/w==", payloadBytes: 2 } },
    ]);
    expect((await call("GET", "/api/v1/traces")).body.items).toMatchObject([{ id: begun["id"] }]);
    expect((await call("DELETE", path)).status).toBe(204);
    const told = await stream.text();
    expect(told.match(/^event: record$/gm)?.length).toBeGreaterThanOrEqual(4);
    expect(told).toMatch(/event: end\ndata: \{"reason":"stopped"\}\n\n$/);
    expect((await call("GET", path)).status).toBe(404);
    expect(changes.map(({ method, name }) => `${method} ${name}`)).toContain("POST the-admin");
  });
});

describe("messages", () => {
  it("are published, retained, shown as text or base64, and deleted", async () => {
    const client = await connect(url, { clientId: "reader", reconnect: false });
    let read: (text: string) => void = () => undefined;
    const came = new Promise<string>((resolve) => (read = resolve));
    await client.subscribe("news", ({ text }) => read(text));
    const published = await call("POST", "/api/v1/publish", {
      body: { topic: "news", payload: "ü", qos: 1 },
    });
    expect(published.body).toMatchObject({ matched: 1, reasonCode: 0 });
    expect(await came).toBe("ü");
    const set = { topic: "state/1", payloadBase64: "/wA=", qos: 1 };
    expect((await call("PUT", "/api/v1/retained/message", { body: set })).status).toBe(204);
    expect((await call("GET", "/api/v1/retained?topicFilter=state/%2B")).body.items).toEqual([
      { ...set, payloadBytes: 2, retain: true },
    ]);
    expect((await call("DELETE", "/api/v1/retained/message?topic=state/1")).status).toBe(204);
    expect((await call("GET", "/api/v1/retained/message?topic=state/1")).status).toBe(404);
    await client.disconnect();
  });
});

describe("messages that wait", () => {
  it("are shown, and stay; retained ones are deleted by filter", async () => {
    const client = await connect(url, {
      clientId: "gone",
      sessionExpiryIntervalSeconds: 60,
      reconnect: false,
    });
    await client.subscribe("jobs/#", () => undefined, { qos: 1 });
    await client.disconnect();
    for (const payload of ["1", "2"])
      await call("POST", "/api/v1/publish", {
        body: { topic: "jobs/7", payload, qos: 1, retain: true },
      });
    const { status, body } = await call("GET", "/api/v1/sessions/gone/queue?limit=1");
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [{ topic: "jobs/7", payload: "1", payloadBytes: 1, qos: 1, retain: false }],
      queuedMessages: 2,
    });
    const viewer = await call("GET", "/api/v1/sessions/gone/queue", { role: "viewer" });
    expect(viewer.status).toBe(403);
    expect((await call("GET", "/api/v1/sessions/nobody/queue")).status).toBe(404);
    expect((await call("GET", "/api/v1/sessions/gone/queue?limit=1001")).status).toBe(400);
    await call("PUT", "/api/v1/retained/message", { body: { topic: "other", payload: "x" } });
    const cleared = await call("DELETE", "/api/v1/retained?topicFilter=jobs/%23");
    expect(cleared.body).toEqual({ deleted: 1 });
    expect((await call("DELETE", "/api/v1/retained?topicFilter=a%23")).status).toBe(400);
    expect((await call("GET", "/api/v1/retained/message?topic=other")).status).toBe(200);
    expect((await call("DELETE", "/api/v1/sessions/gone")).status).toBe(204);
  });
});

describe("bans", () => {
  it("are made, listed and lifted", async () => {
    const client = await connect(url, { clientId: "noisy", reconnect: false });
    const gone = new Promise((resolve) => client.on("disconnected", resolve));
    const body = { kind: "clientId", value: "noisy", durationSeconds: 60, reason: "floods" };
    const made = await call("POST", "/api/v1/bans", { body, role: "operator" });
    expect(made).toMatchObject({ status: 200, body: { kind: "clientId", value: "noisy" } });
    await gone;
    await expect(connect(url, { clientId: "noisy", reconnect: false })).rejects.toMatchObject({
      reasonCode: 0x8a,
    });
    const range = { kind: "address", value: "192.0.2.0/24" };
    await call("POST", "/api/v1/bans", { body: range });
    const listed = await call("GET", "/api/v1/bans", { role: "viewer" });
    expect(listed.body.items).toMatchObject([{ value: "noisy", reason: "floods" }, range]);
    expect((await call("DELETE", "/api/v1/bans/address/192.0.2.0%2F24")).status).toBe(204);
    expect((await call("DELETE", "/api/v1/bans/address/192.0.2.0%2F24")).status).toBe(404);
    expect((await call("DELETE", "/api/v1/bans/clientId/noisy")).status).toBe(204);
    await (await connect(url, { clientId: "noisy", reconnect: false })).disconnect();
    const wrong = await call("POST", "/api/v1/bans", { body: { kind: "address", value: "here" } });
    expect(wrong).toMatchObject({ status: 400, body: { error: expect.stringMatching(/"here"/) } });
    expect((await call("DELETE", "/api/v1/bans/color/red")).status).toBe(400);
  });

  it("of those that come too often are listed, and may come again", async () => {
    const come = async (): Promise<void> =>
      (await connect(url, { clientId: "flapper", reconnect: false })).disconnect();
    for (let time = 0; time < 21; time += 1) await come();
    await expect(come()).rejects.toMatchObject({ reasonCode: 0x9f });
    const listed = await call("GET", "/api/v1/held-off", { role: "viewer" });
    const flapper = { reason: "flapping", clientId: "flapper", network: "127.0.0.1" };
    expect(listed.body.items).toMatchObject([flapper]);
    const { text } = await call("GET", "/metrics");
    expect(text).toContain('anax_clients_held_off_total{reason="flapping"} 1');
    const path = "/api/v1/held-off/let-go";
    const body = { clientId: "flapper" };
    expect((await call("POST", path, { role: "viewer", body })).status).toBe(403);
    expect((await call("POST", path, { body: { client: "flapper" } })).status).toBe(400);
    expect((await call("POST", path, { role: "operator", body })).body).toEqual({ letGo: 1 });
    expect((await call("POST", path, { body })).body).toEqual({ letGo: 0 });
    await come();
  });
});

describe("what is wrong in a request", () => {
  it.each([
    ["GET", "/api/v1/clients?limit=0", undefined, 400, /^query limit 0 is below 1$/],
    ["GET", "/api/v1/clients?limit=9999", undefined, 400, /^query limit 9999 is above 1000$/],
    ["GET", "/api/v1/clients?limit=many", undefined, 400, /^query limit "many" is not a whole/],
    ["GET", "/api/v1/clients?descending=so", undefined, 400, /"so" is not true or false$/],
    ["GET", "/api/v1/clients?sort=size", undefined, 400, /^query sort "size" is not one of client/],
    ["GET", "/api/v1/clients?nope=1", undefined, 400, /^there is no query nope; there is limit, c/],
    ["GET", "/api/v1/receivers", undefined, 400, /^query topic is missing$/],
    ["GET", "/api/v1/receivers?topic=", undefined, 400, /^query topic "" is empty$/],
    [
      "GET",
      "/api/v1/subscriptions?receives=a%2F%23b",
      undefined,
      400,
      /"a\/#b" is no Topic Filter/,
    ],
    ["GET", "/api/v1/clients/x", undefined, 404, /^there is no client "x"$/],
    ["DELETE", "/api/v1/sessions/x", undefined, 404, /^there is no session "x"$/],
    ["GET", "/api/v1/retained/message?topic=x", undefined, 404, /no retained message of "x"$/],
    ["POST", "/api/v1/publish", [], 400, /^the body \[\] is not an object$/],
    ["POST", "/api/v1/publish", { topic: 5 }, 400, /^body topic 5 is not a text$/],
    ["POST", "/api/v1/publish", { topic: "a", qos: 3 }, 400, /^body qos 3 is not one of 0, 1, 2$/],
    [
      "POST",
      "/api/v1/publish",
      { topic: "a", retain: 1 },
      400,
      /^body retain 1 is not true or fal/,
    ],
    ["GET", "/api/v1/receivers?topic=a%2F%23", undefined, 400, /"a\/#" is not a valid topic/],
    ["POST", "/api/v1/publish", { topic: "a/#" }, 400, /topic/i],
    ["POST", "/api/v1/publish", { topic: "a", payloadBase64: "?" }, 400, /not base64/],
    ["POST", "/api/v1/publish", "{", 400, /not JSON/],
    [
      "POST",
      "/api/v1/publish",
      { topic: "a", payload: "x", payloadBase64: "eA==" },
      400,
      /two payloads/,
    ],
    ["GET", "/api/v1/nothing", undefined, 404, /there is no GET/],
    ["GET", "/api/v1/retained?cursor=x", undefined, 400, /list anew/],
  ])("%s %s %j is told with %i", async (method, path, body, status, expected) => {
    const answer = await call(method, path, { body });
    expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(expected) } });
  });

  it("a body beyond the limit is not read", async () => {
    const body = JSON.stringify({ topic: "a", payload: "x".repeat(5_000_000) });
    const headers = { "content-length": String(body.length) };
    expect((await call("POST", "/api/v1/publish", { body, headers })).status).toBe(413);
  });
});

describe("who may", () => {
  it("is told by a token and its role; changes are logged with who asked", async () => {
    expect((await call("GET", "/api/v1/clients", { role: "nobody" })).status).toBe(401);
    const headers = { authorization: "Bearer anax_wrong" };
    expect((await call("GET", "/api/v1/clients", { role: "nobody", headers })).status).toBe(401);
    const refused = await call("POST", "/api/v1/publish", { role: "viewer", body: { topic: "a" } });
    expect(refused).toMatchObject({
      status: 403,
      body: { error: "this needs the role operator; the-viewer is viewer" },
    });
    expect(changes).toEqual([]);
    const accept = { accept: true };
    const path = "/api/v1/server/accept-new-connections";
    expect((await call("PUT", path, { role: "operator", body: accept })).status).toBe(403);
    expect((await call("PUT", path, { body: accept })).status).toBe(204);
    expect(changes).toMatchObject([
      { name: "the-admin", role: "admin", method: "PUT", url: path, status: 204 },
    ]);
  });

  it("foreign hosts and pages are refused, also with a token", async () => {
    const host = await call("GET", "/api/v1/clients", { headers: { host: "evil.example" } });
    expect(host.status).toBe(403);
    const page = await call("GET", "/api/v1/clients", {
      headers: { origin: "https://evil.example" },
    });
    expect(page.status).toBe(403);
    const own = await call("GET", "/api/v1/clients", { headers: { origin: "http://127.0.0.1" } });
    expect(own.status).toBe(200);
  });

  it("may not be named so, and a wrong line of the file is named", async () => {
    expect(() => newToken("a:b", "viewer")).toThrow(/"a:b" is no name of a token/);
    const path = join(folder, "wrong.txt");
    writeFileSync(path, "# one\nann:owner:00\n");
    await expect(new TokenFile(path).load()).rejects.toThrow(/line 2 of .*wrong\.txt/);
  });
});

describe("metrics and health", () => {
  it("has each metric of the table, with its type, once", async () => {
    const { status, text } = await call("GET", "/metrics", { role: "viewer" });
    expect(status).toBe(200);
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({
      name,
      type,
    }));
    const expected = METRICS.filter(({ name }) => name !== OF_A_STORE);
    expect(types).toEqual(expected.map(({ name, type }) => ({ name, type })));
    for (const { name, type } of types) expect(name?.endsWith("_total")).toBe(type === "counter");
    expect(text).toMatch(/^anax_up 1$/m);
    expect(text).toMatch(/^anax_messages_total\{direction="in"\} \d+$/m);
    expect(text).toMatch(/^anax_messages_by_qos_total\{direction="in",qos="2"\} 0$/m);
    const labels = /\{listener="tcp:\d+",version="5.0",direction="out"\} \d+$/m;
    expect(text).toMatch(new RegExp(`^anax_listener_bytes_total${labels.source}`, "m"));
    expect(text).toMatch(/^anax_delivery_seconds_bucket\{le="\+Inf"\} \d+$/m);
    expect((await call("GET", "/metrics", { role: "nobody" })).status).toBe(401);
  });

  it.skipIf(!hasPromtool && process.env["CI"] === undefined)("is what promtool wants", async () => {
    const { text } = await call("GET", "/metrics");
    const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text });
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: "" });
  });

  it("says that it lives and whether it takes work", async () => {
    expect((await call("GET", "/health/live", { role: "nobody" })).status).toBe(200);
    const ready = await call("GET", "/health/ready", { role: "nobody" });
    expect(ready).toMatchObject({ status: 200, body: { isReady: true, store: "none" } });
    const idle = createAdmin(new MqttServer({ port: 0 }), { holderOf: () => undefined });
    const response = await idle.fetch(new Request("http://127.0.0.1/health/ready"));
    expect(response.status).toBe(503);
    idle.close();
  });

  it("describes all routes, with a schema for each answer", async () => {
    const { body } = await call("GET", "/api/v1/openapi.json", { role: "nobody" });
    expect(body).toEqual(JSON.parse(JSON.stringify(openApi("0"))));
    expect(body.openapi).toBe("3.1.0");
    const operations = Object.values<object>(body.paths).flatMap((one) => Object.values(one));
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("getClientsClientId");
  });
});

describe("listenAdmin", () => {
  let listener: AdminListener;

  it("answers by HTTP on this machine, and ends with its connections", async () => {
    const own = createAdmin(server, { holderOf: () => undefined, openMetrics: true });
    listener = await listenAdmin(own, { port: 0 });
    expect(listener.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${listener.url}/metrics`);
    expect(await response.text()).toContain("anax_connections ");
    const foreign = await new Promise<number | undefined>((resolve) => {
      const headers = { host: "evil.example" };
      httpRequest(`${listener.url}/metrics`, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).end();
    });
    expect(foreign).toBe(403);
    await expect(listenAdmin(own, { port: Number(new URL(listener.url).port) })).rejects.toThrow(
      /EADDRINUSE/,
    );
    await listener.close();
    await expect(fetch(`${listener.url}/metrics`)).rejects.toThrow(/fetch failed/);
  });
});
