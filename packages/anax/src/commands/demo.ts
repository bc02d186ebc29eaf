/** `anax demo`: a server, a publisher and a subscriber in one terminal, to see MQTT work. */
import { MqttClient } from "@anax/client";
import { MqttServer } from "@anax/server";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import type { FlagTable } from "../flags/flag.ts";
import { optional, withDefault } from "../flags/flag.ts";
import { count, integer, seconds } from "../flags/value-parser.ts";
import type { Io, Output } from "../io.ts";
import { stopSignal } from "../stop-signal.ts";

interface DemoFlags {
  readonly port: number;
  readonly interval: number;
  readonly count: number | undefined;
}

const TOPIC = "demo/time";
const PORT_DEFAULT = 1883;

const FLAGS: FlagTable<DemoFlags> = {
  port: withDefault(integer(0, 65_535), 0, {
    group: "Flags",
    short: "p",
    defaultText: "a free one",
    help: "port of the server",
  }),
  interval: withDefault(seconds(0.001), 1, {
    group: "Flags",
    help: "seconds between two messages",
  }),
  count: optional(count(1), {
    group: "Flags",
    short: "C",
    help: "end by itself after so many messages",
  }),
};

/** `anax demo`. */
export const demo: Command = defineCommand<DemoFlags>({
  name: "demo",
  summary: "see a server, a publisher and a subscriber work",
  usage: ["anax demo", "anax demo --port 1883"],
  flags: FLAGS,
  run: runDemo,
});

async function runDemo(flags: DemoFlags, io: Io): Promise<number> {
  const stop = stopSignal(io);
  const server = new MqttServer({ port: flags.port, systemTopics: false });
  await server.start();
  const { url, port = PORT_DEFAULT } = server.address();
  const publisher = new MqttClient(url, { clientId: "demo-publisher" });
  const subscriber = new MqttClient(url, { clientId: "demo-subscriber" });
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.all([publisher.connect(), subscriber.connect()]);
    introduce(io.stdout, url, port);
    const enough = printMessages(subscriber, flags.count, io.stdout);
    await enough.subscribed;
    timer = publishTime(publisher, flags.interval);
    await Promise.race([enough.reached, stop.first]);
    return EXIT_CODE.success;
  } finally {
    stop.dispose();
    clearInterval(timer);
    await Promise.all([publisher.disconnect(), subscriber.disconnect()]);
    await server.stop();
    io.stdout.write("the demo has ended\n");
  }
}

function introduce(output: Output, url: string, port: number): void {
  const portFlag = port === PORT_DEFAULT ? "" : ` -p ${port}`;
  output.write(
    [
      `A server listens on ${url}. A client publishes the time to ${TOPIC}, another one prints it.`,
      "",
      "Take part from another terminal:",
      `  npx anax sub${portFlag} -v -t 'demo/#'`,
      `  npx anax pub${portFlag} -t demo/greeting -m hello`,
      "",
      "Ctrl-C ends it.",
      "",
      "",
    ].join("\n"),
  );
}

interface PrintedMessages {
  readonly subscribed: PromiseLike<unknown>;
  /** Resolves when as many were printed as are wanted. */
  readonly reached: Promise<void>;
}

function printMessages(
  subscriber: MqttClient,
  wanted: number | undefined,
  output: Output,
): PrintedMessages {
  let printed = 0;
  let subscribed: PromiseLike<unknown> = Promise.resolve();
  const reached = new Promise<void>((resolve) => {
    subscribed = subscriber.subscribe("demo/#", ({ topic, text }) => {
      if (printed === wanted) return;
      output.write(`${topic}  ${text}\n`);
      printed += 1;
      if (printed === wanted) resolve();
    });
  });
  return { subscribed, reached };
}

function publishTime(publisher: MqttClient, intervalSeconds: number): NodeJS.Timeout {
  const publish = (): void => {
    // QoS 0: nobody has to wait for the time, the next one comes soon.
    void publisher.publish(TOPIC, new Date().toLocaleTimeString("en-GB"));
  };
  publish();
  return setInterval(publish, intervalSeconds * 1_000);
}
