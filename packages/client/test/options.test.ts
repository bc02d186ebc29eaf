/** What a client is told before it connects: an option that cannot be, or that would have no effect, is an error. */
import { describe, expect, it } from "vitest";
import { MqttClient, MqttConfigurationError, parseServerAddress } from "@anax/client";
import type { ClientOptions, ReconnectOptions, WillOptions } from "@anax/client";
import { make } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

const URL_MQTT = "mqtt://in.memory";

/** What plain JavaScript may write, which no compiler has looked at. */
function unchecked(server: unknown, options?: unknown): () => MqttClient {
  return () => new MqttClient(server as string, options as ClientOptions);
}

/** What the refusal of this act says. */
function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MqttConfigurationError) return error.message;
    throw error;
  }
  return "nothing was refused";
}

describe("options", () => {
  it.each([
    ["a number out of range", { keepAliveSeconds: 70_000 }],
    ["a receiveMaximum of 0", { receiveMaximum: 0 }],
    ["a number that is no integer", { connectTimeoutMs: 0.5 }],
    ["a wildcard in the topic of the will", { will: { topic: "a/#" } }],
    ["a will without a topic", { will: {} as WillOptions }],
    ["a QoS of the will that does not exist", { will: { topic: "a", qos: 7 as 2 } }],
    ["MQTT 5.0 options on 3.1.1", { protocolVersion: 4, sessionExpiryIntervalSeconds: 1 }],
    [
      "MQTT 5.0 will options on 3.1.1",
      { protocolVersion: 4, will: { topic: "t", contentType: "x" } },
    ],
    [
      "authentication on 3.1.1",
      { protocolVersion: 4, authentication: { method: "m", handler: () => undefined } },
    ],
    ["a password without userName on 3.1.1", { protocolVersion: 4, password: "x" }],
    ["an empty clientId on 3.1", { protocolVersion: 3, clientId: "" }],
    ["an unknown version", { protocolVersion: 6 as 5 }],
    ["aliases of its own on 3.1.1", { protocolVersion: 4, outgoingTopicAliasMaximum: 5 }],
  ] satisfies [string, ClientOptions][])("%s is refused", (_, options) => {
    expect(() => new MqttClient(URL_MQTT, options)).toThrow(MqttConfigurationError);
  });

  it("that do not exist are refused, and those that do are listed", () => {
    const options = { keepalive: 5 } as ClientOptions;
    const said = /^unknown option "keepalive", only .*\bkeepAliveSeconds\b/;
    expect(refusalOf(() => new MqttClient(URL_MQTT, options))).toMatch(said);
    const reconnect = { period: 5 } as ReconnectOptions;
    expect(refusalOf(() => new MqttClient(URL_MQTT, { reconnect }))).toMatch(
      'unknown option "period" in reconnect',
    );
  });

  it.each([
    ["will", { topic: "t", retained: true }, 'option "retained" in will, only topic'],
    ["will", { topic: "t", retain: "yes" }, "will.retain must be of type boolean, not string"],
    ["will", "t", "will must be an object, not string"],
    ["authentication", { method: "m" }, "authentication needs method and handler"],
    ["authentication", { method: "m", handler: 1 }, "authentication.handler must be of type"],
    ["reconnect", "always", "reconnect must be of type boolean or Object, not string"],
    ["password", 271_828, "password must be of type string or Uint8Array or function, not number"],
    ["cleanStart", "false", "cleanStart must be of type boolean, not string"],
    ["signal", new AbortController(), "signal must be of type AbortSignal"],
    ["transport", "tcp", "transport must be of type function"],
    ["userProperties", { a: "b" }, "userProperties must be of type Array, not Object"],
  ])("%s %o is refused", (name, value, said) => {
    expect(refusalOf(unchecked(URL_MQTT, { [name]: value }))).toMatch(said);
  });

  it.each([
    ["a number", 5, "options must be an object, not number"],
    ["a promise", Promise.resolve({}), "options must be an object, not Promise"],
  ])("that are %s are refused", (_, options, said) => {
    expect(refusalOf(unchecked(URL_MQTT, options))).toMatch(said);
  });

  it.each([
    ["a clientId with U+0000", { clientId: "a\0" }, "U+0000"],
    ["a userName of 65 536 bytes", { userName: "u".repeat(65_536) }, "65535"],
    ["a will of 65 536 bytes", { will: { topic: "t", payload: new Uint8Array(65_536) } }, "65535"],
    ["half a pair", { userProperties: [["a"]] as never }, "userProperties must be"],
  ] satisfies [string, ClientOptions, string][])("%s is refused", (_, options, said) => {
    expect(refusalOf(() => new MqttClient(URL_MQTT, options))).toMatch(said);
  });

  it("null counts as absent", async () => {
    const server = new ScriptedServer();
    const nothing = { clientId: null, will: null, password: null, tls: null, webSocket: null };
    const options = { ...nothing, keepAliveSeconds: null, sessionExpiryIntervalSeconds: null };
    const client = make(server, options as unknown as ClientOptions);
    await client.connect();
    expect(client.clientId).toMatch(/^anax-/);
    const [packet] = server.packets("connect");
    expect(packet).toMatchObject({ keepAliveSeconds: 60 });
    expect(packet).not.toHaveProperty("properties.sessionExpiryIntervalSeconds");
  });

  it("are not changed", () => {
    const options = Object.freeze({
      will: Object.freeze({ topic: "t" }),
      reconnect: Object.freeze({}),
    });
    expect(() => new MqttClient(URL_MQTT, options)).not.toThrow();
  });
});

