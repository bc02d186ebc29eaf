import { ProtocolError, showValue } from "@anax/protocol";
import type { SubackPacket, SubscribePacket, SubscriptionRequest } from "@anax/protocol";
import { dismiss } from "../endings/closing.ts";
import type { Connection } from "../connection/connection.ts";
import type { SubscribingContext } from "./subscribing-context.ts";
import { pump } from "../delivering/delivering.ts";
import { sendPacket } from "../connection/outgoing.ts";
import type { Task } from "../pending.ts";
import type { Session } from "../sessions/session.ts";
import { owe, storedOrUndone, subscribe } from "./subscription-making.ts";
import type { Answer, Made } from "./subscription-making.ts";
import { stepsOfFilter } from "../turn/turn.ts";

const UNSPECIFIED_ERROR = 0x80;
const WILDCARD = /[+#]/u;

/**
 * SUBSCRIBE: each filter by itself, in order, one SUBACK for all [MQTT-3.8.4-5] [MQTT-3.9.3-1]. Retained messages
 * follow SUBACK.
 */
export function* receiveSubscribe(
  core: SubscribingContext,
  connection: Connection,
  session: Session,
  packet: SubscribePacket,
): Task {
  const suback = new SubackBuilder(packet.packetIdentifier);
  const made: Made[] = [];
  for (const request of packet.subscriptions) requireAvailable(core, connection, request, packet);
  const { subscriptionIdentifier, userProperties } = packet.properties ?? {};
  const subscriber = { session, client: connection, waitsForNews: true };
  const { isBridge } = connection.agreement;
  for (const asked of packet.subscriptions) {
    const request = isBridge ? { ...asked, noLocal: true, retainAsPublished: true } : asked;
    const asking = { request, subscriptionIdentifier, userProperties };
    const answer = yield* subscribe(core, subscriber, asking);
    suback.add(answer);
    if (answer.made !== undefined) made.push(answer.made);
    if (!core.turn.spend(stepsOfFilter(asked.topicFilter))) continue;
    yield core.turn.rest(connection);
    // As of what came behind it, no more is taken once the connection has ended.
    if (!connection.isOpen) break;
  }
  const failure = yield* storedOrUndone(core, session, made);
  if (!connection.isOpen) return;
  sendPacket(core, connection, suback.packetOr(failure));
  if (suback.closeConnection) return dismiss(core, connection, { reasonCode: UNSPECIFIED_ERROR });
  if (failure === undefined)
    for (const { subscription, isNew } of made) owe(core, subscription, isNew);
  pump(core, session);
}

/** Refuses all that a SUBSCRIBE asks for. */
export function refuseSubscribe(
  core: SubscribingContext,
  connection: Connection,
  { packetIdentifier, subscriptions }: SubscribePacket,
  { reasonCode, reasonString }: { readonly reasonCode: number; readonly reasonString: string },
): void {
  sendPacket(core, connection, {
    type: "suback",
    packetIdentifier,
    reasonCodes: subscriptions.map(() => reasonCode),
    properties: { reasonString },
  });
}

/** SUBACK, put together filter by filter. */
class SubackBuilder {
  closeConnection = false;
  readonly #packetIdentifier: number;
  readonly #reasonCodes: number[] = [];
  readonly #reasonStrings: string[] = [];
  readonly #userProperties: [string, string][] = [];

  constructor(packetIdentifier: number) {
    this.#packetIdentifier = packetIdentifier;
  }

  add({ reasonCode, reasonString, userProperties = [], closeConnection }: Answer): void {
    this.#reasonCodes.push(reasonCode);
    if (reasonString !== undefined) this.#reasonStrings.push(reasonString);
    for (const [name, value] of userProperties) this.#userProperties.push([name, value]);
    if (closeConnection) this.closeConnection = true;
  }

  /** SUBACK as put together, or with this Reason Code in place of all that were granted. */
  packetOr(failure: number | undefined): SubackPacket {
    return {
      type: "suback",
      packetIdentifier: this.#packetIdentifier,
      reasonCodes: this.#reasonCodes.map((code) => (code < 0x80 ? (failure ?? code) : code)),
      properties: {
        ...(this.#reasonStrings.length > 0 && { reasonString: this.#reasonStrings.join("; ") }),
        ...(this.#userProperties.length > 0 && { userProperties: this.#userProperties }),
      },
    };
  }
}

/** What the server said in CONNACK that it does not offer is a Protocol Error to ask for. */
function requireAvailable(
  core: SubscribingContext,
  connection: Connection,
  request: SubscriptionRequest,
  packet: SubscribePacket,
): void {
  if (connection.version !== 5) return;
  const { options } = core;
  const isShared = request.topicFilter.startsWith("$share/");
  if (isShared && request.noLocal) {
    throw new ProtocolError(
      `No Local on the Shared Subscription ${showValue(request.topicFilter)}`,
    );
  }
  if (isShared && !options.sharedSubscriptionAvailable) {
    throw new ProtocolError("Shared Subscriptions are not available", 0x9e);
  }
  if (
    packet.properties?.subscriptionIdentifier !== undefined &&
    !options.subscriptionIdentifiersAvailable
  ) {
    throw new ProtocolError("Subscription Identifiers are not available", 0xa1);
  }
  if (WILDCARD.test(request.topicFilter) && !options.wildcardSubscriptionAvailable) {
    throw new ProtocolError("Wildcard Subscriptions are not available", 0xa2);
  }
}
