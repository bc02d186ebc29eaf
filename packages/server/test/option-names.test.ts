import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import {
  consoleLogger,
  jsonLinesLogger,
  MqttConfigurationError,
  MqttServer,
} from "../src/index.ts";
import { MqttServerFactory, MqttServerOptionsBuilder } from "../src/builders/index.ts";
import { startedServer } from "./support/memory-server.ts";

let server: MqttServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const anything = (value: unknown): never => value as never;

describe("what would have no effect is refused by its name:", () => {
  const refused: readonly (readonly [make: () => unknown, said: string])[] = [
    [() => new MqttServer(anything(null)), "options must be an object, not Null"],
    [() => new MqttServer(anything("mqtt://127.0.0.1")), "options must be an object, not string"],
    [() => new MqttServer(anything([])), "options must be an object, not Array"],
    [() => new MqttServer(anything({ hots: undefined })), 'unknown option "hots"'],
    [() => new MqttServer(anything(Object.create({ prot: 1 }))), 'unknown option "prot"'],
    [() => new MqttServer(anything({ on: 5 })), "on must be of type Object, not number"],
    [() => new MqttServer(anything({ on: null })), "on is null"],
    [() => new MqttServer(anything({ users: null })), "users is null"],
    [() => new MqttServer(anything({ users: "ann" })), "users must be of type Object"],
    [() => new MqttServer(anything({ passwordFile: null })), "passwordFile is null"],
    [() => new MqttServer(anything({ passwordFile: 5 })), "passwordFile must be of type string"],
    [() => new MqttServer(anything({ authenticate: null })), "authenticate must be an object"],
    [() => new MqttServer(anything({ authenticate: {} })), "authenticate.authenticate is missing"],
    [
      () => new MqttServer(anything({ authenticate: { authenticate: () => true, load: 5 } })),
      "authenticate.load must be of type function",
    ],
    [() => new MqttServer(anything({ clock: { now: () => 1 } })), "clock.callAfter is missing"],
    [() => new MqttServer(anything({ clock: null })), "clock must be an object, not null"],
    [
      () => new MqttServer(anything({ connectionRatePerAddress: { burst: 1, perSecnd: 1 } })),
      'unknown option "perSecnd" in connectionRatePerAddress',
    ],
    [
      () => new MqttServer(anything({ systemTopics: { interval: 1 } })),
      'unknown option "interval" in systemTopics',
    ],
    [
      () => new MqttServer(anything({ listeners: [{ type: "tcp", port: 0, fd: 3 }] })),
      'option "fd"',
    ],
    [
      () => new MqttServer(anything({ listeners: [{ type: "websocket", origin: [] }] })),
      'option "origin"',
    ],
    [() => consoleLogger(anything({ levle: "warn" })), 'unknown option "levle"'],
    [() => jsonLinesLogger(anything({ level: "warning" })), 'level "warning" is not one of'],
    [() => consoleLogger(anything({ output: "stdout" })), "output must have a method write"],
    [
      () => new MqttServerOptionsBuilder().withHandler(anything("connected"), () => undefined),
      'there is no event "connected"',
    ],
    [
      () => new MqttServerOptionsBuilder().withOptions(anything({ on: { connected: () => 1 } })),
      'there is no event "connected"',
    ],
    [
      () => new MqttServerFactory().createMqttServer(anything(null)),
      "options must be an object, not Null",
    ],
    [
      () => new MqttServerFactory().createMqttServer({ logger: consoleLogger() }, consoleLogger()),
      "there are two loggers",
    ],
    [
      () => new MqttServerFactory().createMqttServer({}, anything({ log: () => undefined })),
      "logger.level is missing",
    ],
  ];
  for (const [make, said] of refused) {
    it(said, () => {
      expect(make).toThrow(MqttConfigurationError);
      expect(make).toThrow(said);
    });
  }
});

describe("the same of calls:", () => {
  it("queries, subscriptions, deliveries and streams", async () => {
    server = await startedServer();
    const { clients, sessions, retainedMessages } = server;
    for (const list of [clients, sessions, retainedMessages])
      expect(() => list.list(anything({ page: 1 }))).toThrow('unknown option "page" in query');
    expect(() => clients.list({ filter: anything("a") })).toThrow("query.filter must be of type");
    expect(() => server?.subscribe("a", anything({ buffer: 1 }))).toThrow('option "buffer"');
    expect(() => server?.subscribe(anything(5))).toThrow("Topic Filter is of type number");
    const wrong = anything([{ topicFilter: "a", QoS: 1 }]);
    await expect(sessions.subscribe("s", wrong)).rejects.toThrow('option "QoS" in filter');
    await expect(sessions.subscribe("s", anything(undefined))).rejects.toThrow("filters must be");
    expect(() => retainedMessages.list(anything(null))).toThrow("query must be an object");
    await expect(sessions.unsubscribe("s", anything([5]))).rejects.toThrow("filter must be");
    const delivered = sessions.deliverApplicationMessage("s", { topic: "a" }, anything({ ms: 1 }));
    await expect(delivered).rejects.toThrow('option "ms"');
  });

  it("streams of the program's own", async () => {
    server = await startedServer();
    const stream = new PassThrough();
    expect(() => server?.handle(anything(5))).toThrow("no stream, but number");
    expect(() => server?.handle(stream, anything({ remoteAdress: "x" }))).toThrow(
      'unknown option "remoteAdress" in peer',
    );
    stream.destroy();
  });
});

it("a server takes no logger as a second argument, where it would hear nothing", () => {
  const Server: new (...given: unknown[]) => MqttServer = MqttServer as never;
  expect(() => new Server({}, consoleLogger())).toThrow(MqttConfigurationError);
  expect(() => new Server({}, consoleLogger())).toThrow("its logger is an option");
});

describe("MQTTnet's factory", () => {
  it("makes a server without options, and gives it the logger of its second argument", async () => {
    const lines: string[] = [];
    const logger = consoleLogger({ output: { write: (line) => lines.push(line) } });
    const options = { listeners: [{ type: "memory" }] } as const;
    server = new MqttServerFactory().createMqttServer(options, logger);
    await server.start();
    expect(lines.join("")).toContain("started");
    expect(new MqttServerFactory().createMqttServer().listeners).toHaveLength(1);
  });
});
