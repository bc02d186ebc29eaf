import {
  firstByteOf,
  packetSize,
  topicEndOf,
  writeFixedHeader,
} from "../message/publish-layout.ts";
import { encodeUtf8 } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { Outbox } from "../connection/outbox.ts";
import { countPublishes } from "../connection/outgoing.ts";
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
    payloadBytes += write(outbox, source, body, end, version === 5);
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

/**
 * A message is kept as the body of an MQTT 5.0 PUBLISH; for older clients its properties are cut out of the copy.
 * Gives the bytes of the payload.
 */
function write(
  outbox: Outbox,
  source: Uint8Array,
  body: number,
  end: number,
  isVersion5: boolean,
): number {
  const size = end - body;
  const topicEnd = topicEndOf(source, body) - body;
  const payloadStart = payloadOf(source, topicEnd + body) - body;
  const cut = isVersion5 ? 0 : payloadStart - topicEnd;
  const remainingLength = size - cut;
  const start = outbox.reserve(packetSize(remainingLength) + cut);
  const { bytes } = outbox;
  const to = writeFixedHeader(bytes, start, FIRST_BYTE, remainingLength);
  bytes.set(source.subarray(body, end), to);
  if (cut > 0) {
    bytes.copyWithin(to + topicEnd, to + payloadStart, to + size);
    outbox.shorten(cut);
  }
  return size - payloadStart;
}
