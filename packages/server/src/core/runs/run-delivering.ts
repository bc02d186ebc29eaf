import { writeU16 } from "../numbers.ts";
import type { QoS } from "@anax/protocol";
import { lowerQos } from "../connection/connection.ts";
import type { Connection } from "../connection/connection.ts";
import type { RunsContext } from "./runs-context.ts";
import { outboxFor } from "../delivering/at-most-once.ts";
import { deliver, queuesAtMostOnce } from "../delivering/delivering.ts";
import { deliveryFor } from "../delivering/delivery-for.ts";
import { noteDropped } from "../delivering/dropping.ts";
import { memberFor } from "../delivering/member-choice.ts";
import { commonCode } from "../owed/address-book.ts";
import { beginExchange, keepsExchanges, keepsNumbers, owe } from "../journal/owing.ts";
import { enqueueRun, seeToLater } from "../delivering/queueing.ts";
import type { Outbox } from "../connection/outbox.ts";
import { countPublishes, countSent } from "../connection/outgoing.ts";
import type { Task } from "../pending.ts";
import { recordIdentifiers } from "./claiming-run.ts";
import { addressPackets } from "../message/publish-run.ts";
import type { PublishRun } from "../message/publish-run.ts";
import { NO_MATCHING_SUBSCRIBERS } from "../message/published.ts";
import { recipientOf } from "../routing/route.ts";
import type { Recipient } from "../routing/route.ts";
import type { Session } from "../sessions/session.ts";
import { SHARED_BYTES_MIN } from "../shared-bytes.ts";
import type { SharedGroup } from "../routing/shared-subscriptions.ts";
import type { Subscription } from "../routing/subscription.ts";
import {
  exchangeOutbox,
  inOrder,
  isCutOff,
  onceStored,
  refusalToStore,
} from "../connection/storing.ts";
import { sizeOfRun } from "../journal/stored-run.ts";
import { STEPS_OF_RECEIVER } from "../publishing/fan-outs.ts";

/** The property, and one byte by which the length of all of them may grow. */
const SUBSCRIPTION_IDENTIFIER_BYTES_MAX = 6;

/** True while nothing has to be done for single messages on their way: no handler asks for them, and the store takes what comes. */
export function mayRun(core: RunsContext): boolean {
  return core.shortCuts.runs && refusalToStore(core) === undefined;
}

/**
 * Hot path: gives a whole run to everybody who gets it, and acknowledges it. Where these are thousands it is left to be done, over
 * several turns: a task.
 */
export function distributeRun(
  core: RunsContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): Task | undefined {
  if (core.fanOuts.isWide(run.route)) return fanOut(core, connection, session, run.copy());
  const appendedBefore = core.journal?.appended;
  recordIdentifiers(core, connection, session, run);
  const { recipients, groups } = run.route;
  let matched = groups.length;
  for (let index = 0; index < recipients.length; index += 1) {
    const candidate = recipients[index];
    const recipient = candidate && recipientOf(candidate, run.clientId);
    if (recipient === undefined) continue;
    matched += 1;
    deliverRange(core, run, { recipient, group: undefined, from: 0, to: run.count });
  }
  for (const group of groups) shareRun(core, run, group);
  acknowledgeRun(core, connection, run, { matched, appendedBefore });
  return undefined;
}

/** Gives a run to thousands. What is sent on another connection of its publisher meanwhile waits behind it. */
function* fanOut(
  core: RunsContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): Task {
  const { fanOuts, lanes } = core;
  const { clientId } = run;
  // It is the publisher's already where handlers were waited for.
  const hasLane = !lanes.isBusy(clientId);
  if (hasLane) lanes.enter(clientId);
  yield* fanOuts.begin(run.qos > 0);
  try {
    const appendedBefore = core.journal?.appended;
    recordIdentifiers(core, connection, session, run);
    const matched = yield* deliverInTurns(core, connection, run);
    if (session.connection === connection)
      acknowledgeRun(core, connection, run, { matched, appendedBefore });
  } finally {
    fanOuts.end();
    if (hasLane) lanes.leave(clientId);
  }
}