describe("TLS that is asked for", () => {
  it.each([
    ["mqtt://h", { ca: "x" }],
    ["mqtt://h:8883", {}],
    ["tcp://h", { rejectUnauthorized: false }],
    ["ws://h", { ca: "x" }],
    ["unix:///tmp/s", { ca: "x" }],
    [{ host: "h", port: 8883 }, { ca: "x" }],
    [{ protocol: "ws", host: "h" } as const, {}],
  ])("is refused for %o, which has none", (server, tls) => {
    expect(refusalOf(() => new MqttClient(server, { tls }))).toMatch(
      /tls is given, but .* is without TLS/,
    );
  });

  it.each([
    [{ caFile: "x" }, 'unknown option "caFile" in tls, only ca cert key'],
    [{ useTls: false }, 'unknown option "useTls" in tls'],
    [{ rejectUnauthorised: false }, 'unknown option "rejectUnauthorised" in tls'],
    [{ rejectUnauthorized: 0 }, "tls.rejectUnauthorized must be of type boolean, not number"],
    [{ minVersion: "TLSv1" }, 'tls.minVersion "TLSv1" is not one of "TLSv1.2" "TLSv1.3"'],
    [{ cert: "x" }, "tls.cert and tls.key belong together"],
    [{ key: "x" }, "tls.cert and tls.key belong together"],
    [{ passphrase: "x" }, "tls.passphrase needs tls.key or tls.pfx"],
    [{ alpn: "mqtt" }, "tls.alpn must be of type Array, not string"],
    [() => ({}), "tls must be an object, not function"],
  ])("by %o is refused", (tls, said) => {
    expect(refusalOf(unchecked("mqtts://h", { tls }))).toMatch(said);
  });
});

describe("options of an IP address", () => {
  it.each([{ localAddress: "127.0.0.1" }, { addressFamily: 4 }, { proxy: "http://a" }] as const)(
    "%o are refused for a Unix socket, which has none",
    (options) => {
      const said = /is given, but a Unix socket has (none|no address)/;
      expect(refusalOf(() => new MqttClient("unix:///tmp/s", options))).toMatch(said);
    },
  );
});

describe("what the program supplies", () => {
  it("is named where it gives what it should not", async () => {
    const clock = { now: () => 0, callAfter: () => 1 } as never;
    const connectings = [
      new MqttClient(URL_MQTT, { clock }).connect(),
      new MqttClient(URL_MQTT, { transport: async () => ({}) as never }).connect(),
    ];
    await expect(connectings[0]).rejects.toThrow(
      "what clock.callAfter gives must be of type function",
    );
    await expect(connectings[1]).rejects.toThrow("write of what transport opens must be of type");
  });
});

describe("options of WebSocket", () => {
  it.each(["mqtt://h", "mqtts://h", "unix:///tmp/s"])("are refused for %s", (server) => {
    const options = { webSocket: { headers: { a: "b" } } };
    const said = /webSocket is given, but .* is no WebSocket/;
    expect(refusalOf(() => new MqttClient(server, options))).toMatch(said);
  });

  it("are refused when they do not exist", () => {
    const said = 'unknown option "protocol" in webSocket, only headers protocols';
    expect(refusalOf(unchecked("ws://h", { webSocket: { protocol: "mqtt" } }))).toMatch(said);
  });
});

