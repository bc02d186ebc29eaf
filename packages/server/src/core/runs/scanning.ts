import { firstByteOf, qosIn, topicEndOf } from "../message/publish-layout.ts";
import { readU16 } from "../numbers.ts";
import { decodeVarint } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { isRouteBlocked } from "../delivering/making-room.ts";
import type { Connection } from "../connection/connection.ts";
import type { RunsContext } from "./runs-context.ts";
import { BEFORE_PROPERTIES, propertiesAt, topicAliasAt } from "../message/known-properties.ts";
import type { KnownProperties } from "../message/known-properties.ts";
import { takesQos } from "../publishing/checking.ts";
import { hasQuota } from "../publishing/claiming.ts";
import { RUN_PACKETS_MAX } from "../message/publish-run.ts";
import type { PublishRun } from "../message/publish-run.ts";
import type { Route } from "../routing/route.ts";
import type { Session } from "../sessions/session.ts";

const DOLLAR = 0x24;
/** First bytes of PUBLISH packets that are neither repeated nor retained. */
const QOS_0 = firstByteOf(0);
const QOS_1 = firstByteOf(1);
const QOS_2 = firstByteOf(2);

/** Steps of matching after which a run ends, so that the turn can end too: topics may be made to cost thousands each. */
const STEPS_PER_RUN = 4_096;
/** Messages that one run gives to all its receivers together: some milliseconds. One message is cut by its receivers (`RECEIVERS_AT_ONCE`), not by this. */
const DELIVERIES_PER_RUN = 32_768;
/** Messages of QoS 0 that are copied as quickly as one. */
const COPIED_AS_ONE = 8;
/** Receivers of a run of any length. */
const FEW_RECEIVERS = DELIVERIES_PER_RUN / RUN_PACKETS_MAX;

/**
 * Hot path: finds the run of PUBLISH packets that begins with the one that the framer has found. False if that packet is
 * not for the hot path: `receivePublish` then takes it, and reports whatever is wrong with it.
 *
 * What makes a packet ordinary: no RETAIN, no DUP, a valid topic that does not begin with `$`, a Packet Identifier that
 * is new, no properties or the same valid ones as before. The topic may be that of a Topic Alias. Nothing here allocates
 * per packet, and nothing is changed: `claiming-run` does that, for as much of the run as goes on.
 */
export function scanRun(
  core: RunsContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): boolean {
  const { framer } = connection;
  const { firstByte, bytes, bodyStart, end } = framer;
  const qos = qosOf(core, firstByte);
  if (qos === undefined) return false;
  const topicAt = bodyStart + 2;
  const topicEnd = topicEndOf(bytes, bodyStart);
  const propertiesStart = topicEnd + (qos > 0 ? 2 : 0);
  const properties = wholeProperties(core, connection, propertiesStart);
  if (properties === undefined) return false;
  const alias = properties.hasAlias ? topicAliasAt(properties, bytes, propertiesStart) : 0;
  const aliased = topicEnd === topicAt ? connection.aliases?.topicBytes(alias) : undefined;
  const route =
    aliased === undefined
      ? firstRoute(core, connection, run, bytes, topicAt, topicEnd)
      : firstRoute(core, connection, run, aliased, 0, aliased.length);
  if (!isOpen(core, route, qos, session)) return false;
  const setsAlias = properties.hasAlias && aliased === undefined;
  if (setsAlias && connection.aliases?.allows(alias) !== true) return false;
  if (!mayUse(core, connection, session, run, topicEnd)) return false;
  run.begin(bytes, packetsMax(core, connection, qos, route), aliased);
  run.alias = setsAlias ? alias : 0;
  run.qos = qos;
  run.route = route;
  run.properties = properties;
  describe(core, connection, session, run);
  run.add(framer.start, bodyStart, topicEnd, end);
  extend(core, connection, session, run);
  return true;
}

/**
 * One that is followed is by itself. Fewer to more receivers: a run is given to all of them in one go. To one receiver it is one copy
 * with QoS 0, and message by message otherwise.
 */
function packetsMax(
  { sampling }: RunsContext,
  { runPacketsMax }: Connection,
  qos: QoS,
  { recipients, groups }: Route,
): number {
  if (sampling.isFollowing) return 1;
  const receivers = recipients.length + groups.length;
  if (receivers <= FEW_RECEIVERS) return runPacketsMax;
  const messages = (qos === 0 ? COPIED_AS_ONE : 1) * Math.ceil(DELIVERIES_PER_RUN / receivers);
  return Math.min(runPacketsMax, messages);
}

/** True if there is a way, and nothing on it that the run has to wait for. */
export function isOpen(
  core: RunsContext,
  route: Route | undefined,
  qos: QoS,
  { clientId }: Session,
): route is Route {
  if (route === undefined) return false;
  if (core.fanOuts.isWide(route) && !core.fanOuts.mayBegin(qos > 0)) return false;
  return core.rooms.size === 0 || !isRouteBlocked(core, route, qos, clientId);
}

/** Which publisher the run is of, and when it came. */
function describe(
  core: RunsContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): void {
  run.isVersion5 = connection.version === 5;
  run.clientId = session.clientId;
  run.receivedAtMs = core.now;
}

