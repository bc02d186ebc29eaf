import type { UnsubscribePacket, UserProperties } from "@anax/protocol";
import { dismiss } from "../endings/closing.ts";
import type { Connection } from "../connection/connection.ts";
import type { SubscribingContext } from "./subscribing-context.ts";
import type { InterceptingUnsubscription } from "../hooks/subscription-events.ts";
import { sendPacket } from "../connection/outgoing.ts";
import { settled } from "../pending.ts";
import type { Task } from "../pending.ts";
import { removeSubscription } from "../endings/session-ending.ts";
import type { Session } from "../sessions/session.ts";
import { stored } from "../connection/storing.ts";
import type { Subscriber } from "./subscription-making.ts";
import { stepsOfFilter } from "../turn/turn.ts";

const NO_SUBSCRIPTION_EXISTED = 0x11;
const UNSPECIFIED_ERROR = 0x80;
const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;

/** UNSUBSCRIBE: each filter by itself, one UNSUBACK for all, even if nothing was there [MQTT-3.10.4-5] [MQTT-3.10.4-6]. */
export function* receiveUnsubscribe(
  core: SubscribingContext,
  connection: Connection,
  session: Session,
  packet: UnsubscribePacket,
): Task {
  const outcomes: Unsubscribed[] = [];
  const { userProperties: askedWith } = packet.properties ?? {};
  const subscriber = { session, client: connection, waitsForNews: true };
  for (const topic of packet.topicFilters) {
    outcomes.push(yield* unsubscribe(core, subscriber, topic, askedWith));
    if (!core.turn.spend(stepsOfFilter(topic))) continue;
    yield core.turn.rest(connection);
    if (!connection.isOpen) break;
  }
  const failure = session.isDurable ? yield* stored(core) : undefined;
  if (!connection.isOpen) return;
  // Before 5.0 UNSUBACK can only say that all went well.
  if (failure !== undefined && connection.version !== 5) return core.leaveUnstored(connection);
  const reasonStrings = outcomes.flatMap(({ response }) => response.reasonString ?? []);
  const userProperties = outcomes.flatMap(({ response }) => response.userProperties ?? []);
  sendPacket(core, connection, {
    type: "unsuback",
    packetIdentifier: packet.packetIdentifier,
    reasonCodes: outcomes.map(({ response: { reasonCode } }) =>
      reasonCode < 0x80 ? (failure ?? reasonCode) : reasonCode,
    ),
    properties: {
      ...(reasonStrings.length > 0 && { reasonString: reasonStrings.join("; ") }),
      ...(userProperties.length > 0 && { userProperties }),
    },
  });
  if (outcomes.some(({ closeConnection }) => closeConnection)) {
    dismiss(core, connection, { reasonCode: UNSPECIFIED_ERROR });
  }
}

/** Refuses an UNSUBSCRIBE. UNSUBACK has no code for a quota. */
export function refuseUnsubscribe(
  core: SubscribingContext,
  connection: Connection,
  { packetIdentifier, topicFilters }: UnsubscribePacket,
  { reasonString }: { readonly reasonString: string },
): void {
  sendPacket(core, connection, {
    type: "unsuback",
    packetIdentifier,
    reasonCodes: topicFilters.map(() => IMPLEMENTATION_SPECIFIC_ERROR),
    properties: { reasonString },
  });
}

/** What became of one filter. */
export type Unsubscribed = Pick<InterceptingUnsubscription, "response" | "closeConnection">;

/** One filter, compared character by character [MQTT-3.10.4-1]. */
export function* unsubscribe(
  core: SubscribingContext,
  { session, client, waitsForNews }: Subscriber,
  topic: string,
  userProperties: UserProperties = [],
): Task<Unsubscribed> {
  const existed = session.subscriptions.has(topic);
  const response = { reasonCode: existed ? 0 : NO_SUBSCRIPTION_EXISTED };
  const { interceptingUnsubscription } = core.hooks;
  let outcome: Unsubscribed = { response, closeConnection: false };
  if (interceptingUnsubscription !== undefined) {
    const args: InterceptingUnsubscription = {
      ...client.context,
      topic,
      userProperties,
      processUnsubscription: true,
      closeConnection: false,
      response,
    };
    outcome = args;
    yield* settled(interceptingUnsubscription(args, session.connection));
    if (!args.processUnsubscription || args.response.reasonCode >= 0x80) return outcome;
  }
  const subscription = session.subscriptions.get(topic);
  if (subscription === undefined) return outcome;
  removeSubscription(core, subscription);
  if (core.hooks.clientUnsubscribedTopic !== undefined) {
    const args = { ...client.context, topic };
    const news = core.news.tell("clientUnsubscribedTopic", session, args, session.connection);
    if (waitsForNews) yield* settled(news);
  }
  return outcome;
}
