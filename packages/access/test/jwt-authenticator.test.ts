import { execFileSync } from "node:child_process";
import { generateKeyPairSync, createHmac, sign } from "node:crypto";
import { createServer } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, SignJWT } from "jose";
import type { CryptoKey, JWTPayload, KeyObject } from "jose";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { connect } from "@anax/client";
import { MqttServer } from "@anax/server";
import type { Credentials } from "@anax/server";
import { VirtualClock } from "@anax/testing";
import { JwtAuthenticator } from "@anax/access";
import type { JwtAuthenticatorOptions, TokenAlgorithm } from "@anax/access";
import { holdTime } from "./support/held-time.ts";

const SECRET = "a secret that has thirty-two bytes";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const folder = mkdtempSync(join(tmpdir(), "anax-tokens-"));

afterAll(() => rmSync(folder, { recursive: true }));

const pem = (key: { export(options: object): string | Buffer }): string =>
  key.export({ type: "spki", format: "pem" }).toString();

type Signer = CryptoKey | KeyObject | Uint8Array;

async function token(
  alg: string,
  key: Signer,
  payload: JWTPayload = {},
  header: object = {},
): Promise<string> {
  const claims = { sub: "ann", exp: Math.floor(Date.now() / 1_000) + 600, ...payload };
  return new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(key);
}

const hs = (payload?: JWTPayload): Promise<string> =>
  token("HS256", new TextEncoder().encode(SECRET), payload);

function showing(password: string, userName = "whoever"): Credentials {
  const peer = { transport: "test", secure: false };
  return { clientId: "c", userName, password: new TextEncoder().encode(password), peer };
}

async function answer(options: JwtAuthenticatorOptions, password: string): Promise<unknown> {
  const authenticator = new JwtAuthenticator(options);
  await authenticator.load();
  return authenticator.authenticate(showing(password));
}

const ANN = { userName: "ann", expiresInMs: expect.closeTo(600_000, -4) };

