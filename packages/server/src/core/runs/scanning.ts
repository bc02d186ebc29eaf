import { decodeVarint } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import { BEFORE_PROPERTIES, propertiesAt, topicAliasAt } from "./known-properties.ts";
import { contentDigest, topicDigest } from "../publishing/content-digest.ts";
import type { PublishRun } from "./publish-run.ts";
import type { Route } from "../routing/route.ts";
import type { Session } from "../sessions/session.ts";

const DOLLAR = 0x24;
/** First bytes of PUBLISH packets that are neither repeated nor retained. */
const QOS_0 = 0x30;
const QOS_1 = 0x32;
const QOS_2 = 0x34;

/**
 * Hot path: finds the run of PUBLISH packets that begins with the one that the framer has found. False if that packet is not for the hot path: `receivePublish` then takes it,
 * and reports whatever is wrong with it.
 *
 * What makes a packet ordinary: no RETAIN, no DUP, a topic whose route is known, a Packet Identifier that is new,
 * no properties or the same valid ones as before. The topic may be that of a Topic Alias. Nothing here allocates per
 * packet.
 */
export function scanRun(
  core: CoreContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): boolean {
  const { framer } = connection;
  const { firstByte, bytes, bodyStart, end } = framer;
  const qos = qosOf(firstByte);
  if (qos === undefined || qos > core.options.maximumQos) return false;
  const isVersion5 = connection.version === 5;
  const topicAt = bodyStart + 2;
  const topicEnd = topicAt + u16(bytes, bodyStart);
  const hasTopic = topicEnd > topicAt;
  if (topicEnd > end) return false;
  let route = hasTopic ? routeOf(core, connection, bytes, topicAt, topicEnd) : undefined;
  if (hasTopic ? route === undefined : !isVersion5) return false;
  const propertiesStart = topicEnd + (qos > 0 ? 2 : 0);
  const properties = isVersion5
    ? propertiesAt(core, connection, propertiesStart)
    : BEFORE_PROPERTIES;
  if (properties === undefined || propertiesStart + properties.size > end) return false;
  if (properties.hasAlias || !hasTopic) {
    route = aliasedRoute(core, connection, route, topicAliasAt(properties, bytes, propertiesStart));
  }
  if (route === undefined) return false;
  const digest = digestFor(qos, route);
  const payloadAt = propertiesStart + properties.size;
  if (!takesIdentifier(core, connection, session, digest, topicEnd, payloadAt, end)) return false;
  run.begin({
    bytes,
    qos,
    isVersion5,
    route,
    topicPart: topicEnd - bodyStart,
    properties,
    clientId: session.clientId,
    receivedAtMs: core.now,
    maximum: connection.runPacketsMax,
  });
  run.add(framer.start, bodyStart, end);
  extend(core, connection, session, run, digest);
  return true;
}

/** Of the topic, where messages must be told apart. */
function digestFor(qos: QoS, route: Route): number {
  return qos === 2 ? topicDigest(route.topicBytes) : 0;
}

/** Adds the packets that follow and are of the same kind. */
function extend(
  core: CoreContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
  digest: number,
): void {
  const { framer } = connection;
  const { firstByte, bytes, limit } = framer;
  const firstBody = framer.bodyStart;
  const samePart = run.topicPart;
  const propertyBytes = run.properties.size;
  const propertiesOffset = samePart + (run.qos > 0 ? 2 : 0);
  const payloadAt = propertiesOffset + propertyBytes;
  let position = framer.end;
  while (!run.isFull && bytes[position] === firstByte) {
    const header = decodeVarint(bytes, position + 1, limit);
    if (header === 0) break;
    const bodyStart = position + 1 + (header & 7);
    const end = bodyStart + (header >>> 3);
    if (end > limit || end - bodyStart < payloadAt) break;
    if (end - position > framer.maximumPacketSize) break;
    if (!isSame(bytes, firstBody, bodyStart, samePart)) break;
    if (!isSame(bytes, firstBody + propertiesOffset, bodyStart + propertiesOffset, propertyBytes))
      break;
    const identifierAt = bodyStart + samePart;
    const payloadStart = bodyStart + payloadAt;
    if (!takesIdentifier(core, connection, session, digest, identifierAt, payloadStart, end)) break;
    run.add(position, bodyStart, end);
    position = end;
  }
}

/** QoS of an ordinary PUBLISH: neither DUP nor RETAIN, and a QoS that exists. */
function qosOf(firstByte: number): QoS | undefined {
  if (firstByte === QOS_0) return 0;
  if (firstByte === QOS_1) return 1;
  return firstByte === QOS_2 ? 2 : undefined;
}

/** The current route of the topic in `bytes[start, end)`, if it is known and open to clients. */
function routeOf(
  core: CoreContext,
  connection: Connection,
  bytes: Uint8Array,
  start: number,
  end: number,
): Route | undefined {
  if (bytes[start] === DOLLAR) return undefined;
  const last = connection.lastRoute;
  if (last?.isCurrent && last.isFor(bytes, start, end)) return last;
  const route = core.router.find(bytes, start, end);
  connection.lastRoute = route;
  return route;
}

/**
 * The route of a PUBLISH with a Topic Alias: that of its topic, which the alias stands for from now on, or of
 * the topic that the alias stood for already. Undefined for an alias that is not allowed or stands for nothing: the
 * general path says so.
 */
function aliasedRoute(
  core: CoreContext,
  connection: Connection,
  route: Route | undefined,
  alias: number,
): Route | undefined {
  const { aliases } = connection;
  if (aliases === undefined) return undefined;
  if (route !== undefined)
    return aliases.take(alias, route.topic, route.topicBytes) ? route : undefined;
  const topic = aliases.topicBytes(alias);
  return topic && routeOf(core, connection, topic, 0, topic.length);
}

/**
 * True if a PUBLISH like the one that the framer has found may use the identifier at `identifierAt`; a QoS 2 identifier is
 * taken with that. `digest` is that of the topic, the payload is `bytes[payloadAt, end)`.
 */
function takesIdentifier(
  core: CoreContext,
  connection: Connection,
  session: Session,
  digest: number,
  identifierAt: number,
  payloadAt: number,
  end: number,
): boolean {
  const { bytes, firstByte } = connection.framer;
  if (firstByte === QOS_0) return true;
  const identifier = u16(bytes, identifierAt);
  if (firstByte === QOS_1 || identifier === 0) return identifier !== 0;
  const { receiver } = session;
  if (connection.version === 5 && receiver.size >= core.options.receiveMaximum) return false;
  const content = contentDigest(digest, bytes, payloadAt, end);
  if (!receiver.receive(identifier, content)) return false;
  if (session.isDurable) core.journal?.seen(session, identifier, content);
  return true;
}

function isSame(bytes: Uint8Array, one: number, other: number, count: number): boolean {
  for (let index = count - 1; index >= 0; index -= 1) {
    if (bytes[one + index] !== bytes[other + index]) return false;
  }
  return true;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}
