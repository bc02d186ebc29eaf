import { ProtocolError } from "@anax/protocol";
import type { PublishPacket } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { lookBehind } from "../connection/passing.ts";
import type { RunsContext } from "./runs-context.ts";
import type { Task } from "../pending.ts";
import type { Session } from "../sessions/session.ts";
import { isRefusedForRate } from "../rates/refusing.ts";
import { traceConnection } from "../tracing/telling.ts";
import { WorkAbandonedError } from "../works/work.ts";
import type { Work } from "../works/work.ts";
import { asWork } from "../works/works.ts";
import { acknowledge, freesIdentifier } from "./acknowledging-publish.ts";
import type { Claim } from "../publishing/claim.ts";
import { refusalOfMessage, unsupported } from "../publishing/checking.ts";
import { claimIdentifier, joins } from "../publishing/claiming.ts";
import { messageFromPacket } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import type { Origin } from "../publishing/origin.ts";
import { PEER_CLIENT_ID } from "../routing/interest.ts";
import { nothing, refused } from "../message/published.ts";
import type { Published, Refusal } from "../message/published.ts";
import { publish, publishAccepted, publishIntercepted } from "../publishing/publishing.ts";
import type { Interception } from "../publishing/publishing.ts";
import type { Terms } from "../publishing/terms.ts";

const QUOTA_EXCEEDED = 0x97;

/**
 * PUBLISH of a client, one at a time: the way with every feature. `publish-run` takes what needs none of
 * them and must come to the same result. What repeats a message that waits for handlers joins it; whatever else comes while
 * one of the publisher waits, from an earlier connection, waits behind it [MQTT-4.6.0-6].
 */
export function* receivePublish(
  core: RunsContext,
  connection: Connection,
  session: Session,
  packet: PublishPacket,
  excess?: Refusal,
): Task {
  const topic = resolveTopic(connection, packet);
  requireSupported(core, packet);
  if (joins(connection, session, topic, packet)) return;
  const next = (): Task => receiveNext(core, connection, session, { packet, topic, excess });
  if (!core.lanes.isBusy(session.clientId)) return yield* next();
  yield* core.lanes.turn(session.clientId);
  try {
    // What a client sent before it went was not received: it sends it again.
    if (connection.session === session) yield* next();
  } finally {
    core.lanes.leave(session.clientId);
  }
}

interface Received {
  readonly packet: PublishPacket;
  /** What the packet's topic or alias stands for. */
  readonly topic: string;
  readonly excess: Refusal | undefined;
}

/** A PUBLISH before which no other of its publisher waits. */
function* receiveNext(
  core: RunsContext,
  connection: Connection,
  session: Session,
  { packet, topic, excess }: Received,
): Task {
  const claimed = claimIdentifier(core, connection, session, topic, packet);
  if (claimed === "answered") return;
  const { claim } = claimed;
  const { payload, properties } = packet;
  const flaw =
    excess ??
    tooFast(core, connection) ??
    refusalOfMessage(core.options, { topic, payload, properties });
  const refusal = claimed.refusal ?? (flaw && refused(flaw));
  if (refusal !== undefined) {
    noteRefused(core, connection, packet, topic, refusal);
    if (core.tracing.isOn) traceRefused(core, connection, topic, refusal);
    return acknowledge(core, claim, refusal);
  }
  const message = messageFromPacket({ ...packet, topic }, session.clientId, core.now);
  const origin = originOf(connection);
  yield* complete(core, claim, topic, (terms) => publish(core, message, origin, terms));
}

/** Why a message is refused whose publisher is too fast for now. */
function tooFast(core: RunsContext, connection: Connection): Refusal | undefined {
  if (!isRefusedForRate(core, connection)) return undefined;
  return { reasonCode: QUOTA_EXCEEDED, reasonString: "messages come too fast" };
}

/** Who publishes on a connection. */
function originOf(connection: Connection): Origin {
  // It was judged where it was published.
  if (connection.clientId === PEER_CLIENT_ID)
    return Object.assign(connection.context, { source: connection, isHidden: true });
  // A spread with a key behind it gives each object a shape of its own, which costs microseconds.
  return Object.assign(connection.context, { source: connection });
}

