/** `anax pub`: publishes messages, for those who know mosquitto_pub. */
import { MqttClient } from "@anax/client";
import type { PublishOptions } from "@anax/client";
import { reasonName } from "@anax/protocol";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { connectClient } from "../connecting/connect-client.ts";
import { logClient } from "../connecting/client-log.ts";
import { clientOptions, targetOf } from "../connecting/client-options.ts";
import { requireTopicName } from "../connecting/checked-topics.ts";
import { propertiesOf, requireOwners } from "../connecting/property-assignment.ts";
import { EXIT_CODE, UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import type { PayloadSource } from "../publishing/messages.ts";
import { payloadSource } from "../publishing/messages.ts";
import type { PublishFlags } from "../publishing/publish-flags.ts";
import { PUBLISH_FLAGS } from "../publishing/publish-flags.ts";
import { PublishWindow } from "../publishing/publish-window.ts";
import { stopSignal } from "../stop-signal.ts";

/** `anax pub`. */
export const pub: Command = defineCommand<PublishFlags>({
  name: "pub",
  summary: "publish messages",
  usage: [
    "anax pub -t topic -m text",
    "anax pub -t topic -q 1 -r -f file",
    "anax pub -L mqtts://user:password@host/topic -l",
  ],
  flags: PUBLISH_FLAGS,
  notes: [
    {
      title: "Exit codes",
      lines: [
        "0    published, and acknowledged at QoS 1 and 2",
        "1    the server cannot be reached, or has refused",
        "2    the command line is wrong",
        "130  interrupted",
      ],
    },
  ],
  run: publish,
});

async function publish(flags: PublishFlags, io: Io): Promise<number> {
  const { server, topic: topicOfUrl } = targetOf(flags);
  requireOwners(flags.property, ["connect", "will", "publish", "disconnect"]);
  if (flags.topic !== undefined && topicOfUrl !== undefined) {
    throw new UsageError("the URL has a topic, and so has -t: leave one out");
  }
  const topic = flags.topic ?? topicOfUrl;
  if (topic === undefined) throw new UsageError("say where to publish to: -t topic");
  requireTopicName(topic);
  const source = payloadSource(flags, io.stdin);
  // A stream of lines outlives a lost connection; one message fails with it.
  const client = new MqttClient(server, { ...clientOptions(flags), reconnect: flags.stdinLine });
  logClient(client, io.stderr, { commandName: "pub", debug: flags.debug, quiet: flags.quiet });
  const stop = stopSignal(io);
  const interrupted = stop.first.then(() => EXIT_CODE.interrupted);
  try {
    const job = { client, topic, source, options: publishOptions(flags) };
    return await Promise.race([publishAll(job, flags, io), interrupted]);
  } finally {
    stop.dispose();
    if (flags.stdinLine || flags.stdinFile) io.stdin.destroy();
    await client.disconnect(propertiesOf("disconnect", flags.property));
  }
}

interface PublishJob {
  readonly client: MqttClient;
  readonly topic: string;
  readonly source: PayloadSource;
  readonly options: PublishOptions;
}

async function publishAll(job: PublishJob, flags: PublishFlags, io: Io): Promise<number> {
  const { client, topic, source, options } = job;
  await connectClient(client);
  const window = new PublishWindow();
  for await (const payload of source()) {
    const published = client.publish(topic, payload, options);
    await window.add(flags.debug ? told(published, io) : published, payload.length);
  }
  await window.drain();
  return EXIT_CODE.success;
}

/** For `--debug`: says when nobody has subscribed, which is no failure. */
async function told(published: ReturnType<MqttClient["publish"]>, io: Io): Promise<void> {
  const { reasonCode } = await published;
  if (reasonCode !== 0) io.stderr.write(`anax pub: ${reasonName(reasonCode, "puback")}\n`);
}

/** `-D publish …` says the same as some flags; the flags win. */
function publishOptions(flags: PublishFlags): PublishOptions {
  const fromProperties = propertiesOf("publish", flags.property);
  const userProperties = [...(fromProperties.userProperties ?? []), ...flags.userProperty];
  const { correlationData, payloadFormat } = flags;
  const bytes =
    correlationData === undefined ? undefined : new TextEncoder().encode(correlationData);
  return {
    qos: flags.qos,
    retain: flags.retain,
    contentType: flags.contentType ?? fromProperties.contentType,
    payloadFormatIndicator: payloadFormat ?? fromProperties.payloadFormatIndicator,
    messageExpiryIntervalSeconds:
      flags.messageExpiry ?? fromProperties.messageExpiryIntervalSeconds,
    responseTopic: flags.responseTopic ?? fromProperties.responseTopic,
    correlationData: bytes ?? fromProperties.correlationData,
    topicAlias: flags.topicAlias ?? fromProperties.topicAlias,
    userProperties: userProperties.length === 0 ? undefined : userProperties,
  };
}