/** The properties at `at` of the packet that the framer has found; undefined if they do not end in it, or are not for here. */
function wholeProperties(
  core: RunsContext,
  connection: Connection,
  at: number,
): KnownProperties | undefined {
  const { end } = connection.framer;
  if (at > end) return undefined;
  if (connection.version !== 5) return BEFORE_PROPERTIES;
  const properties = propertiesAt(core, connection, at);
  return properties === undefined || at + properties.size > end ? undefined : properties;
}

/** Adds the packets that follow, go to the same recipients and are of the same kind. */
function extend(
  core: RunsContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): void {
  const { framer } = connection;
  const { firstByte, bytes, limit } = framer;
  let lastTopic = framer.bodyStart;
  let lastPart = topicEndOf(bytes, lastTopic) - lastTopic;
  const identifierBytes = run.qos > 0 ? 2 : 0;
  const firstProperties = lastTopic + lastPart + identifierBytes;
  const propertyBytes = run.properties.size;
  const stepsMax = core.router.steps + STEPS_PER_RUN;
  let position = framer.end;
  while (bytes[position] === firstByte && mayGrow(core, run, stepsMax)) {
    const header = decodeVarint(bytes, position + 1, limit);
    if (header === 0) break;
    const bodyStart = position + 1 + (header & 7);
    const end = bodyStart + (header >>> 3);
    const topicEnd = topicEndOf(bytes, bodyStart);
    const propertiesAt = topicEnd + identifierBytes;
    const payloadAt = propertiesAt + propertyBytes;
    if (payloadAt > end || end > limit || end - position > framer.maximumPacketSize) break;
    if (!isSame(bytes, firstProperties, propertiesAt, propertyBytes)) break;
    // Their lengths are compared too: they stand before the topics.
    const isOther = !isSame(bytes, lastTopic, bodyStart, lastPart);
    if (isOther && !goesAlong(core, connection, run, bodyStart + 2, topicEnd)) break;
    if (isOther) {
      lastTopic = bodyStart;
      lastPart = topicEnd - bodyStart;
    }
    if (!mayUse(core, connection, session, run, topicEnd)) break;
    run.isOneTopic &&= !isOther;
    run.add(position, bodyStart, topicEnd, end);
    position = end;
  }
}

function mayGrow({ router }: RunsContext, run: PublishRun, stepsMax: number): boolean {
  return !run.isFull && router.steps < stepsMax;
}

/** True if the topic in `[start, end)` goes to the recipients of the run; if not, its route is kept for the next. */
function goesAlong(
  core: RunsContext,
  connection: Connection,
  run: PublishRun,
  start: number,
  end: number,
): boolean {
  // An alias has to stand for one topic for all of them.
  if (run.hasAlias) return false;
  const route = routeOf(core, connection, connection.framer.bytes, start, end);
  if (route === run.route) return true;
  run.lookAhead(start, route, core.router.changes);
  return false;
}

/** The route of the topic in `bytes[start, end)`, which the run before may have looked up already. */
function firstRoute(
  core: RunsContext,
  connection: Connection,
  run: PublishRun,
  bytes: Uint8Array,
  start: number,
  end: number,
): Route | undefined {
  return run.routeAhead(start, core.router.changes) ?? routeOf(core, connection, bytes, start, end);
}

/** QoS of an ordinary PUBLISH: neither DUP nor RETAIN, and a QoS that the server takes. */
function qosOf({ options }: RunsContext, firstByte: number): QoS | undefined {
  if (firstByte === QOS_0) return 0;
  if (firstByte === QOS_1) return takesQos(options, 1) ? 1 : undefined;
  return firstByte === QOS_2 && takesQos(options, 2) ? 2 : undefined;
}

/** The route of the topic in `bytes[start, end)`, if it is valid, open to clients, and the publisher is known to have a right to it. */
export function routeOf(
  core: RunsContext,
  { access, framer }: Connection,
  bytes: Uint8Array,
  start: number,
  end: number,
  retain = false,
): Route | undefined {
  if (bytes[start] === DOLLAR) return undefined;
  const route = core.router.find(bytes, start, end, core.options.topicLevelsMax);
  if (access === undefined || route === undefined) return route;
  return access.allows(core, qosIn(framer.firstByte), retain) ? route : undefined;
}

/**
 * True if a packet like the one that the framer has found may be the next of the run with the identifier at `identifierAt`. Those
 * of QoS 2 have to be new, and to ascend within a run, so that none of them is there twice.
 */
function mayUse(
  core: RunsContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
  identifierAt: number,
): boolean {
  const { bytes, firstByte } = connection.framer;
  if (firstByte === QOS_0) return true;
  const identifier = readU16(bytes, identifierAt);
  if (firstByte === QOS_1 || identifier === 0) return identifier !== 0;
  const { count } = run;
  if (count > 0 && identifier <= run.identifier(count - 1)) return false;
  return !session.receiver.has(identifier) && hasQuota(core, connection, session, count + 1);
}

function isSame(bytes: Uint8Array, one: number, other: number, count: number): boolean {
  for (let index = count - 1; index >= 0; index -= 1) {
    if (bytes[one + index] !== bytes[other + index]) return false;
  }
  return true;
}
