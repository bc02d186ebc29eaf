import { describe, expect, it } from "vitest";
import { MqttConfigurationError, MqttServer, SERVER_DEFAULTS } from "../src/index.ts";
import type { MqttServerOptions } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";

/** Options as a program without types might give them. */
function untyped(options: object): MqttServerOptions {
  return options;
}

describe("defaults", () => {
  it("are all finite, so that nobody fills the memory of a server that was told nothing", () => {
    const numbers = Object.entries(SERVER_DEFAULTS).filter(
      ([, value]) => typeof value === "number",
    );
    const unlimited = numbers.filter(([, value]) => !(Number(value) < Number.MAX_SAFE_INTEGER));
    expect(numbers.length).toBeGreaterThan(20);
    expect(unlimited).toEqual([]);
  });

  it("listen on this machine only", () => {
    expect(resolveOptions({}).listeners).toEqual([{ type: "tcp", host: "127.0.0.1", port: 1883 }]);
  });

  it("stand where an option is undefined", () => {
    const { core } = resolveOptions({ maximumPacketSize: undefined, receiveMaximum: 5 });
    expect(core.maximumPacketSize).toBe(SERVER_DEFAULTS.maximumPacketSize);
    expect(core.receiveMaximum).toBe(5);
  });
});

describe("queueMessagesMax", () => {
  it("is the count of QoS 0 messages for a slow client too, unless that has one of its own", () => {
    const count = (options: MqttServerOptions): number =>
      resolveOptions(options).core.backlogMessagesMax;
    expect(count({})).toBe(SERVER_DEFAULTS.backlogMessagesMax);
    expect(count({ queueMessagesMax: 7 })).toBe(7);
    expect(count({ queueMessagesMax: 7, backlogMessagesMax: 9 })).toBe(9);
    expect(count({ queueMessagesMax: 7, backlogMessagesMax: undefined })).toBe(7);
  });
});

describe("port and host", () => {
  it("describe one TCP listener", () => {
    expect(resolveOptions({ port: 0 }).listeners).toEqual([
      { type: "tcp", host: "127.0.0.1", port: 0 },
    ]);
    expect(resolveOptions({ host: "::", port: 2883 }).listeners).toEqual([
      { type: "tcp", host: "::", port: 2883 },
    ]);
  });

  it("are refused beside listeners", () => {
    expect(() => new MqttServer({ port: 1, listeners: [] })).toThrow(MqttConfigurationError);
  });
});

describe("an empty list of listeners", () => {
  it("is a server that listens nowhere", () => {
    expect(resolveOptions({ listeners: [] }).listeners).toEqual([]);
  });
});

describe("the caller's object", () => {
  it("is not changed, and changing it later changes nothing", () => {
    const listeners = [{ type: "tcp", port: 0 } as const];
    const options = Object.freeze({ listeners: Object.freeze(listeners), receiveMaximum: 7 });
    expect(new MqttServer(options).listeners).toHaveLength(1);
  });
});