describe("a token", () => {
  const kinds: readonly [TokenAlgorithm, Signer, JwtAuthenticatorOptions][] = [
    ["HS256", new TextEncoder().encode(SECRET), { secret: SECRET }],
    ["RS256", rsa.privateKey, { publicKey: pem(rsa.publicKey) }],
    ["ES256", ec.privateKey, { publicKey: pem(ec.publicKey) }],
    ["EdDSA", ed.privateKey, { publicKey: pem(ed.publicKey) }],
  ];

  it.each(kinds)(
    "of %s lets in whom it names, and nobody when it was changed",
    async (alg, key, options) => {
      const good = await token(alg, key);
      expect(await answer(options, good)).toEqual(ANN);
      const [head = "", , signature = ""] = good.split(".");
      const payload = Buffer.from(JSON.stringify({ sub: "bob", exp: 9_999_999_999 }));
      expect(await answer(options, `${head}.${payload.toString("base64url")}.${signature}`)).toBe(
        false,
      );
      expect(await answer(options, `${good.slice(0, -6)}AAAAAA`)).toBe(false);
      expect(await answer(options, good.slice(0, good.lastIndexOf(".") + 1))).toBe(false);
    },
  );

  it.each(kinds)(
    "is taken by a key of %s in its own algorithm only",
    async (alg, _key, options) => {
      const others = kinds.filter(([other]) => other !== alg);
      const answers = others.map(async ([other, key]) => answer(options, await token(other, key)));
      expect(await Promise.all(answers)).toEqual([false, false, false]);
    },
  );

  it("signed with a public key as secret is no token of anybody's", async () => {
    const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url");
    const payload = Buffer.from('{"sub":"ann","exp":9999999999}').toString("base64url");
    for (const { publicKey } of [rsa, ec, ed]) {
      const text = pem(publicKey);
      const signature = createHmac("sha256", text).update(`${header}.${payload}`);
      const forged = `${header}.${payload}.${signature.digest("base64url")}`;
      expect(await answer({ publicKey: text }, forged)).toBe(false);
      const keys = [{ ...(await exportJWK(publicKey)), kid: "1" }];
      expect(await answer({ keySet: { keys } }, forged)).toBe(false);
      expect(() => new JwtAuthenticator({ secret: text })).toThrow("use publicKey");
    }
  });

  it("that is not signed is none", async () => {
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    const payload = Buffer.from('{"sub":"ann","exp":9999999999}').toString("base64url");
    for (const [, , options] of kinds)
      expect(await answer(options, `${header}.${payload}.`)).toBe(false);
  });

  it("that has critical parameters is a no, as none are known", async () => {
    const signer = new TextEncoder().encode(SECRET);
    const header = { alg: "HS256", crit: ["b64"], b64: true };
    const odd = await new SignJWT({ sub: "ann", exp: 9_999_999_999 })
      .setProtectedHeader(header)
      .sign(signer);
    expect(await answer({ secret: SECRET }, odd)).toBe(false);
    const part = Buffer.from('{"alg":"HS256","crit":["exp"],"exp":1}').toString("base64url");
    const signed = `${part}.${odd.split(".")[1]}`;
    const signature = createHmac("sha256", SECRET).update(signed).digest("base64url");
    expect(await answer({ secret: SECRET }, `${signed}.${signature}`)).toBe(false);
  });

  it("is verified by no weak key of a set, and by no part of a signature", async () => {
    const weak = generateKeyPairSync("rsa", { modulusLength: 1_024 });
    const payload = Buffer.from('{"sub":"ann","exp":9999999999}').toString("base64url");
    const header = Buffer.from('{"alg":"RS256","kid":"1"}').toString("base64url");
    const signature = sign("sha256", Buffer.from(`${header}.${payload}`), weak.privateKey);
    const keys = [{ ...(await exportJWK(weak.publicKey)), kid: "1" }];
    const forged = `${header}.${payload}.${signature.toString("base64url")}`;
    expect(await answer({ keySet: { keys } }, forged)).toBe(false);
    for (const [alg, key, options] of kinds) {
      const good = await token(alg, key);
      for (const cut of [1, 2, 10]) expect(await answer(options, good.slice(0, -cut))).toBe(false);
    }
  });

  const past = Math.floor(Date.now() / 1_000) - 60;
  const wrong: readonly [string, JWTPayload, Partial<JwtAuthenticatorOptions>][] = [
    ["has expired", { exp: past }, {}],
    ["never expires", { exp: undefined as never }, {}],
    ["is not in force yet", { nbf: past + 600 }, {}],
    ["is for another audience", { aud: "other" }, { audience: "mqtt" }],
    ["is for no audience", {}, { audience: ["mqtt", "iot"] }],
    ["names nobody", { sub: undefined as never }, {}],
    ["names a user with a line break", { sub: "ann\nbob" }, {}],
    ["has groups that are none", { groups: [1] as never }, {}],
    ["has no Client Identifier where one is asked for", {}, { claims: { clientId: "cid" } }],
    ["has a filter that is none", { may: ["a/#/b"] }, { claims: { publish: "may" } }],
    ["is very long", { more: "x".repeat(20_000) }, {}],
  ];
  it.each(wrong)("that %s lets nobody in", async (_what, payload, options) => {
    expect(await answer({ secret: SECRET, ...options }, await hs(payload))).toBe(false);
  });

  it("is not this authenticator's where it is another issuer's, or no token at all", async () => {
    const options = { secret: SECRET, issuer: "https://id.example" };
    expect(await answer(options, await hs({ iss: "https://id.example" }))).toEqual(ANN);
    expect(await answer(options, await hs({ iss: "https://other.example" }))).toBeUndefined();
    expect(await answer(options, await hs())).toBeUndefined();
    for (const text of ["", "secret", "a.b", "a.b.c.d", "..", "a b.c.d"])
      expect(await answer({ secret: SECRET }, text)).toBeUndefined();
    const { password: _password, ...nothing } = showing("");
    expect(await new JwtAuthenticator({ secret: SECRET }).authenticate(nothing)).toBeUndefined();
  });

  it("says what its bearer may do, and of which groups it is", async () => {
    const claims = {
      userName: "preferred_username",
      clientId: "cid",
      groups: "realm_access.roles",
      publish: "pub",
      subscribe: "https://example.com/sub",
      keep: ["tenant", "room"],
    };
    const payload = {
      preferred_username: "ann smith",
      cid: "lamp",
      realm_access: { roles: ["staff", "lights"] },
      pub: "lamps/7/+",
      "https://example.com/sub": ["lamps/7/#"],
      tenant: 7,
      secret: "not kept",
    };
    expect(await answer({ secret: SECRET, claims }, await hs(payload))).toEqual({
      userName: "ann smith",
      clientId: "lamp",
      groups: ["staff", "lights"],
      permissions: { publish: ["lamps/7/+"], subscribe: ["lamps/7/#"] },
      claims: { tenant: 7 },
      expiresInMs: expect.any(Number),
    });
    const none = await answer({ secret: SECRET, claims: { publish: "pub" } }, await hs());
    expect(none).toMatchObject({ permissions: { publish: [] } });
  });
});