/** As far as each turn has time; gives how many receivers there were. */
function* deliverInTurns(core: RunsContext, connection: Connection, run: PublishRun): Task<number> {
  const { turn, router } = core;
  const { recipients, groups } = run.route;
  const { changes } = router;
  const steps = STEPS_OF_RECEIVER + (run.qos === 0 ? run.count >>> 3 : run.count);
  let matched = groups.length;
  for (const candidate of recipients) {
    if (turn.spend(steps)) yield turn.rest(connection);
    const recipient = recipientOf(candidate, run.clientId);
    // Who has unsubscribed since the first part was given is sent nothing new [MQTT-3.10.4-2].
    if (recipient === undefined || (router.changes !== changes && !candidate.isSubscribed))
      continue;
    matched += 1;
    deliverRange(core, run, { recipient, group: undefined, from: 0, to: run.count });
  }
  for (const group of groups) {
    if (turn.spend(STEPS_OF_RECEIVER + run.count)) yield turn.rest(connection);
    shareRun(core, run, group);
  }
  return matched;
}

/** A part of a run on its way to one receiver. */
interface Range {
  readonly recipient: Recipient;
  readonly group: SharedGroup | undefined;
  readonly from: number;
  readonly to: number;
}

/**
 * Members of a shared subscription take turns. A long run is cut into as many parts as there are members, a
 * short one message by message: either way each gets as many. Where some may be too large for a member, each is
 * given by itself.
 */
function shareRun(core: RunsContext, run: PublishRun, group: SharedGroup): void {
  const isTight = group.members.some((member) => isLimitedBelow(member, run.largest));
  const part = isTight ? 1 : Math.ceil(run.count / Math.max(1, group.members.length));
  for (let from = 0; from < run.count; from += part) {
    const member = memberFor(core, group, isTight ? run.message(from) : undefined);
    if (member === undefined) return;
    const to = Math.min(run.count, from + part);
    deliverRange(core, run, { recipient: member, group, from, to });
  }
}

/** True if a packet of so many bytes, and an identifier of the subscription, might be too large for the member's client. */
function isLimitedBelow({ session }: Subscription, packetBytes: number): boolean {
  const { connection } = session;
  return (
    connection !== undefined &&
    connection.maximumPacketSize < packetBytes + SUBSCRIPTION_IDENTIFIER_BYTES_MAX
  );
}

/** Copies packets in one go where nothing about them is special for this receiver, else delivers them singly. */
function deliverRange(core: RunsContext, run: PublishRun, range: Range): void {
  const { recipient } = range;
  const qos = lowerQos(run.qos, recipient.qos);
  const { session } = recipient;
  const { connection } = session;
  const copied =
    connection !== undefined && isCopyable(run, recipient, connection)
      ? copyRange(core, run, range, { connection, qos })
      : 0;
  deliverRest(core, run, { ...range, from: range.from + copied }, qos);
}

/** Into the queue as a run, or message by message. */
function deliverRest(core: RunsContext, run: PublishRun, range: Range, qos: QoS): void {
  const { recipient, group, from, to } = range;
  if (from === to) return;
  const { session, subscriptionIdentifiers } = recipient;
  if (session.messageReceiver !== undefined && !session.isNarrowed)
    return session.messageReceiver.takeRun({ run, from, to, qos, subscriptionIdentifiers });
  if (qos !== 0 && isQueueable(core, run, range)) {
    seeToLater(core, session);
    return enqueueRun(core, session, run, { from, to, qos });
  }
  if (qos > 0) storeRun(core, run, range);
  for (let index = from; index < to; index += 1)
    deliver(core, session, deliveryFor(recipient, run.message(index), group));
}

/** True if nothing is special about these messages but that they have to wait. */
function isQueueable(core: RunsContext, run: PublishRun, { recipient, group }: Range): boolean {
  const { session } = recipient;
  return (
    recipient.isPlain &&
    group === undefined &&
    !session.isNarrowed &&
    !session.isReady &&
    keepsNumbers(core, session) &&
    !isCutOff(core, session) &&
    run.expiresAtMs === Infinity
  );
}

