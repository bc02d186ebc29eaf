/** The MQTT client of this page: its connection, subscriptions and messages. It lives on while the reader is on other pages. */
import { MqttClient } from "@anax/client";
import type {
  ClientOptions,
  DisconnectOptions,
  Message,
  PublishOptions,
  SubscribeOptions,
} from "@anax/client";
import { errorText } from "./error-text.ts";
import { Store } from "./store.ts";
import { showPublished, showReceived } from "./test-messages.ts";
import { keepPacket } from "./test-packets.ts";

export interface ShownSubscription {
  readonly topicFilter: string;
  readonly qos: number;
  readonly color: string;
}

export type ConnectionState = "closed" | "connecting" | "connected" | "reconnecting";

export const connectionState: Store<ConnectionState> = new Store<ConnectionState>("closed");
/** As it is connected. */
export const connectedAs: Store<string> = new Store("");
/** Whether it authenticates in steps, and so may do it again. */
export const hasAuthentication: Store<boolean> = new Store(false);
/** What went wrong last. */
export const failure: Store<string | undefined> = new Store<string | undefined>(undefined);
export const subscriptions: Store<readonly ShownSubscription[]> = new Store<
  readonly ShownSubscription[]
>([]);

let client: MqttClient | undefined;

/** Connects, in place of a connection that is there. */
export async function openConnection(url: string, options: ClientOptions): Promise<void> {
  await closeConnection();
  failure.set(undefined);
  connectionState.set("connecting");
  try {
    const made = new MqttClient(url, options);
    client = made;
    hasAuthentication.set(options.authentication !== undefined);
    made.on("packet", keepPacket);
    made.on("disconnected", ({ willReconnect, error, reasonString }) => {
      if (client !== made) return;
      const reason = reasonString ?? error?.message;
      if (reason !== undefined) failure.set(reason);
      connectionState.set(willReconnect ? "reconnecting" : "closed");
      if (!willReconnect) subscriptions.set([]);
    });
    made.on("connected", ({ clientId }) => {
      connectedAs.set(clientId);
      connectionState.set("connected");
    });
    await made.connect();
  } catch (error) {
    connectionState.set("closed");
    failure.set(errorText(error));
  }
}

export async function closeConnection(options: DisconnectOptions = {}): Promise<void> {
  const gone = client;
  client = undefined;
  subscriptions.set([]);
  connectionState.set("closed");
  try {
    if (gone?.connected === true) await gone.disconnect(options);
    else gone?.destroy();
  } catch (error) {
    failure.set(errorText(error));
  }
}

export async function subscribe(
  topicFilter: string,
  color: string,
  options: SubscribeOptions,
): Promise<void> {
  await trying(async (connected) => {
    const take = (message: Message): void => showReceived("received", message, color);
    const { grantedQos } = await connected.subscribe(topicFilter, take, options);
    const others = subscriptions.value.filter((one) => one.topicFilter !== topicFilter);
    subscriptions.set([...others, { topicFilter, qos: grantedQos, color }]);
  });
}

export async function unsubscribe(topicFilter: string): Promise<void> {
  await trying(async (connected) => {
    await connected.unsubscribe(topicFilter);
    subscriptions.set(subscriptions.value.filter((one) => one.topicFilter !== topicFilter));
  });
}

/** The Reason Code of the acknowledgement; undefined if it was not published. */
export async function publish(
  topic: string,
  payload: Uint8Array<ArrayBuffer>,
  options: PublishOptions,
): Promise<number | undefined> {
  return trying(async (connected) => {
    const { reasonCode } = await connected.publish(topic, payload, options);
    showPublished(topic, payload, options);
    return reasonCode;
  });
}

const ANSWER_MS = 10_000;

/** Publishes and waits for the answer, which is shown among the messages. */
export async function ask(
  topic: string,
  payload: Uint8Array<ArrayBuffer>,
  options: PublishOptions,
): Promise<void> {
  await trying(async (connected) => {
    const { correlationData: _made, ...rest } = options;
    showPublished(topic, payload, options);
    const answer = await connected.request(topic, payload, { ...rest, timeoutMs: ANSWER_MS });
    showReceived("answer", answer, "var(--series-2)");
  });
}

export async function reauthenticate(): Promise<void> {
  await trying((connected) => connected.reauthenticate());
}

async function trying<Result>(
  work: (connected: MqttClient) => Promise<Result>,
): Promise<Result | undefined> {
  if (client === undefined) return undefined;
  failure.set(undefined);
  try {
    return await work(client);
  } catch (error) {
    failure.set(errorText(error));
    return undefined;
  }
}
