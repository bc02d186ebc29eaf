import type { UnsubscribePacket, UserProperties } from "@anax/protocol";
import { dismiss } from "../connection/closing.ts";
import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import type { InterceptingUnsubscription } from "../hooks/subscription-events.ts";
import { sendPacket } from "../connection/outgoing.ts";
import { settled } from "../pending.ts";
import type { Task } from "../pending.ts";
import { removeSubscription } from "../sessions/session-ending.ts";
import type { Session } from "../sessions/session.ts";
import { stored } from "../journal/storing.ts";
import type { Subscriber } from "./subscription-making.ts";

const NO_SUBSCRIPTION_EXISTED = 0x11;
const UNSPECIFIED_ERROR = 0x80;

/** UNSUBSCRIBE: each filter by itself, one UNSUBACK for all, even if nothing was there [MQTT-3.10.4-5] [MQTT-3.10.4-6]. */
export function* receiveUnsubscribe(
  core: CoreContext,
  connection: Connection,
  session: Session,
  packet: UnsubscribePacket,
): Task {
  const outcomes: InterceptingUnsubscription[] = [];
  const { context } = connection;
  const { userProperties: askedWith } = packet.properties ?? {};
  for (const topic of packet.topicFilters) {
    outcomes.push(yield* unsubscribe(core, { session, context }, topic, askedWith));
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

/** One filter, compared character by character [MQTT-3.10.4-1]. */
export function* unsubscribe(
  core: CoreContext,
  { session, context }: Subscriber,
  topic: string,
  userProperties: UserProperties = [],
): Task<InterceptingUnsubscription> {
  const existed = session.subscriptions.has(topic);
  const args: InterceptingUnsubscription = {
    ...context,
    topic,
    userProperties,
    processUnsubscription: true,
    closeConnection: false,
    response: { reasonCode: existed ? 0 : NO_SUBSCRIPTION_EXISTED },
  };
  yield* settled(core.hooks.interceptingUnsubscription?.(args));
  const subscription = session.subscriptions.get(topic);
  const isRefused = !args.processUnsubscription || args.response.reasonCode >= 0x80;
  if (isRefused || subscription === undefined) return args;
  removeSubscription(core, subscription);
  yield* settled(core.hooks.clientUnsubscribedTopic?.({ ...context, topic }));
  return args;
}