function isCopyable(run: PublishRun, recipient: Recipient, connection: Connection): boolean {
  return (
    recipient.isPlain &&
    !recipient.session.isNarrowed &&
    connection.isPlain &&
    connection.isOpen &&
    run.largest <= connection.maximumPacketSize
  );
}

interface Target {
  readonly connection: Connection;
  readonly qos: QoS;
}

/** Copies as many packets of the range as the receiver takes now; gives how many. */
function copyRange(core: RunsContext, run: PublishRun, range: Range, target: Target): number {
  const { qos, connection } = target;
  const { session } = range.recipient;
  if (qos === 0)
    return queuesAtMostOnce(core, session) ? 0 : copyAtMostOnce(core, run, range, connection);
  if (!session.isReady) return 0;
  const count = Math.min(session.freeQuota, range.to - range.from);
  if (count === 0) return 0;
  copyExchanges(core, run, { ...range, to: range.from + count }, target);
  return count;
}

function copyAtMostOnce(
  core: RunsContext,
  run: PublishRun,
  range: Range,
  connection: Connection,
): number {
  const { bytes, starts } = run.encoding(connection.version === 5, 0);
  const start = starts[range.from] ?? 0;
  const end = starts[range.to] ?? 0;
  const count = range.to - range.from;
  // A message counts with its properties, whether this receiver gets them or not.
  const bytesMax = end - start + run.propertyBytes.length;
  const outbox = outboxFor(core, connection, bytesMax, count);
  if (typeof outbox === "string") copyWhatFits(core, run, range, connection);
  else {
    if (run.isShared) appendSharing(outbox, run, connection, range);
    else outbox.append(bytes, start, end);
    countRange(core, run, connection, range, 0);
  }
  return count;
}

/**
 * Where the whole does not fit, some of it may; the rest is dropped. A client that does not read is given most of what others
 * get in vain: that must cost little.
 */
function copyWhatFits(
  core: RunsContext,
  run: PublishRun,
  { from, to }: Range,
  connection: Connection,
): void {
  const { bytes, starts } = run.encoding(connection.version === 5, 0);
  for (let index = from; index < to; index += 1) {
    const outbox = outboxFor(core, connection, sizeOfRun(run, index));
    if (typeof outbox === "string") {
      noteDropped(core, connection.clientId, outbox);
      continue;
    }
    const [start = 0, end = 0] = [starts[index], starts[index + 1]];
    if (run.isShared) appendSharing(outbox, run, connection, { from: index, to: index + 1 });
    else outbox.append(bytes, start, end);
    countPublishes(core, connection, 1, run.payloadBytes(index, index + 1), 0);
  }
}

/** Copies QoS 1 or 2 packets and writes the receiver's own Packet Identifiers and QoS into the copy. */
function copyExchanges(core: RunsContext, run: PublishRun, range: Range, target: Target): void {
  const { connection, qos } = target;
  if (qos === 0) return;
  const { session } = range.recipient;
  const encoding = run.encoding(connection.version === 5, qos);
  const { bytes, starts } = encoding;
  const { from, to } = range;
  const start = starts[from] ?? 0;
  const end = starts[to] ?? 0;
  const outbox = exchangeOutbox(core, connection, session);
  if (run.isShared) {
    beginExchanges(core, run, range, qos);
    appendSharing(outbox, run, connection, range, qos);
    return countRange(core, run, connection, range, qos);
  }
  const shift = outbox.append(bytes, start, end) - start;
  beginExchanges(core, run, range, qos);
  addressPackets(outbox.bytes, shift, encoding, { from, to, qos }, run.assigned);
  countRange(core, run, connection, range, qos);
}

function countRange(
  core: RunsContext,
  run: PublishRun,
  connection: Connection,
  { from, to }: Range,
  qos: QoS,
): void {
  countPublishes(core, connection, to - from, run.payloadBytes(from, to), qos);
}