describe("a token that comes again", () => {
  it("is not verified again, but is good no longer than it says, and only by the keys of now", async () => {
    const path = join(folder, "again");
    writeFileSync(path, pem(rsa.publicKey));
    const authenticator = new JwtAuthenticator({ keyFile: path, clockToleranceSeconds: 0 });
    await authenticator.load();
    const { now } = performance;
    const wallNow = Date.now;
    let elapsedMs = 0;
    performance.now = () => now.call(performance) + elapsedMs;
    Date.now = () => wallNow.call(Date) + elapsedMs;
    onTestFinished(() => {
      performance.now = now;
      Date.now = wallNow;
    });
    const again = async (credentials: Credentials): Promise<unknown> =>
      authenticator.authenticate(credentials);
    const good = showing(await token("RS256", rsa.privateKey));
    const short = showing(
      await token("RS256", rsa.privateKey, { exp: Math.floor(Date.now() / 1_000) + 10 }),
    );
    expect(await again(good)).toEqual(ANN);
    expect(await again(short)).toMatchObject({ userName: "ann" });
    elapsedMs = 11_000;
    const left = { userName: "ann", expiresInMs: expect.closeTo(589_000, -4) };
    expect(await again(good)).toEqual(left);
    expect(await again(short)).toBe(false);
    writeFileSync(path, pem(otherRsa.publicKey));
    elapsedMs = 14_000;
    expect(await again(good)).toBe(false);
  });
});

describe("options", () => {
  const bad: readonly [object, string][] = [
    [{}, "0 of secret, publicKey, keySet, keyFile and keyUrl are given"],
    [{ secret: SECRET, keyUrl: "https://x" }, "2 of secret"],
    [{ secret: "short" }, "5 bytes; HS256 needs at least 32"],
    [{ publicKey: "x" }, "no key and no certificate"],
    [{ publicKey: rsa.privateKey.export({ type: "pkcs8", format: "pem" }) }, "private key"],
    [{ publicKey: pem(generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey) }, "2048"],
    [{ keySet: {} }, "list of keys"],
    [{ keySet: { keys: [{ kty: "oct", k: "AAAA" }] } }, "not public"],
    [{ keyUrl: "file:///etc/passwd" }, "keyUrl is no URL"],
    [{ keyUrl: "https://a:b@x/" }, "has a password"],
    [{ secret: SECRET, algorithms: ["RS256"] }, "algorithms fits no key: HS256"],
    [{ secret: SECRET, algorithms: ["HS512"] }, '"HS512"'],
    [{ secret: SECRET, clockToleranceSeconds: -1 }, "clockToleranceSeconds is -1"],
  ];
  it.each(bad)("%o are refused", (options, said) => {
    expect(() => new JwtAuthenticator(options)).toThrow(said);
  });
});