/** A PUBLISH that was found in a run and shown to the interceptor there: the rest of its way. */
export function* receiveIntercepted(
  core: RunsContext,
  claim: Claim,
  message: Message,
  interception: Interception,
): Task {
  const origin = originOf(claim.connection);
  yield* complete(core, claim, message.topic, (terms) =>
    publishIntercepted(core, message, origin, interception, terms),
  );
}

/** A PUBLISH of a run that the interceptor has let pass, but that has to go on alone. */
export function* receiveAccepted(core: RunsContext, claim: Claim, message: Message): Task {
  const origin = originOf(claim.connection);
  yield* complete(core, claim, message.topic, (terms) =>
    publishAccepted(core, message, origin, nothing(), terms),
  );
}

/** Publishes the message of a PUBLISH and acknowledges it; its identifier is held, and its publisher's lane, while that waits. */
function* complete(
  core: RunsContext,
  claim: Claim,
  topic: string,
  publishing: (terms: Terms) => Task<Published>,
): Task {
  const { clientId } = claim.connection;
  let hasLane = false;
  const hold = (): Work => {
    hasLane = !core.lanes.isBusy(clientId);
    if (hasLane) core.lanes.enter(clientId);
    lookBehind(core, claim.connection);
    return claim.hold(core);
  };
  const record = ({ reasonCode }: Published): void => {
    if (!freesIdentifier(claim.connection.version, reasonCode)) claim.record(core);
  };
  const { needsStore, connection } = claim;
  const { access } = connection;
  try {
    const terms = { urgency: "refusable", needsStore, record, access } as const;
    const published = yield* asWork(publishing(terms), hold);
    if (core.tracing.isOn) traceRefused(core, connection, topic, published);
    acknowledge(core, claim, published);
  } catch (error) {
    // The server stops: the client is told nothing, and sends it again.
    if (!(error instanceof WorkAbandonedError)) throw error;
  } finally {
    claim.release();
    if (hasLane) core.lanes.leave(clientId);
  }
}

/** Tells traces of a message that is not taken. */
function traceRefused(
  core: RunsContext,
  connection: Connection,
  topic: string,
  { reasonCode, reasonString: reason }: Published,
): void {
  if (reasonCode < 0x80) return;
  traceConnection(core, connection, { type: "publishRefused", topic, reasonCode, reason });
}

/** What a refusal cannot tell a client is logged. */
function noteRefused(
  core: RunsContext,
  { version, clientId }: Connection,
  { qos }: PublishPacket,
  topic: string,
  { reasonCode, reasonString }: Published,
): void {
  if (qos > 0 && version === 5) return;
  core.notices?.droppedPublish({ clientId, topic, reasonCode, reasonString });
}

/** The topic that a PUBLISH means; a Topic Alias is learned or looked up [MQTT-3.3.2-12]. */
function resolveTopic(connection: Connection, packet: PublishPacket): string {
  const { properties } = packet;
  // Only servers send these [MQTT-3.3.4-6].
  if (properties?.subscriptionIdentifiers !== undefined) {
    throw new ProtocolError("PUBLISH of a Client with a Subscription Identifier");
  }
  const alias = properties?.topicAlias;
  if (alias === undefined) return packet.topic;
  if (connection.aliases === undefined) {
    throw new ProtocolError(
      `Topic Alias ${alias}, but the server's Topic Alias Maximum is 0`,
      0x94,
    );
  }
  if (packet.topic === "") return connection.aliases.get(alias);
  connection.aliases.set(alias, packet.topic);
  return packet.topic;
}

/** What CONNACK said that the server does not take is a Protocol Error to send. */
function requireSupported(core: RunsContext, packet: PublishPacket): void {
  const flaw = unsupported(core.options, packet);
  if (flaw !== undefined) throw new ProtocolError(flaw.reasonString, flaw.reasonCode);
}
