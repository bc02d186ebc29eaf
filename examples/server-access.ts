/** In MQTTnet: ValidatingConnectionAsync, InterceptingSubscriptionAsync, InterceptingPublishAsync. */
import { once } from "node:events";
import { ReasonCode, filterCoversFilter } from "@anax/protocol";
import { MqttServer } from "@anax/server";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

const PASSWORDS: ReadonlyMap<string, string> = new Map([
  ["anna", "secret of Anna"],
  ["berta", "secret of Berta"],
]);

const PAYLOAD_BYTES_MAX = 1_000;

/** A server where each user has a password and topics of their own, below `users/`. */
export async function main(
  signal: AbortSignal,
  print: Print,
  port = Number(process.argv[2] ?? 1883),
): Promise<void> {
  await using server = new MqttServer({ port });

  server.on("validatingConnection", (event) => {
    const { userName = "", passwordText } = event;
    const expected = PASSWORDS.get(userName);
    if (expected !== undefined && passwordText === expected) return;
    event.reasonCode = ReasonCode.badUserNameOrPassword;
    print(`${userName || "nobody"} stays outside`);
  });

  server.on("interceptingSubscription", (event) => {
    const { userName = "", topicFilter } = event;
    // A filter may have wildcards too: what counts is that it lets through nothing else.
    if (filterCoversFilter(`users/${userName}/#`, topicFilter.topicFilter)) return;
    event.processSubscription = false;
    event.response.reasonCode = ReasonCode.notAuthorized;
    print(`${userName} may not subscribe to ${topicFilter.topicFilter}`);
  });

  server.on("interceptingPublish", (event) => {
    const { userName, applicationMessage: message } = event;
    // The server itself may publish anything.
    if (userName === undefined || message === undefined) return;
    if (message.payload.length > PAYLOAD_BYTES_MAX) {
      event.processPublish = false;
      event.response.reasonCode = ReasonCode.quotaExceeded;
      print(`${userName} may not publish ${message.payload.length} bytes at once`);
      return;
    }
    const userProperties = [...(message.userProperties ?? []), ["publisher", userName]] as const;
    event.applicationMessage = { ...message, userProperties };
  });

  await server.start();
  print(`listening at ${server.address().url}`);
  await once(signal, "abort");
}

runExample(import.meta, main);