describe("a file of keys", () => {
  it("is read again when it changes, and what is wrong in it changes nothing", async () => {
    const path = join(folder, "keys");
    writeFileSync(path, pem(rsa.publicKey));
    const warnings: string[] = [];
    let elapsedMs = 0;
    const { now } = performance;
    performance.now = () => now.call(performance) + elapsedMs;
    onTestFinished(() => void (performance.now = now));
    const options = { keyFile: path, warn: (text: string) => void warnings.push(text) };
    const authenticator = new JwtAuthenticator(options);
    await authenticator.load();
    const ask = async (key: Signer, alg: string): Promise<unknown> => {
      elapsedMs += 10_000;
      return authenticator.authenticate(showing(await token(alg, key, {}, { kid: "k" })));
    };
    expect(await ask(rsa.privateKey, "RS256")).toEqual(ANN);
    writeFileSync(
      path,
      JSON.stringify({ keys: [{ ...(await exportJWK(ec.publicKey)), kid: "k" }] }),
    );
    expect(await ask(rsa.privateKey, "RS256")).toBe(false);
    expect(await ask(ec.privateKey, "ES256")).toEqual(ANN);
    writeFileSync(path, "{}");
    expect(await ask(ec.privateKey, "ES256")).toEqual(ANN);
    rmSync(path);
    expect(await ask(ec.privateKey, "ES256")).toEqual(ANN);
    expect(warnings).toHaveLength(2);
    await expect(new JwtAuthenticator({ keyFile: path }).load()).rejects.toThrow("cannot be used");
  });

  it.skipIf(process.platform === "win32")(
    "that stalls keeps clients waiting for a second, and leaves the keys that are known",
    async () => {
      const path = join(folder, "stalling");
      writeFileSync(path, pem(rsa.publicKey));
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
      onTestFinished(() => void vi.useRealTimers());
      const warnings: string[] = [];
      const warn = (text: string): void => void warnings.push(text);
      const authenticator = new JwtAuthenticator({ keyFile: path, warn });
      await authenticator.load();
      // Opening it waits for somebody who writes.
      rmSync(path);
      execFileSync("mkfifo", [path]);
      onTestFinished(() => writeFile(path, pem(rsa.publicKey)));
      vi.advanceTimersByTime(10_000);
      const good = await token("RS256", rsa.privateKey);
      const bad = await token("RS256", otherRsa.privateKey);
      const answers = Promise.all(
        [good, bad].map(async (one) => authenticator.authenticate(showing(one))),
      );
      vi.advanceTimersByTime(1_000);
      expect(await answers).toEqual([ANN, false]);
      expect(warnings).toEqual([`keys stay as they were: ${path} does not answer`]);
      expect(authenticator.authenticate(showing(good))).toEqual(ANN);
    },
  );
});