describe("an option that cannot work is refused by its name, value and limit", () => {
  const refused: readonly (readonly [options: object, message: string])[] = [
    [{ prot: 1 }, 'unknown option "prot"'],
    [{ receiveMaximum: 0 }, "receiveMaximum is 0; it must be a whole number from 1 to 65535"],
    [{ receiveMaximum: 65_536 }, "receiveMaximum is 65536"],
    [{ receiveMaximum: 1.5 }, "receiveMaximum is 1.5"],
    [{ receiveMaximum: Number.NaN }, "receiveMaximum is NaN"],
    [{ receiveMaximum: "5" }, 'receiveMaximum is "5", which is no number'],
    [{ queueMessagesMax: Infinity }, "queueMessagesMax is Infinity"],
    [{ maximumQos: 3 }, "maximumQos is 3; it must be a whole number from 0 to 2"],
    [{ retainAvailable: 1 }, "retainAvailable is 1, which is no boolean"],
    [{ queueOverflow: "dropAll" }, 'queueOverflow is "dropAll"'],
    [{ whenFull: "drop" }, 'whenFull is "drop", not "overflow" or "refuse"'],
    [{ roomWaitMs: -1 }, "roomWaitMs is -1"],
    [{ handlerTimeoutMs: 0 }, "handlerTimeoutMs is 0"],
    [{ connectionRatePerAddress: { burst: 0, perSecond: 1 } }, "burst must be at least 1"],
    [{ connectionRatePerAddress: true }, "connectionRatePerAddress is true"],
    [{ systemTopics: { intervalSeconds: 0 } }, "intervalSeconds must be at least 1"],
    [{ systemTopics: true }, "systemTopics is true"],
    [{ systemTopics: null }, "systemTopics is null"],
    [{ store: {} }, "store is not a store: it has no open, commit, read, close"],
    [{ store: "./data", durability: "disk" }, "store is not a store: it has no open,"],
    [{ store: null }, "store is not a store: it has no open,"],
    [{ durability: "safe" }, 'durability is "safe", not one of memory, process, disk'],
    [{ durability: "disk" }, 'durability is "disk", but there is no store'],
    [
      { users: {}, passwordFile: "x" },
      "only one of users, passwordFile, authenticate and authenticators",
    ],
    [{ users: { ann: "" } }, 'the password of user "ann": the password is empty'],
    [{ users: { ann: 5 } }, 'the password of user "ann": it is no string'],
    [
      { listeners: [{ type: "websocket", path: "mqtt" }] },
      'websocket listener.path "mqtt" is not /',
    ],
    [
      { listeners: [{ type: "websocket", path: "/a?b" }] },
      'websocket listener.path "/a?b" is not /',
    ],
    [{ listeners: [{ type: "websocket", key: "k" }] }, "the websocket listener needs cert and key"],
    [{ port: 65_536 }, "tcp listener.port 65536 is not an integer from 0 to 65535"],
    [{ port: "1883" }, "tcp listener.port of type string is not an integer from 0 to"],
    [{ listeners: { type: "tcp" } }, "listeners is not a list of objects"],
    [{ listeners: ["tcp"] }, "listeners is not a list of objects"],
    [{ listeners: [{ type: "udp" }] }, 'there is no listener of type "udp"'],
    [{ listeners: [{ type: "tls", port: 0 }] }, "needs cert and key"],
    [{ listeners: [{ type: "unix" }] }, "unix listener.path is missing"],
    [
      { listeners: [{ type: "unix", path: "/x", mode: 512 }] },
      "unix listener.mode 512 is not an integer from 0 to 511",
    ],
    [
      { listeners: [{ type: "websocket", server: undefined }] },
      "websocket listener.server is missing",
    ],
    [{ listeners: [{ type: "websocket", server: null }] }, "websocket listener.server is missing"],
    [
      { listeners: [{ type: "websocket", server: {} }] },
      "listener.server (an object) is not a server of node:http",
    ],
    [{ listeners: [{ type: "websocket", server: "x" }] }, 'websocket listener.server "x" is not'],
    [
      { listeners: [{ type: "websocket", server: () => 1 }] },
      "listener.server (a function) is not",
    ],
    [
      { listeners: [{ type: "websocket", origins: "https://a.example" }] },
      "is not a list of texts",
    ],
    [
      { listeners: [{ type: "websocket", subprotocols: [] }] },
      "is not a list of at least one text",
    ],
    [
      { listeners: [{ type: "websocket", upgradeTimeoutMs: 0 }] },
      "upgradeTimeoutMs 0 is not an integer from 1",
    ],
    [{ listeners: [{ type: "websocket", requestCert: true }] }, "needs cert and key, or pfx"],
    [
      { listeners: [{ type: "websocket", credentials: "a" }] },
      "listener.credentials must be of type function, not string",
    ],
    [
      { listeners: [{ type: "tcp", fd: 3 }] },
      'unknown option "fd" in tcp listener, only type connectionsMax',
    ],
    [
      { listeners: [{ type: "tcp", reusePort: true }] },
      'unknown option "reusePort" in tcp listener',
    ],
    [{ listeners: [{ type: "tcp", maximumConnections: 1 }] }, "it is called connectionsMax"],
    [{ listeners: [{ type: "tcp", cert: "x" }] }, 'unknown option "cert" in tcp listener'],
    [{ listeners: [{ type: "memory", port: 1 }] }, 'unknown option "port" in memory listener'],
    [{ listeners: [{ type: "tcp", host: "" }] }, 'tcp listener.host "" is not a text'],
    [{ listeners: [{ type: "tcp", backlog: -1 }] }, "backlog -1 is not an integer from 1 to"],
    [
      { listeners: [{ type: "tcp", tcpKeepAliveMs: Number.NaN }] },
      "tcpKeepAliveMs NaN is not an integer",
    ],
    [{ listeners: [{ start: 1 }] }, "a listener of your own needs the methods start and stop"],
    [{ host: "" }, 'tcp listener.host "" is not a text that is not empty'],
    [{ on: { clientconnected: () => undefined } }, 'there is no event "clientconnected"'],
    [{ on: { clientConnected: 1 } }, "the handler of clientConnected is number, no function"],
  ];
  for (const [options, message] of refused) {
    it(`${message}`, () => {
      const make = (): MqttServer => new MqttServer(untyped(options));
      expect(make).toThrow(MqttConfigurationError);
      expect(make).toThrow(message);
    });
  }
});
