/** `anax sub`: subscribes and prints, for those who know mosquitto_sub. */
import { MqttClient, MqttReasonError } from "@anax/client";
import type { Message, SubscribeOptions } from "@anax/client";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { requireTopicFilters } from "../connecting/checked-topics.ts";
import { connectClient } from "../connecting/connect-client.ts";
import { logClient } from "../connecting/client-log.ts";
import { clientOptions, targetOf } from "../connecting/client-options.ts";
import { propertiesOf, requireOwners } from "../connecting/property-assignment.ts";
import { CommandError, EXIT_CODE, UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { stopSignal } from "../stop-signal.ts";
import { BatchedOutput } from "../subscribing/batched-output.ts";
import { Ending } from "../subscribing/ending.ts";
import { FORMAT_SPECIFIERS } from "../subscribing/message-format.ts";
import { messagePrinter } from "../subscribing/message-printer.ts";
import { MessageSelection } from "../subscribing/message-selection.ts";
import type { MessagePrinter } from "../subscribing/received-message.ts";
import { visibleText } from "../visible-text.ts";
import type { SubscribeFlags } from "../subscribing/subscribe-flags.ts";
import { SUBSCRIBE_FLAGS } from "../subscribing/subscribe-flags.ts";

/** `anax sub`. */
export const sub: Command = defineCommand<SubscribeFlags>({
  name: "sub",
  summary: "subscribe and print what comes",
  usage: [
    "anax sub -t 'plants/#'",
    "anax sub -v -t 'plants/#' -t 'weather/+/wind' -q 1",
    "anax sub -L mqtts://user:password@host -t 'plants/#' --json -C 10 -W 60",
  ],
  flags: SUBSCRIBE_FLAGS,
  notes: [
    {
      title: "Format",
      lines: [
        ...Object.entries(FORMAT_SPECIFIERS).map(([letter, { help }]) => `%${letter}  ${help}`),
        "%-10t, %010l and %.20t set the least width, fill with zeroes, and set the greatest width.",
        "@Y-@m-@d @H:@M:@S.@N is the time, with the letters of strftime; @@ is an at sign.",
        "\\n \\t \\r \\0 \\a \\e \\v \\\\ are characters.",
      ],
    },
    {
      title: "Exit codes",
      lines: [
        "0   got what was asked for, or ended by a signal",
        "1   the server cannot be reached, or has refused",
        "2   the command line is wrong",
        "27  the time of -W was up",
      ],
    },
  ],
  run: subscribe,
});

async function subscribe(flags: SubscribeFlags, io: Io): Promise<number> {
  const { server, topic } = targetOf(flags);
  const filters = topic === undefined ? flags.topic : [...flags.topic, topic];
  requireOwners(flags.property, [
    "connect",
    "will",
    ...(filters.length > 0 ? ["subscribe" as const] : []),
    ...(flags.unsubscribe.length > 0 ? ["unsubscribe" as const] : []),
    "disconnect",
  ]);
  if (filters.length === 0 && flags.unsubscribe.length === 0) {
    throw new UsageError("say what to subscribe to: -t 'plants/#'");
  }
  requireTopicFilters([...filters, ...flags.unsubscribe, ...flags.filterOut]);
  const printer = messagePrinter(flags, io.stdout.isTTY === true);
  // A message that is not printed is not acknowledged either: -C 1 takes one message of a session, and
  // leaves the others there.
  const client = new MqttClient(server, { ...clientOptions(flags), manualAcknowledge: true });
  logClient(client, io.stderr, { commandName: "sub", debug: flags.debug, quiet: flags.quiet });
  const output = new BatchedOutput(io.stdout);
  const selection = new MessageSelection(flags);
  const ending = new Ending(client, flags);
  const stop = stopSignal(io);
  // Registered before connecting: a session that goes on may have messages at once.
  client.on("message", (message) => {
    if (ending.isReached) return;
    const verdict = selection.judge(message);
    if (verdict === "end") return ending.reach(EXIT_CODE.success);
    if (verdict === "print") print(message, { printer, output, io });
    message.acknowledge();
    if (flags.removeRetained && verdict === "print") ending.awaitBeforeEnd(remove(message, client));
    if (selection.isComplete) ending.reach(EXIT_CODE.success);
  });
  try {
    const subscribed = connectAndSubscribe(client, filters, flags, io);
    const done = subscribed.then(() => (flags.exitAfterSubscribe ? 0 : ending.reached));
    return await Promise.race([done, ending.reached, stop.first.then(() => EXIT_CODE.success)]);
  } finally {
    stop.dispose();
    ending.dispose();
    output.flush();
    await ending.settled();
    await client.disconnect(propertiesOf("disconnect", flags.property));
  }
}

interface Printing {
  readonly printer: MessagePrinter;
  readonly output: BatchedOutput;
  readonly io: Io;
}

function print(message: Message, { printer, output, io }: Printing): void {
  try {
    output.print(printer(message, Date.now()));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    io.stderr.write(`anax sub: ${visibleText(error.message)}\n`);
  }
}

/** An empty retained message takes the place of the one that came [MQTT-3.3.1-6]. */
async function remove({ topic, retain }: Message, client: MqttClient): Promise<void> {
  if (retain) await client.publish(topic, "", { retain: true, qos: 1 });
}

async function connectAndSubscribe(
  client: MqttClient,
  filters: readonly string[],
  flags: SubscribeFlags,
  io: Io,
): Promise<void> {
  await connectClient(client);
  if (flags.unsubscribe.length > 0) {
    await client.unsubscribe(flags.unsubscribe, propertiesOf("unsubscribe", flags.property));
  }
  if (filters.length === 0) return;
  // Messages are printed as they come, for whichever filter; so the subscription itself has no work.
  const subscription = client.subscribe(filters, () => undefined, subscribeOptions(flags));
  try {
    await subscription;
  } catch (error) {
    const isRefusedInPart =
      error instanceof MqttReasonError && subscription.topicFilters.length > 0;
    if (!isRefusedInPart) throw error;
    if (!flags.quiet) io.stderr.write(`anax sub: ${visibleText(error.message)}\n`);
  }
}

/** `-D subscribe …` says the same as some flags; the flags win. */
function subscribeOptions(flags: SubscribeFlags): SubscribeOptions {
  const { noLocal, retainAsPublished, subscriptionIdentifier } = flags;
  return {
    qos: flags.qos,
    ...(noLocal ? { noLocal } : {}),
    ...(retainAsPublished ? { retainAsPublished } : {}),
    retainHandling: flags.retainHandling,
    ...propertiesOf("subscribe", flags.property),
    ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }),
  };
}