/** Begins an exchange for each packet of the range; the run has their identifiers then. */
function beginExchanges(core: RunsContext, run: PublishRun, range: Range, qos: 1 | 2): void {
  const { session } = range.recipient;
  const { sender } = session;
  const { from, to } = range;
  if (storeRun(core, run, range)) {
    for (let index = from; index < to; index += 1)
      run.assigned[index] = sender.begin(qos, commonCode(run.slots[index] ?? 0, qos, false));
    core.journal?.addressedRun(session, run, from, to, qos);
  } else if (keepsExchanges(core, session)) {
    for (let index = from; index < to; index += 1)
      run.assigned[index] = keepExchange(core, run, range, { index, qos });
  } else {
    for (let index = from; index < to; index += 1)
      run.assigned[index] = sender.begin(qos, undefined);
  }
}

/**
 * Writes the run down if the receiver's session is to survive; true if it did. A message that a shared subscription gives
 * to a session is one of its own, see `deliveryFor`.
 */
function storeRun(core: RunsContext, run: PublishRun, { recipient, group }: Range): boolean {
  const { journal } = core;
  if (journal === undefined || !recipient.session.isDurable || group !== undefined) return false;
  journal.storeRun(run);
  return true;
}

/** Begins an exchange whose message is kept as an object. Gives its identifier. */
function keepExchange(
  core: RunsContext,
  run: PublishRun,
  { recipient, group }: Range,
  { index, qos }: { readonly index: number; readonly qos: 1 | 2 },
): number {
  const { session } = recipient;
  const delivery = deliveryFor(recipient, run.message(index), group);
  const identifier = beginExchange(core, session, qos, delivery, delivery.message.size);
  if (session.isDurable)
    session.sender.replaceItem(identifier, owe(core, session, delivery, identifier));
  return identifier;
}

/** Packets as they are copied otherwise, but for large payloads, of which all receivers share one copy. */
function appendSharing(
  outbox: Outbox,
  run: PublishRun,
  connection: Connection,
  { from, to }: { readonly from: number; readonly to: number },
  qos: QoS = 0,
): void {
  const encoding = run.encoding(connection.version === 5, qos);
  const { bytes, starts } = encoding;
  for (let index = from; index < to; index += 1) {
    const [start = 0, end = 0] = [starts[index], starts[index + 1]];
    const payloadBytes = run.endOf(index) - run.payloadStart(index);
    const isShared = payloadBytes >= SHARED_BYTES_MIN;
    const at = outbox.append(bytes, start, isShared ? end - payloadBytes : end);
    const one = { from: index, to: index + 1, qos };
    if (qos > 0) addressPackets(outbox.bytes, at - start, encoding, one, run.assigned);
    if (!isShared) continue;
    const message = run.message(index);
    outbox.appendShared(message.shared, message.payloadStart);
  }
}

/** PUBACK or PUBREC for each packet of the run. MQTT 5.0 is told where nobody subscribes. */
function acknowledgeRun(
  core: RunsContext,
  connection: Connection,
  run: PublishRun,
  { matched, appendedBefore }: { matched: number; appendedBefore: number | undefined },
): void {
  if (run.qos === 0) return;
  const choose = core.journal?.appended === appendedBefore ? inOrder : onceStored;
  const outbox = choose(core, connection);
  if (!connection.isOpen) return;
  const reasonCode = matched === 0 ? NO_MATCHING_SUBSCRIBERS : 0;
  const hasReason = reasonCode !== 0 && connection.version === 5;
  const size = hasReason ? 5 : 4;
  let at = outbox.reserve(size * run.count);
  const { bytes } = outbox;
  const firstByte = run.qos === 1 ? 0x40 : 0x50;
  for (let index = 0; index < run.count; index += 1) {
    const identifier = run.identifier(index);
    bytes[at] = firstByte;
    bytes[at + 1] = size - 2;
    writeU16(bytes, at + 2, identifier);
    if (hasReason) bytes[at + 4] = reasonCode;
    at += size;
  }
  countSent(core, connection, run.count);
}