describe("the server", () => {
  it.each([
    [42, "not number"],
    [[], "not Array"],
    [true, "not boolean"],
    [() => 1, "not function"],
    [undefined, "not undefined"],
    [null, "not Null"],
    [Promise.resolve("mqtt://h"), "not Promise"],
    ["", 'no URL: ""'],
    [{ host: "" }, 'host must be a name or an address, not ""'],
    [{ host: undefined, port: 1883 }, "host must be a name or an address, not undefined"],
    [{ host: null }, "host must be a name or an address, not null"],
    [{ host: 5 }, "server.host must be of type string, not number"],
    [{ hostname: "h" }, 'unknown option "hostname" in server, only protocol host port path'],
    [{ host: "h", port: "1883" }, "server.port of type string is not an integer from 1 to 65535"],
    [{ host: "h", port: 0 }, "server.port 0 is not an integer from 1 to 65535"],
    [{ host: "h", protocol: "http" }, "http: is not one of"],
    [{ host: "h", path: "/x" }, "mqtt has no path"],
    [{ protocol: "unix", path: "/tmp/s", host: "h" }, "unix has no host and no port"],
    [{ protocol: "unix", path: "/tmp/s", port: 1 }, "unix has no host and no port"],
    [{ protocol: "unix" }, "unix:///path/to/socket"],
  ])("%o is refused", (server, said) => {
    expect(refusalOf(unchecked(server))).toMatch(said);
  });

  it.each([
    ["http://x", "http: is not one of"],
    ["no url", 'no URL: "no url"'],
    ["unix://tmp/x", "unix:///path/to/socket"],
    ["mqtt://h/topic", "an address of mqtt has no path and no query"],
    ["mqtts://h?clientId=x", "an address of mqtts has no path and no query"],
    ["mqtt://h:0", "server.port 0 is not an integer from 1 to 65535"],
    ["ws://h/mqtt#a", "write # as %23"],
    ["mqtt://user:12#34@h", "write # as %23"],
    ["mqtt://user:se%cret@h", "write % as %25"],
    ["mqtt://user:%@h", "write % as %25"],
    ["unix:///tmp/100%", "write % as %25"],
  ])("%s is refused", (url, said) => {
    expect(refusalOf(unchecked(url))).toMatch(said);
    expect(refusalOf(() => parseServerAddress(url))).toMatch(said);
  });

  it("is shown without its password", () => {
    expect(refusalOf(unchecked("mqtt://user:a@secret@ho st"))).toMatch(/"mqtt:\/\/ho st"$/);
    for (const url of [
      "mqtt://user:secret@ho st",
      "mqtt://user:12#secret@h",
      "mqtt://user:secret%@h",
      "mqtt://user:secret#x@h",
      "mqtt://user:secret/x@h",
      "mqtt://user:secret?x@h:1883",
    ]) {
      expect(unchecked(url)).toThrow(MqttConfigurationError);
      expect(unchecked(url)).not.toThrow("secret");
    }
  });

  it("may leave out the path of a WebSocket URL", () => {
    for (const url of ["wss://h:1", "wss://h:1/"]) {
      expect(new MqttClient(url).address.path).toBe("/mqtt");
    }
    expect(new MqttClient("ws://h/p?q").address.path).toBe("/p?q");
    expect(new MqttClient({ protocol: "ws", path: "/" }).address.path).toBe("/");
  });

  it("may be given in parts, or as a URL of another realm", () => {
    const client = new MqttClient({ protocol: "wss", host: "h", path: "/p" });
    expect(client.address).toEqual({ protocol: "wss", host: "h", port: 443, path: "/p" });
    expect(new MqttClient("unix:///tmp/a%20b").address.path).toBe("/tmp/a b");
    expect(new MqttClient("mqtt://[::1]").address).toMatchObject({ host: "::1", port: 1883 });
    expect(new MqttClient("mqtt://h/").address).toMatchObject({ host: "h", port: 1883, path: "" });
    class URL {
      toString(): string {
        return "mqtt://h:99";
      }
      get [Symbol.toStringTag](): string {
        return "URL";
      }
    }
    expect(unchecked(new URL())().address).toMatchObject({ host: "h", port: 99 });
  });
});
