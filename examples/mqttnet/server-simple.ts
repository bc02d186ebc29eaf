/** In MQTTnet: Samples/Server/Server_Simple_Samples.cs. */
import { connect } from "@anax/client";
import { ReasonCode } from "@anax/protocol";
import { consoleLogger, MqttServer } from "@anax/server";
import type { Print } from "../run-example.ts";
import { runSamples } from "./run-samples.ts";

/** Run_Minimal_Server: plain TCP, for this machine only unless `host` says otherwise. */
export async function runMinimalServer(_url: string, print: Print): Promise<void> {
  const server = new MqttServer({ port: 0 });
  await server.start();
  print(`listening: ${server.isStarted}`);
  await server.stop();
}

/** Run_Server_With_Logging. */
export async function runServerWithLogging(_url: string, print: Print): Promise<void> {
  const output = { write: (line: string) => print(line.replace(/^\S+ /, "").trimEnd()) };
  const logger = consoleLogger({ level: "info", output });
  await using server = new MqttServer({ port: 0, logger });
  await server.start();
  await server.stop();
}

/** Force_Disconnecting_Client: by its Client Identifier; an MQTT 5.0 client is told why. */
export async function forceDisconnectingClient(_url: string, print: Print): Promise<void> {
  await using server = new MqttServer({ port: 0 });
  await server.start();
  const client = await connect(server.address().url, { clientId: "MyClient", reconnect: false });
  const ended = new Promise<void>((resolve) => {
    client.on("disconnected", ({ reasonString }) => {
      print(`sent away: ${reasonString}`);
      resolve();
    });
  });
  await server.clients.disconnect("MyClient", { reasonString: "maintenance" });
  await ended;
}

/** Publish_Message_From_Broker: the message goes the whole way that a client's goes. */
export async function publishMessageFromBroker(_url: string, print: Print): Promise<void> {
  await using server = new MqttServer({ port: 0 });
  await server.start();
  const client = await connect(server.address().url);
  const subscription = client.subscribe("HelloWorld", { qos: 1 });
  await subscription;
  const message = { topic: "HelloWorld", payload: "Test", qos: 1 } as const;
  const sender = { clientId: "SenderClientId" };
  const { matched, queued } = await server.injectApplicationMessage(message, sender);
  print(`matched ${matched}, queued ${queued}`);
  for await (const { text } of subscription) {
    print(`the client got ${text}`);
    break;
  }
  await client.disconnect();
}

/** Validating_Connections: Client Identifier, user and password. For passwords alone there is the option `users`. */
export async function validatingConnections(_url: string, print: Print): Promise<void> {
  await using server = new MqttServer({ port: 0 });
  server.on("validatingConnection", (event) => {
    const password = event.passwordText;
    if (event.clientId !== "ValidClientId") {
      event.reasonCode = ReasonCode.clientIdentifierNotValid;
    } else if (event.userName !== "ValidUser" || password !== "SecretPassword") {
      event.reasonCode = ReasonCode.badUserNameOrPassword;
    }
  });
  await server.start();
  const { url } = server.address();
  const valid = { clientId: "ValidClientId", userName: "ValidUser", password: "SecretPassword" };
  for (const options of [valid, { ...valid, clientId: "Other" }, { ...valid, password: "wrong" }]) {
    const outcome = await connect(url, { ...options, reconnect: false }).then(
      async (client) => {
        await client.disconnect();
        return "let in";
      },
      (error: { reasonCode?: number }) => `refused with 0x${error.reasonCode?.toString(16)}`,
    );
    print(outcome);
  }
}

runSamples(import.meta, {
  runMinimalServer,
  runServerWithLogging,
  forceDisconnectingClient,
  publishMessageFromBroker,
  validatingConnections,
});
