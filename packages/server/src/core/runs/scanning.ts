import { decodePacket, decodeVarint } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import type { PublishRun } from "./publish-run.ts";
import type { Route } from "../routing/route.ts";
import type { Session } from "../sessions/session.ts";

const DOLLAR = 0x24;

/**
 * Hot path: finds the run of PUBLISH packets that begins with the one that the framer has found. False if that packet is not for the hot path: `receivePublish` then takes it,
 * and reports whatever is wrong with it.
 *
 * What makes a packet ordinary: no RETAIN, no DUP, a topic whose route is known, a Packet Identifier that is new,
 * no properties or the same valid ones as before. Nothing here allocates per packet.
 */
export function scanRun(
  core: CoreContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): boolean {
  const { framer } = connection;
  const { firstByte, bytes } = framer;
  const qos = qosOf(firstByte);
  if (qos === undefined || qos > core.options.maximumQos) return false;
  const isVersion5 = connection.version === 5;
  const route = routeAt(core, connection, framer.bodyStart, framer.end);
  if (route === undefined) return false;
  const topicPart = 2 + route.topicBytes.length;
  const propertiesAt = topicPart + (qos > 0 ? 2 : 0);
  const propertyBytes = isVersion5 ? propertyBytesAt(core, connection, propertiesAt) : 0;
  if (propertyBytes < 0 || framer.bodyStart + propertiesAt + propertyBytes > framer.end)
    return false;
  if (!takesIdentifier(core, connection, session, framer.bodyStart + topicPart, qos)) return false;
  const { clientId } = session;
  const maximum = connection.runPacketsMax;
  run.begin({
    bytes,
    qos,
    isVersion5,
    route,
    propertyBytes,
    clientId,
    receivedAtMs: core.now,
    maximum,
  });
  run.add(framer.start, framer.bodyStart, framer.end);
  extend(core, connection, session, run);
  return true;
}

/** Adds the packets that follow and are of the same kind. */
function extend(
  core: CoreContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): void {
  const { framer } = connection;
  const { firstByte, bytes, limit } = framer;
  const firstBody = framer.bodyStart;
  const samePart = 2 + (run.route?.topicBytes.length ?? 0);
  const propertiesAt = samePart + (run.qos > 0 ? 2 : 0);
  const payloadAt = propertiesAt + run.propertyBytes;
  let position = framer.end;
  while (!run.isFull && bytes[position] === firstByte) {
    const header = decodeVarint(bytes, position + 1, limit);
    if (header === 0) break;
    const bodyStart = position + 1 + (header & 7);
    const end = bodyStart + (header >>> 3);
    if (end > limit || end - bodyStart < payloadAt) break;
    if (end - position > framer.maximumPacketSize) break;
    if (!isSame(bytes, firstBody, bodyStart, samePart)) break;
    if (!isSame(bytes, firstBody + propertiesAt, bodyStart + propertiesAt, run.propertyBytes))
      break;
    if (!takesIdentifier(core, connection, session, bodyStart + samePart, run.qos)) break;
    run.add(position, bodyStart, end);
    position = end;
  }
}

/** QoS of an ordinary PUBLISH: neither DUP nor RETAIN, and a QoS that exists. */
function qosOf(firstByte: number): QoS | undefined {
  if (firstByte === 0x30) return 0;
  if (firstByte === 0x32) return 1;
  return firstByte === 0x34 ? 2 : undefined;
}

/** The current route of the topic at `bodyStart`, if it is known and open to clients. */
function routeAt(
  core: CoreContext,
  connection: Connection,
  bodyStart: number,
  end: number,
): Route | undefined {
  const { bytes } = connection.framer;
  const length = (bytes[bodyStart] ?? 0) * 256 + (bytes[bodyStart + 1] ?? 0);
  const start = bodyStart + 2;
  if (length === 0 || start + length > end || bytes[start] === DOLLAR) return undefined;
  const last = connection.lastRoute;
  if (last?.isCurrent && last.isFor(bytes, start, start + length)) return last;
  const route = core.router.find(bytes, start, start + length);
  connection.lastRoute = route;
  return route;
}

/** True if a PUBLISH of this QoS may use the identifier at `at`; a QoS 2 identifier is taken with that. */
function takesIdentifier(
  core: CoreContext,
  connection: Connection,
  session: Session,
  at: number,
  qos: QoS,
): boolean {
  if (qos === 0) return true;
  const { bytes } = connection.framer;
  const identifier = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  if (qos === 1 || identifier === 0) return identifier !== 0;
  const { receiver } = session;
  if (connection.version === 5 && receiver.size >= core.options.receiveMaximum) return false;
  if (!receiver.receive(identifier)) return false;
  if (session.isDurable) core.journal?.seen(session, identifier);
  return true;
}

/**
 * Bytes of property length and properties at `offset` of the packet's body; -1 if they are not for the hot path.
 * Properties are checked by the codec the first time, and then taken as long as they are the same bytes.
 */
function propertyBytesAt(core: CoreContext, connection: Connection, offset: number): number {
  const { framer } = connection;
  const { bytes } = framer;
  const at = framer.bodyStart + offset;
  if (at >= framer.end) return -1;
  if (bytes[at] === 0) return 1;
  if (core.options.checkPayloadFormat) return -1;
  const header = decodeVarint(bytes, at, framer.end);
  const size = (header & 7) + (header >>> 3);
  if (header === 0 || at + size > framer.end) return -1;
  const known = connection.lastProperties;
  if (known?.length === size && isEqual(known, bytes, at)) return size;
  return learnProperties(core, connection, at, size);
}

/** Has the codec check the packet's properties, and remembers them if they go out as they came in. */
function learnProperties(
  core: CoreContext,
  connection: Connection,
  at: number,
  size: number,
): number {
  const { framer, version } = connection;
  const limits = core.decodeLimits;
  const packet = decodePacket(
    framer.firstByte,
    framer.bytes,
    framer.bodyStart,
    framer.end,
    version,
    limits,
  );
  if (packet.type !== "publish") return -1;
  const { topicAlias, subscriptionIdentifiers } = packet.properties ?? {};
  if (topicAlias !== undefined || subscriptionIdentifiers !== undefined) return -1;
  // A plain copy: the `slice` of a Node Buffer would be a view of memory that is read into again.
  connection.lastProperties = new Uint8Array(framer.bytes.subarray(at, at + size));
  return size;
}

function isSame(bytes: Uint8Array, one: number, other: number, count: number): boolean {
  for (let index = count - 1; index >= 0; index -= 1) {
    if (bytes[one + index] !== bytes[other + index]) return false;
  }
  return true;
}

function isEqual(known: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = known.length - 1; index >= 0; index -= 1) {
    if (known[index] !== bytes[at + index]) return false;
  }
  return true;
}