describe("a key set at a URL", () => {
  /** An identity provider, and how often it was asked. */
  async function provider() {
    const state = {
      keys: [] as object[],
      asked: 0,
      answer: "keys" as "keys" | "fail" | "stall",
      stalled: (): void => undefined,
    };
    const server = createServer((_request, response) => {
      state.asked += 1;
      if (state.answer === "stall") return state.stalled();
      response.statusCode = state.answer === "fail" ? 500 : 200;
      response.end(JSON.stringify({ keys: state.keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return { state, url: `http://127.0.0.1:${port}/jwks` };
  }

  const key = async (kid: string, pair = rsa): Promise<object> => ({
    ...(await exportJWK(pair.publicKey)),
    kid,
  });
  const signed = (kid: string, pair = rsa): Promise<string> =>
    token("RS256", pair.privateKey, {}, { kid });

  it("follows the provider's new keys, and asks it no more often than told", async () => {
    const { state, url } = await provider();
    state.keys = [await key("1")];
    const authenticator = new JwtAuthenticator({ keyUrl: url, cooldownSeconds: 0 });
    await authenticator.load();
    expect(await authenticator.authenticate(showing(await signed("1")))).toEqual(ANN);
    expect(state.asked).toBe(1);
    state.keys = [await key("2", otherRsa)];
    expect(await authenticator.authenticate(showing(await signed("2", otherRsa)))).toEqual(ANN);
    expect(await authenticator.authenticate(showing(await signed("1")))).toBe(false);
    // One key under the name of another.
    expect(await authenticator.authenticate(showing(await signed("2")))).toBe(false);
    const calm = new JwtAuthenticator({ keyUrl: url });
    await calm.load();
    const askedBefore = state.asked;
    for (const kid of ["3", "4", "5"])
      expect(await calm.authenticate(showing(await signed(kid)))).toBe(false);
    expect(state.asked).toBe(askedBefore);
  });

  it("that is gone, wrong or stalled lets in by the keys that are known, and nobody without", async () => {
    const { state, url } = await provider();
    const time = holdTime();
    state.stalled = () => time.pass(400);
    const warnings: string[] = [];
    const options = {
      keyUrl: url,
      timeoutMs: 400,
      cooldownSeconds: 0,
      cacheSeconds: 0,
      warn: (text: string) => void warnings.push(text),
    };
    const good = showing(await signed("1"));
    for (const [how, said] of [
      ["fail", "status 500"],
      ["stall", "no answer in 400 ms"],
    ] as const) {
      state.answer = how;
      const fresh = new JwtAuthenticator(options);
      await fresh.load();
      await expect(fresh.authenticate(good)).rejects.toThrow(said);
      state.answer = "keys";
      state.keys = [await key("1")];
      expect(await fresh.authenticate(good)).toEqual(ANN);
      state.answer = how;
      expect(await fresh.authenticate(good)).toEqual(ANN);
      expect(await fresh.authenticate(showing(await signed("9")))).toBe(false);
      const strict = new JwtAuthenticator({ ...options, staleSeconds: 0 });
      await expect(strict.authenticate(good)).rejects.toThrow(said);
    }
    state.answer = "keys";
    state.keys = [{ kty: "oct", k: "AAAA" }];
    const poisoned = new JwtAuthenticator({ ...options, timeoutMs: 10_000 });
    await poisoned.load();
    await expect(poisoned.authenticate(good)).rejects.toThrow("not public");
    expect(warnings.length).toBeGreaterThan(2);
  });
});

describe("a client with a token", () => {
  async function started(clock = new VirtualClock()): Promise<MqttServer> {
    const server = new MqttServer({
      port: 0,
      clock,
      systemTopics: false,
      authenticators: [new JwtAuthenticator({ secret: SECRET })],
    });
    await server.start();
    onTestFinished(async () => void (await server.stop({ deadlineMs: 100 })));
    return server;
  }

  const inSeconds = (seconds: number): JWTPayload => ({
    exp: Math.floor(Date.now() / 1_000) + seconds,
  });

  it("is ended by the server with 0x87 when its token ends", async () => {
    const clock = new VirtualClock();
    const { url } = (await started(clock)).address();
    const password = await hs(inSeconds(60));
    const client = await connect(url, {
      userName: "x",
      password,
      reconnect: false,
      keepAliveSeconds: 0,
    });
    clock.advance(50_000);
    await client.ping();
    clock.advance(10_000);
    const { reasonCode } = await client.closed;
    expect(reasonCode).toBe(0x87);
  });

  it("stays when it authenticates itself again with a new one", async () => {
    const clock = new VirtualClock();
    const { url } = (await started(clock)).address();
    let lifetime = 60;
    const authentication = {
      method: "JWT",
      handler: async ({ type }: { type: string }) =>
        type === "start" ? new TextEncoder().encode(await hs(inSeconds(lifetime))) : undefined,
    };
    const client = await connect(url, { authentication, reconnect: false, keepAliveSeconds: 0 });
    lifetime = 600;
    await client.reauthenticate();
    clock.advance(500_000);
    await client.ping();
    expect(client.connected).toBe(true);
    lifetime = -60;
    await expect(client.reauthenticate()).rejects.toThrow(Error);
    expect(client.connected).toBe(false);
  });

  it("is refused where the token is not good", async () => {
    const { url } = (await started()).address();
    const password = await hs(inSeconds(-60));
    const refused = connect(url, { userName: "x", password, reconnect: false });
    await expect(refused).rejects.toMatchObject({ reasonCode: 0x86 });
  });
});
