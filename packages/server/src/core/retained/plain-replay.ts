import { firstByteOf, topicEndOf } from "../message/publish-layout.ts";
import { encodeUtf8 } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { countPublishes } from "../connection/outgoing.ts";
import { PublishPacket } from "../connection/publish-packet.ts";
import type { PublishParts } from "../connection/publish-packet.ts";
import type { RetainedContext } from "./retained-context.ts";
import { expiryIn, isFrom, payloadOf } from "../journal/message-record.ts";
import { hasExpired } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import type { Subscription } from "../routing/subscription.ts";
import type { RetainedCursor } from "./retained-cursor.ts";
import { bodyStart, EXPIRES, QOS } from "./retained-messages.ts";
import { NONE, RECORD, RECORD_LENGTH, SUMMARY } from "./topic-nodes.ts";

const FIRST_BYTE = firstByteOf(0, true);

/** Most bytes of a fixed header. */
const HEADER_BYTES_MAX = 5;

/**
 * Hot path: sends retained messages straight from the tree, where nobody is asked about one and no packet depends on more
 * than the protocol version. A message of another kind ends it, is returned, and is for the general path; so do a
 * client that takes no more and `steps` steps of the walk.
 *
 * A subscription to `#` comes once in a connection's life, so this code mostly runs before it is compiled well: what it
 * saves is calls and objects per message, not only work.
 */
export function replayPlain(
  core: RetainedContext,
  connection: Connection,
  { subscription, cursor }: { subscription: Subscription; cursor: RetainedCursor },
  steps: number,
): Message | undefined {
  const { version, maximumPacketSize } = connection;
  const { outbox } = connection.output;
  const { noLocal, session } = subscription;
  const special = (subscription.qos === 0 ? 0 : QOS) | (version === 5 ? EXPIRES : 0);
  const { retained } = core;
  const { nodes, slabs } = retained.tree;
  const clientId = noLocal ? encodeUtf8(session.clientId) : undefined;
  const stepsLeftAtEnd = Math.max(0, core.retainedStepsLeft - steps);
  const packet = new PublishPacket(version === 5);
  packet.firstByte = FIRST_BYTE;
  let count = 0;
  let payloadBytes = 0;
  let other: Message | undefined;
  while (!cursor.isDone && core.retainedStepsLeft > stepsLeftAtEnd && connection.takesMessages) {
    core.retainedStepsLeft -= 1;
    const row = cursor.step();
    if (row === NONE) continue;
    const place = nodes.word(row, RECORD);
    const source = slabs.array(place);
    const record = slabs.offset(place);
    const summary = nodes.word(row, SUMMARY);
    if ((summary & EXPIRES) !== 0 && hasExpired(expiryIn(source, record), core.now)) continue;
    if (clientId !== undefined && isFrom(source, record, clientId)) continue;
    const body = record + bodyStart(summary);
    const end = record + nodes.word(row, RECORD_LENGTH);
    if ((summary & special) !== 0 || end - body + HEADER_BYTES_MAX > maximumPacketSize) {
      other = retained.message(row);
      break;
    }
    const parts = partsOf(source, body, end);
    packet.write(outbox, parts);
    payloadBytes += end - parts.payloadStart;
    count += 1;
  }
  if (count > 0) countPublishes(core, connection, count, payloadBytes, 0);
  return other;
}

/** True if `replayPlain` may be used for what the subscription is owed. */
export function mayReplayPlain(
  { shortCuts }: RetainedContext,
  subscription: Subscription,
): boolean {
  const { session, subscriptionIdentifier } = subscription;
  return (
    subscriptionIdentifier === undefined &&
    !session.isNarrowed &&
    session.messageReceiver === undefined &&
    session.connection?.isPlain === true &&
    shortCuts.plainReplay
  );
}

/** The parts of a message that is kept in `bytes` from `start` to `end`. */
function partsOf(bytes: Uint8Array, start: number, end: number): PublishParts {
  const topicEnd = topicEndOf(bytes, start);
  const payloadStart = payloadOf(bytes, topicEnd);
  return { bytes, start, topicEnd, propertiesEnd: payloadStart, payloadStart, end };
}
