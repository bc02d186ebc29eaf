import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "@anax/client";
import { MqttServer, MqttServerBusyError } from "@anax/server";
import type { Credentials } from "@anax/server";
import { HttpAuthenticator } from "@anax/access";
import type { HttpAuthenticatorOptions } from "@anax/access";
import { holdTime } from "./support/held-time.ts";

interface Request {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answering = (request: Request, response: ServerResponse) => void;

/** A service of an operator's. */
async function service(answering: Answering) {
  const requests: Request[] = [];
  const current = { answering };
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
    incoming.on("end", () => {
      const { method, url, headers } = incoming;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      current.answering(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(stop);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { requests, current, url: `http://127.0.0.1:${port}/auth`, stop };
}

const json =
  (value: object, status = 200): Answering =>
  (_request, response) => {
    response.statusCode = status;
    response.end(JSON.stringify(value));
  };

const status =
  (code: number): Answering =>
  (_request, response) => {
    response.statusCode = code;
    response.end();
  };

function showing(userName = "ann", password: string | Uint8Array = "secret"): Credentials {
  const bytes = typeof password === "string" ? new TextEncoder().encode(password) : password;
  const peer = { transport: "tcp", secure: false, remoteAddress: "10.0.0.1" };
  return { clientId: "lamp", userName, password: bytes, peer };
}

async function answer(
  answering: Answering,
  options: Partial<HttpAuthenticatorOptions> = {},
): Promise<unknown> {
  const { url } = await service(answering);
  return new HttpAuthenticator({ url, ...options }).authenticate(showing());
}

describe("what a service answers", () => {
  const decided: readonly [string, Answering, unknown][] = [
    ["204", status(204), true],
    ["401", status(401), false],
    ["403", status(403), false],
    ["allow", json({ result: "allow" }), true],
    ["deny", json({ result: "deny", userName: "ann" }), false],
    ["ignore", json({ result: "ignore" }), undefined],
    [
      "an identity",
      json({
        result: "allow",
        userName: "ann smith",
        groups: ["staff"],
        publish: ["a/#"],
        subscribe: [],
        clientId: "lamp",
        expiresInSeconds: 60,
      }),
      {
        userName: "ann smith",
        groups: ["staff"],
        permissions: { publish: ["a/#"], subscribe: [] },
        clientId: "lamp",
        expiresInMs: expect.closeTo(60_000, -3),
      },
    ],
  ];
  it.each(decided)("%s is an answer", async (_what, answering, expected) => {
    expect(await answer(answering)).toEqual(expected);
  });

  const failures: readonly [string, Answering, string][] = [
    ["an error", status(500), "answered with status 500"],
    ["a status that says nothing", status(200), "answered with no JSON"],
    ["not found", status(404), "answered with status 404"],
    [
      "a redirect",
      (_request, response) => {
        response.writeHead(302, { location: "http://127.0.0.1:1/" });
        response.end();
      },
      "answered with status 302",
    ],
    ["no JSON", (_request, response) => void response.end("allow"), "answered with no JSON"],
    ["no object", (_request, response) => void response.end("7"), "answered with no object"],
    ["another result", json({ result: "yes" }), "without a result that is known"],
    ["no result", json({ userName: "ann" }), "without a result that is known"],
    ["a list", json([]), "without a result that is known"],
    ["an unknown field", json({ result: "allow", acl: ["a"] }), "an unknown field acl"],
    [
      "a group that is no text",
      json({ result: "allow", groups: [1] }),
      "the identity that the service gave is wrong: groups is wrong: an entry is no text",
    ],
    [
      "a filter that is none",
      json({ result: "allow", publish: ["a/#/b"] }),
      'Topic Filter "a/#/b" is not valid',
    ],
    [
      "an expiry that is none",
      json({ result: "allow", expiresInSeconds: "soon" }),
      "expiresInSeconds of the service is no number above 0",
    ],
    [
      "more than it may",
      json({ result: "allow", userName: "x".repeat(70_000) }),
      "the answer has more than 65536 bytes",
    ],
    [
      "half an answer",
      (_request, response) => void response.write("{", () => void response.destroy()),
      "other side closed",
    ],
  ];
  it.each(failures)("%s is a failure", async (_what, answering, said) => {
    await expect(answer(answering, { timeoutMs: 60_000 })).rejects.toThrow(said);
  });

  it("nothing is a failure when time is up", async () => {
    await expect(answer(() => undefined, { timeoutMs: 100 })).rejects.toThrow(
      "no answer in 100 ms",
    );
  });

  it("nothing, where there is no service", async () => {
    const { url, stop } = await service(status(204));
    stop();
    await expect(new HttpAuthenticator({ url }).authenticate(showing())).rejects.toThrow(
      "ECONNREFUSED",
    );
  });
});

describe("what a service is sent", () => {
  const odd = 'a"b\r\nx: y&z=%u?#/../é';

  it("is JSON by default", async () => {
    const { url, requests } = await service(status(204));
    const headers = { authorization: "Bearer office" };
    await new HttpAuthenticator({ url, headers }).authenticate(showing(odd, odd));
    expect(requests).toMatchObject([
      {
        method: "POST",
        url: "/auth",
        headers: { authorization: "Bearer office", "content-type": "application/json" },
      },
    ]);
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual({
      userName: odd,
      password: odd,
      clientId: "lamp",
      address: "10.0.0.1",
    });
  });

  it("may be a form, or the query of a GET, with fields of one's own", async () => {
    const { url, requests } = await service(status(204));
    const fields = { who: "user %u at %a", full: "100%%", host: "%s", way: "%t" };
    const expected = { who: `user ${odd} at 10.0.0.1`, full: "100%", host: "", way: "tcp" };
    await new HttpAuthenticator({ url, fields, format: "form" }).authenticate(showing(odd));
    const get = new HttpAuthenticator({ url: `${url}?key=1`, fields, method: "GET" });
    await get.authenticate(showing(odd));
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual(expected);
    const query = new URL(requests[1]?.url ?? "", url);
    expect(query.pathname).toBe("/auth");
    expect(Object.fromEntries(query.searchParams)).toEqual({ key: "1", ...expected });
    expect(requests[1]?.body).toBe("");
  });

  it("is nothing for a password that is no text, and for a method of AUTH", async () => {
    const { url, requests } = await service(status(204));
    const http = new HttpAuthenticator({ url });
    expect(await http.authenticate(showing("ann", new Uint8Array([0xff])))).toBe(false);
    const method = { ...showing(), authenticationMethod: "x" };
    expect(await http.authenticate(method)).toBeUndefined();
    expect(requests).toEqual([]);
  });
});

describe("an answer", () => {
  it("is remembered for the very same credentials, and for its time", async () => {
    const { url, requests, current } = await service(
      json({ result: "allow", expiresInSeconds: 9 }),
    );
    const http = new HttpAuthenticator({ url });
    const { now } = performance;
    let elapsedMs = 0;
    performance.now = () => now.call(performance) + elapsedMs;
    onTestFinished(() => void (performance.now = now));
    await http.authenticate(showing());
    elapsedMs = 5_000;
    expect(await http.authenticate(showing())).toEqual({ expiresInMs: expect.closeTo(4_000, -3) });
    expect(requests).toHaveLength(1);
    await http.authenticate(showing("ann", "other"));
    expect(requests).toHaveLength(2);
    current.answering = status(500);
    expect(await http.authenticate(showing())).toBeTypeOf("object");
    elapsedMs = 10_000;
    await expect(http.authenticate(showing())).rejects.toThrow("500");
    current.answering = status(403);
    expect(await http.authenticate(showing())).toBe(false);
    current.answering = status(204);
    expect(await http.authenticate(showing())).toBe(false);
    elapsedMs = 16_000;
    expect(await http.authenticate(showing())).toBe(true);
    current.answering = status(403);
    expect(await http.authenticate(showing())).toBe(true);
    http.forget();
    expect(await http.authenticate(showing())).toBe(false);
  });

  it("is not forgotten for a flood of others that are refused", async () => {
    const { url, current } = await service(status(204));
    const http = new HttpAuthenticator({ url, cacheEntriesMax: 10 });
    expect(await http.authenticate(showing("known"))).toBe(true);
    current.answering = status(403);
    for (let number = 0; number < 20; number += 1)
      expect(await http.authenticate(showing(`guess ${number}`))).toBe(false);
    current.answering = status(500);
    expect(await http.authenticate(showing("known"))).toBe(true);
  });

  it("is asked for once by many that show the same, and not remembered where that is asked for", async () => {
    const { url, requests } = await service(status(204));
    const http = new HttpAuthenticator({ url, cacheSeconds: 0 });
    await Promise.all(Array.from({ length: 20 }, () => http.authenticate(showing())));
    expect(requests).toHaveLength(1);
    await http.authenticate(showing());
    expect(requests).toHaveLength(2);
  });
});

describe("a service that stalls", () => {
  it("is asked about so many at a time, keeps nobody waiting without end, and lets in whom it knows", async () => {
    const { url, requests, current } = await service(status(204));
    const time = holdTime();
    const http = new HttpAuthenticator({
      url,
      requestsMax: 5,
      waitingMax: 10,
      timeoutMs: 500,
      cacheEntriesMax: 100,
    });
    expect(await http.authenticate(showing("known"))).toBe(true);
    current.answering = () => undefined;
    requests.length = 0;
    const storm = Array.from({ length: 5_000 }, (_, index) =>
      http.authenticate(showing(`user ${index}`)).catch((error: unknown) => error),
    );
    expect(await http.authenticate(showing("known"))).toBe(true);
    await expect.poll(() => requests.length, { timeout: 15_000 }).toBe(5);
    time.pass(500);
    const answers = await Promise.all(storm);
    const busy = answers.filter((one) => one instanceof MqttServerBusyError);
    // Those whose turn came in time have been asked about; all others were told to come later.
    expect(answers.every((one) => one instanceof Error)).toBe(true);
    expect(busy).toHaveLength(4_995);
    expect(requests).toHaveLength(5);
    current.answering = status(204);
    expect(await http.authenticate(showing("user 1"))).toBe(true);
  });

  it("is not asked about clients that have left", async () => {
    const held: ServerResponse[] = [];
    const { url, requests } = await service((_request, response) => void held.push(response));
    const http = new HttpAuthenticator({ url, requestsMax: 1 });
    const first = http.authenticate(showing("first"));
    const gone = http
      .authenticate({ ...showing("gone"), isAwaited: () => false })
      .catch((error: unknown) => error);
    const last = http.authenticate(showing("last"));
    await expect.poll(() => held.length, { timeout: 15_000 }).toBe(1);
    held[0]?.writeHead(204).end();
    expect(await gone).toBeInstanceOf(MqttServerBusyError);
    await expect.poll(() => held.length, { timeout: 15_000 }).toBe(2);
    held[1]?.writeHead(204).end();
    expect([await first, await last]).toEqual([true, true]);
    expect(requests).toHaveLength(2);
  });
});

it("a server lets in whom the service allows, and nobody while it is gone", async () => {
  const { url, current } = await service(json({ result: "allow", userName: "ann smith" }));
  const names: unknown[] = [];
  const server = new MqttServer({
    port: 0,
    systemTopics: false,
    authenticators: [new HttpAuthenticator({ url, cacheSeconds: 0 })],
    on: { clientConnected: ({ userName }) => void names.push(userName) },
  });
  await server.start();
  onTestFinished(async () => void (await server.stop({ deadlineMs: 100 })));
  const options = { userName: "ann", password: "secret", reconnect: false } as const;
  const client = await connect(server.address().url, options);
  await client.disconnect();
  expect(names).toEqual(["ann smith"]);
  current.answering = status(500);
  await expect(connect(server.address().url, options)).rejects.toMatchObject({ reasonCode: 0x88 });
  expect(server.statistics.authenticationFailures).toBe(1);
});

const bad: readonly [object, string][] = [
  [{ url: "x" }, "url is no URL"],
  [{ url: "ftp://x" }, "url is no URL"],
  [{ url: "http://a:b@x" }, "url has a password"],
  [{ url: "http://x", method: "PUT" }, 'method "PUT"'],
  [{ url: "http://x", format: "xml" }, 'format "xml"'],
  [{ url: "http://x", headers: { a: "b\nc" } }, "headers"],
  [{ url: "http://x", fields: { a: "%x" } }, "a has %x"],
  [{ url: "http://x", timeoutMs: 0 }, "timeoutMs is 0, not from 1"],
  [{ url: "http://x", requestsMax: 0 }, "requestsMax is 0"],
];
it.each(bad)("options %o are refused", (options, said) => {
  expect(() => new HttpAuthenticator(options as HttpAuthenticatorOptions)).toThrow(said);
});
