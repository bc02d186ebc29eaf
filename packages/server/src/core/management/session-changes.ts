import type { ApplicationMessage } from "../message/application-message.ts";
import { dismiss } from "../endings/closing.ts";
import { takesAcknowledgements } from "../connection/passing.ts";
import type { SubscribingContext } from "../subscribing/subscribing-context.ts";
import { deliver } from "../delivering/delivering.ts";
import type { Delivery } from "../owed/delivery.ts";
import { forgetQueued, takeQueued } from "../delivering/taking-queued.ts";
import { shareQueue } from "../delivering/sharing-queues.ts";
import { messageFromApplication } from "../message/message.ts";
import { endSession, scheduleExpiry } from "../endings/session-ending.ts";
import { makePlace, refusedPlace } from "../endings/session-places.ts";
import { Session } from "../sessions/session.ts";
import { refusalToStore } from "../connection/storing.ts";
import type { DeliveryWatch } from "../owed/delivery-watch.ts";

const ADMINISTRATIVE_ACTION = 0x98;

/** What a session begins with that no client has made. */
export interface SessionToCreate {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly expiryIntervalSeconds: number;
}

/**
 * Makes the session of a client that was never there. Its expiry counts from now on. False if there is one already;
 * the Reason Code if there is no room for it, or the server cannot store messages now.
 */
export function createSession(
  core: SubscribingContext,
  toCreate: SessionToCreate,
): boolean | number {
  const { clientId, userName, expiryIntervalSeconds } = toCreate;
  if (core.sessions.get(clientId) !== undefined) return false;
  const needed = { clientId, isLasting: true };
  const refusal = refusalToStore(core) ?? refusedPlace(core, needed)?.reasonCode;
  if (refusal !== undefined) return refusal;
  makePlace(core, needed);
  const session = new Session({ clientId, createdAtMs: core.now });
  session.userName = userName;
  session.isOwned = userName !== undefined;
  session.expiryIntervalSeconds = expiryIntervalSeconds;
  core.sessions.add(session);
  core.statistics.sessionsCurrent = core.sessions.size;
  shareQueue(core, session);
  scheduleExpiry(core, session, core.now);
  core.journal?.session(session);
  return true;
}

/** Ends a session; its client, if it is connected, is sent away with 0x98. False if there is none. */
export function deleteSession(core: SubscribingContext, clientId: string): boolean {
  const session = core.sessions.get(clientId);
  if (session === undefined) return false;
  const { connection } = session;
  if (connection !== undefined) {
    connection.ending.endsSession = true;
    dismiss(core, connection, {
      reasonCode: ADMINISTRATIVE_ACTION,
      reasonString: "session deleted",
    });
  }
  endSession(core, session, "deleted");
  return true;
}

/** Drops all that waits in a session's queue; gives how many messages that were. What is in flight stays. */
export function clearQueue(core: SubscribingContext, session: Session): number {
  let dropped = 0;
  for (let next = takeQueued(core, session); next !== undefined; next = takeQueued(core, session)) {
    forgetQueued(core, session, next);
    dropped += 1;
  }
  core.statistics.messagesDropped += dropped;
  return dropped;
}

/**
 * The event whose handlers keep a client from answering just now: what it is to acknowledge waits for them, and would wait for
 * itself if it is asked for in one of them. At QoS 0 nothing is to be acknowledged: it waits for handlers of outbound packets, and for itself
 * `isInside` one of them. Undefined if there is none.
 */
export function answersBehind(
  core: SubscribingContext,
  session: Session,
  qos: number,
  isInside: boolean,
): string | undefined {
  if (qos === 0 && !isInside) return undefined;
  const { connection } = session;
  // A client that is away is served again when its handlers have been told that it went.
  const isSilent =
    connection === undefined || connection.output.isHeld || !takesAcknowledgements(connection);
  if (connection?.outbound?.isRunning !== true && !isSilent) return undefined;
  return core.works.of(session.clientId).find(({ isAsking }) => isAsking)?.event;
}

/**
 * Gives a message to one session, whatever it is subscribed to: sent or queued, as its other messages. Undefined if it
 * was dropped, else its Packet Identifier, which is 0 if it has none (yet). Unless this gives undefined, `watch` is told how it
 * ends: acknowledged, of QoS 0 sent, or dropped after all.
 */
export function deliverTo(
  core: SubscribingContext,
  session: Session,
  applicationMessage: ApplicationMessage,
  watch?: DeliveryWatch,
): number | undefined {
  const message = messageFromApplication(applicationMessage, "", core.now);
  const { qos, retain } = message;
  if (session.isDurable && qos > 0 && refusalToStore(core) !== undefined) return undefined;
  const delivery: Delivery = {
    message,
    qos,
    retain,
    subscriptionIdentifiers: undefined,
    group: undefined,
    ...(watch === undefined ? {} : { watch }),
  };
  const outcome = deliver(core, session, delivery);
  if (outcome === "dropped") return undefined;
  return outcome === "sent" && qos > 0 ? session.sender.last : 0;
}
