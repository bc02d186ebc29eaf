import {
  decodePacket,
  decodeVarint,
  peekClientId,
  peekProtocolVersion,
  PeerError,
  ProtocolError,
} from "@anax/protocol";
import type { DecodeLimits, Packet } from "@anax/protocol";
import {
  receivePuback,
  receivePubcomp,
  receivePubrec,
  receivePubrel,
} from "../delivering/acknowledging.ts";
import {
  takeAcknowledgement,
  takeAcknowledgements,
} from "../delivering/taking-acknowledgements.ts";
import { receiveAuth } from "./authenticating.ts";
import { fail, receiveDisconnect, shut } from "../endings/closing.ts";
import { tellRefusal } from "./connect-rules.ts";
import { connect, refuse } from "./connecting.ts";
import type { Connection } from "../connection/connection.ts";
import { countPackets, countPublishFound } from "../connection/counting.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import { pump } from "../delivering/delivering.ts";
import { stopReading } from "../delivering/making-room.ts";
import { interceptInbound } from "../connection/intercepting.ts";
import { isHeldBack, noteStored } from "../connection/holding-back.ts";
import { noteAnswer } from "../connection/lockstep.ts";
import { BEHIND_BYTES_MAX, letPass, passPackets } from "../connection/passing.ts";
import type { PacketPlace } from "../connection/unread-packets.ts";
import { sendPacket } from "../connection/outgoing.ts";
import { holdWatches } from "../owed/delivery-watch.ts";
import { settled } from "../pending.ts";
import { isRefusedForRate } from "../rates/refusing.ts";
import { measureIncoming } from "./slowing-down.ts";
import type { Task } from "../pending.ts";
import type { PublishRun } from "../message/publish-run.ts";
import { receivePublish } from "../runs/receiving-publish.ts";
import { mayRun } from "../runs/run-delivering.ts";
import { scanRun } from "../runs/scanning.ts";
import { retainPlain } from "../runs/plain-retaining.ts";
import type { Session } from "../sessions/session.ts";
import { receiveSubscribe, refuseSubscribe } from "../subscribing/subscribing.ts";
import { takeRun } from "../runs/taking-run.ts";
import { traceReceived } from "../tracing/telling.ts";
import { receiveUnsubscribe, refuseUnsubscribe } from "../subscribing/unsubscribing.ts";
import { STEPS } from "../turn/turn.ts";

const CONNECT = 1;
/** Its whole first byte. With other flags it is the beginning of something else, of TLS as a rule. */
const CONNECT_BYTE = 0x10;
const PUBLISH = 3;
/** Its whole first byte. */
const PINGREQ = 0xc0;
const UNSUPPORTED_PROTOCOL_VERSION = 0x84;
const CLIENT_IDENTIFIER_NOT_VALID = 0x85;
const PACKET_TOO_LARGE = 0x95;
const QUOTA_EXCEEDED = 0x97;
/** Control Packets by their type, as the specification writes them. */
const PACKET_NAMES = [
  "packet",
  "CONNECT",
  "CONNACK",
  "PUBLISH",
  "PUBACK",
  "PUBREC",
  "PUBREL",
  "PUBCOMP",
  "SUBSCRIBE",
  "SUBACK",
  "UNSUBSCRIBE",
  "UNSUBACK",
  "PINGREQ",
  "PINGRESP",
  "DISCONNECT",
  "AUTH",
] as const;
/** Bytes of a client that has to wait for a turn, above which nothing more is read from it. */
const LATE_BYTES_MAX = 4_096;

/** Takes bytes of a client and handles every packet that is whole, unless one has to wait for a handler. */
export function receive(core: ReceivingContext, connection: Connection, chunk: Uint8Array): void {
  if (!connection.isOpen) return;
  connection.quietMs = core.now - connection.lastBytesAtMs;
  connection.lastBytesAtMs = core.now;
  connection.counters.bytesReceived += chunk.length;
  core.statistics.bytesReceived += chunk.length;
  if (connection.lockstep !== undefined) noteAnswer(core, connection);
  connection.framer.push(chunk);
  if (connection.isAtWork && !core.turn.takes(connection)) core.turn.defer(connection);
  readOn(core, connection);
  if (connection.meter !== undefined) measureIncoming(core, connection, connection.meter);
  connection.framer.release();
}

/** Goes on with the packets that have come; called again when what held them up is over. */
export function readOn(core: ReceivingContext, connection: Connection): void {
  if (connection.intake.isReading) return;
  connection.intake.isReading = true;
  core.runs.current.forgetAhead();
  try {
    do {
      while (mayRead(core, connection) && connection.framer.next()) takePacket(core, connection);
    } while (passOn(core, connection));
    requireConnectFirst(connection);
  } catch (error) {
    failPacket(core, connection, error);
  }
  connection.intake.isReading = false;
  if (core.sampling.isOpen) core.sampling.close(core);
  steerWire(core, connection);
  if (connection.intake.isEnded) core.touch(connection);
  if (connection.session !== undefined && !connection.output.isHeld) pump(core, connection.session);
}

/** What does not begin with CONNECT is refused by its first byte: nothing of it is kept [MQTT-3.1.0-1]. */
function requireConnectFirst({ state, intake, framer }: Connection): void {
  if (state !== "opened" || intake.isWaiting || framer.pending === 0) return;
  if ((framer.bytes[framer.position] ?? 0) >> 4 !== CONNECT)
    throw new ProtocolError("the first packet is not CONNECT");
}

/**
 * False while an earlier packet waits for a handler, while too much waits for the store, and while the turn has no time; an
 * exchange of AUTH packets must go on meanwhile.
 */
function mayRead(core: ReceivingContext, connection: Connection): boolean {
  if (!connection.isOpen || connection.intake.isLate || isHeldBack(core, connection)) return false;
  if (connection.meter?.isReadingPaused === true) return false;
  if (!connection.intake.isWaiting) return true;
  return connection.state === "authenticating" && connection.authentication?.answered !== undefined;
}

/** Takes what may pass a packet that waits. True if that waits no longer. */
function passOn(core: ReceivingContext, connection: Connection): boolean {
  if (connection.intake.behind === undefined || connection.framer.pending === 0) return false;
  if (core.runs.isWaiting(connection) || isHeldBack(core, connection)) return false;
  passPackets(connection, (place) => takePassing(core, connection, place));
  return connection.isOpen && !connection.intake.isWaiting;
}

/** Stops reading from the wire while nothing could be done with what comes. */
function steerWire(core: ReceivingContext, connection: Connection): void {
  // Who waits to be let in, and has sent nothing more, is read: it may go, and then nobody need be asked about it.
  const isQuietNewcomer = connection.state === "authenticating" && connection.framer.pending === 0;
  // Who only waits for a turn, as nearly all do that send little, need not be stopped for that.
  const isShortlyLate = connection.intake.isLate && connection.framer.pending <= LATE_BYTES_MAX;
  // Behind a packet that waits others may pass, or DISCONNECT may come.
  const isShortlyWaiting =
    connection.state === "connected" &&
    connection.intake.isWaiting &&
    connection.framer.pending <= BEHIND_BYTES_MAX;
  const isReadAnyway = isQuietNewcomer || isShortlyLate || isShortlyWaiting;
  const wantsPause = connection.isOpen && !isReadAnyway && !mayRead(core, connection);
  if (!connection.intake.holdPackets(wantsPause) || !wantsPause) return;
  const { session } = connection;
  if (session === undefined) return;
  if (connection.intake.behind !== undefined) holdWatches(session);
  if (core.rooms.size > 0) stopReading(core, session);
}

/** False if each packet of the client is looked at: its messages are shown to a trace, or refused for now. */
function isRunning(core: ReceivingContext, connection: Connection): boolean {
  return !connection.isTraced && !isRefusedForRate(core, connection);
}

function takePacket(core: ReceivingContext, connection: Connection): void {
  noteReceived(core, connection, connection.framer);
  const { session, framer } = connection;
  const isPublish = framer.firstByte >> 4 === PUBLISH;
  const appendedBefore = core.journal?.appended;
  const matchedBefore = core.router.steps;
  if (session !== undefined && connection.state === "connected") {
    const isInRuns = isPublish && mayRun(core) && isRunning(core, connection);
    if (isInRuns && !core.lanes.isBusy(connection.clientId)) {
      if (scanRun(core, connection, session, core.runs.current)) {
        const steps = costOf(core, core.runs.current);
        const odd = takeRun(core, connection, session);
        noteStored(core, connection, appendedBefore);
        spend(core, connection, steps + core.router.steps - matchedBefore);
        if (odd === undefined) return;
        letPass(core, connection);
        return start(core, connection, odd, "PUBLISH");
      }
      if (retainPlain(core, connection, session)) {
        countPublishFound(core, connection);
        return spend(core, connection, STEPS.packet);
      }
    }
    if (!isPublish && !connection.isTraced && takeAcknowledgements(core, connection, session)) {
      noteStored(core, connection, appendedBefore);
      return waitForNews(core, connection);
    }
  }
  if (isPublish) countPublishFound(core, connection);
  start(core, connection, taskFor(core, connection, framer), nameOf(framer));
  spend(core, connection, STEPS.packet + core.router.steps - matchedBefore);
}

/** Takes a packet that passes another one. False if the turn is over, and what follows it waits. */
function takePassing(core: ReceivingContext, connection: Connection, place: PacketPlace): boolean {
  noteReceived(core, connection, place);
  const { session } = connection;
  const isQuick = session !== undefined && !connection.isTraced;
  if (isQuick && takeAcknowledgement(core, connection, session, place))
    waitForNews(core, connection);
  else startPassing(core, connection, taskFor(core, connection, place), nameOf(place));
  if (!core.turn.spend(STEPS.packet) || connection.framer.pending === 0) return true;
  if (connection.isOpen) core.turn.defer(connection);
  return false;
}

function noteReceived(core: ReceivingContext, connection: Connection, place: FoundPacket): void {
  connection.lastReceivedAtMs = core.now;
  if (place.firstByte !== PINGREQ) connection.lastNonKeepAliveReceivedAtMs = core.now;
  if (core.now >= core.sampling.nextAtMs) core.sampling.begin(core, connection, place);
  countPackets(core, connection, 1);
}

function nameOf({ firstByte }: { readonly firstByte: number }): string {
  return PACKET_NAMES[firstByte >> 4] ?? "packet";
}

/** In steps, without what matching has cost: each message, and what each receiver is given. QoS 0 is copied as one. */
function costOf(
  { fanOuts }: ReceivingContext,
  { count, qos, bytesReceived, route }: PublishRun,
): number {
  // Giving something to thousands counts its steps itself.
  if (fanOuts.isWide(route)) return count;
  const receivers = route.recipients.length + route.groups.length;
  return count + receivers * (1 + (qos === 0 ? count >>> 3 : count) + (bytesReceived >>> 12));
}

/** Counts steps that a packet has cost; what follows it waits if the turn is over, or somebody else's. */
function spend(core: ReceivingContext, connection: Connection, steps: number): void {
  const { turn } = core;
  if (turn.spend(steps) && connection.isAtWork && connection.framer.pending > 0)
    turn.defer(connection);
}

/** What is to be done with a packet. */
function taskFor(core: ReceivingContext, connection: Connection, place: FoundPacket): Task {
  let packet: Packet;
  try {
    packet = decode(connection, place, core.decodeLimits);
  } catch (error) {
    if (!isExcess(error) || connection.state !== "connected") throw error;
    const limits = { ...core.decodeLimits, leavesOutExcess: true };
    packet = decode(connection, place, limits);
    if (core.tracing.isOn) traceReceived(core, connection, packet);
    return dispatchExcess(core, connection, packet, error.message);
  }
  if (core.tracing.isOn) traceReceived(core, connection, packet);
  return core.hooks.interceptingInboundPacket === undefined
    ? dispatch(core, connection, packet)
    : handle(core, connection, packet);
}

/** True for a packet that is well formed, but has more User Properties than are taken. */
function isExcess(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError && error.reasonCode === QUOTA_EXCEEDED;
}

/**
 * A packet with more User Properties than are taken. Where its answer has a Reason Code it is refused by that; in
 * acknowledgements and DISCONNECT they only explain, and are left out.
 */
function* dispatchExcess(
  core: ReceivingContext,
  connection: Connection,
  packet: Packet,
  reasonString: string,
): Task {
  const { session } = connection;
  const refusal = { reasonCode: QUOTA_EXCEEDED, reasonString };
  if (session !== undefined && packet.type === "publish")
    return yield* receivePublish(core, connection, session, packet, refusal);
  if (packet.type === "subscribe") return refuseSubscribe(core, connection, packet, refusal);
  if (packet.type === "unsubscribe") return refuseUnsubscribe(core, connection, packet, refusal);
  if (packet.type === "auth") throw new ProtocolError(reasonString, QUOTA_EXCEEDED);
  yield* dispatch(core, connection, packet);
}

/** Where a packet lies that was found. */
type FoundPacket = Omit<PacketPlace, "start">;

function decode(
  connection: Connection,
  { firstByte, bytes, bodyStart, end }: FoundPacket,
  limits: DecodeLimits,
): Packet {
  if (connection.state === "opened") {
    // Nothing may come before CONNECT [MQTT-3.1.0-1].
    if (firstByte >> 4 !== CONNECT) throw new ProtocolError("the first packet is not CONNECT");
    // Tells in which form a CONNECT that cannot be read is refused. Of a version that there is not, nobody knows: the short
    // form is what clients of all versions take for a refusal.
    connection.version = peekProtocolVersion(bytes, bodyStart, end) ?? 4;
  }
  return decodePacket(firstByte, bytes, bodyStart, end, connection.version, limits);
}

/**
 * Runs the handling of one packet; what comes behind it waits until it is done. What comes while CONNECT waits is a
 * part of its exchange of AUTH packets: that CONNECT is not done when such a packet is.
 */
function start(core: ReceivingContext, connection: Connection, task: Task, what: string): void {
  const isWithinConnect = connection.intake.isWaiting;
  if (!isWithinConnect) connection.intake.packetsAtWork = 1;
  run(core, connection, task, what, () => {
    if (isWithinConnect) return;
    connection.intake.packetsAtWork -= 1;
    connection.intake.behind = undefined;
  });
}

/** The same of a packet that passes another one: nothing more does until it is done. */
function startPassing(
  core: ReceivingContext,
  connection: Connection,
  task: Task,
  what: string,
): void {
  connection.intake.packetsAtWork += 1;
  run(core, connection, task, what, () => {
    connection.intake.packetsAtWork -= 1;
  });
}

/** `done`: what the connection is told when the packet has been handled, well or not. */
function run(
  core: ReceivingContext,
  connection: Connection,
  task: Task,
  what: string,
  done: () => void,
): void {
  const appendedBefore = core.journal?.appended;
  const finish = (): void => {
    noteStored(core, connection, appendedBefore);
    done();
    readOn(core, connection);
  };
  core.works.run(what, connection, task, finish, (error) => {
    failPacket(core, connection, error);
    finish();
  });
}

/** Shows the packet to the interceptor first. */
function* handle(core: ReceivingContext, connection: Connection, packet: Packet): Task {
  if (packet.type === "connect" && connection.state === "opened") connection.introduce(packet);
  const shown = yield* interceptInbound(core, connection, packet);
  if (shown !== undefined && connection.isOpen) yield* dispatch(core, connection, shown);
}

/** The one place that tells packets apart. */
function* dispatch(core: ReceivingContext, connection: Connection, packet: Packet): Task {
  if (core.peers?.take(connection, packet) === true) return;
  if (packet.type === "connect") {
    // A second CONNECT is a Protocol Error [MQTT-3.1.0-2].
    if (connection.state !== "opened") throw new ProtocolError("a second CONNECT");
    return yield* connect(core, connection, packet);
  }
  if (packet.type === "auth") return receiveAuth(core, connection, packet);
  if (packet.type === "disconnect") return receiveDisconnect(core, connection, packet);
  const { session } = connection;
  if (session === undefined) throw new ProtocolError(`${packet.type} before CONNACK`);
  yield* dispatchToSession(core, connection, session, packet);
  if (core.news.count > 0) yield* settled(core.news.backlogOf(connection));
}

/** What a client sends waits while its handlers are far behind with its news. */
function waitForNews(core: ReceivingContext, connection: Connection): void {
  if (core.news.count === 0) return;
  const task = settled(core.news.backlogOf(connection));
  if (connection.intake.isWaiting) startPassing(core, connection, task, "acknowledgement");
  else start(core, connection, task, "acknowledgement");
}

function* dispatchToSession(
  core: ReceivingContext,
  connection: Connection,
  session: Session,
  packet: Exclude<Packet, { type: "connect" | "auth" | "disconnect" }>,
): Task {
  const { type } = packet;
  if (type === "publish" || type === "subscribe" || type === "unsubscribe")
    letPass(core, connection);
  switch (packet.type) {
    case "publish":
      return yield* receivePublish(core, connection, session, packet);
    case "puback":
      return receivePuback(core, connection, session, packet.packetIdentifier, packet);
    case "pubrec":
      return receivePubrec(core, connection, session, packet.packetIdentifier, packet);
    case "pubrel":
      return receivePubrel(core, connection, session, packet.packetIdentifier);
    case "pubcomp":
      return receivePubcomp(core, connection, session, packet.packetIdentifier, packet);
    case "subscribe":
      return yield* receiveSubscribe(core, connection, session, packet);
    case "unsubscribe":
      return yield* receiveUnsubscribe(core, connection, session, packet);
    case "pingreq":
      return answerPing(core, connection);
    case "connack":
    case "suback":
    case "unsuback":
    case "pingresp":
      throw new ProtocolError(`a Client sent ${packet.type}, which only Servers send`);
  }
}

function answerPing(core: ReceivingContext, connection: Connection): void {
  sendPacket(core, connection, { type: "pingresp" });
}

/** A CONNECT came, though a bad one: whose it is can mostly be read all the same. */
function noteRefusedConnect(connection: Connection): void {
  const { framer } = connection;
  connection.state = "authenticating";
  connection.clientId = peekClientId(framer.bytes, framer.bodyStart, framer.end) ?? "";
}

/** A packet broke the protocol, or handling it failed: the answer that the state of the connection allows. */
function failPacket(core: ReceivingContext, connection: Connection, error: unknown): void {
  const isOversize = isOversizeConnect(connection, error);
  const { state, version } = connection;
  const isConnecting =
    isOversize ||
    state === "authenticating" ||
    (state === "opened" && connection.framer.firstByte === CONNECT_BYTE);
  if (!isConnecting || !(error instanceof PeerError)) return fail(core, connection, error);
  // Before 5.0 there are Return Codes only for what these two say; for the rest the server just closes.
  const isTellable =
    version === 5 ||
    error.reasonCode === UNSUPPORTED_PROTOCOL_VERSION ||
    error.reasonCode === CLIENT_IDENTIFIER_NOT_VALID;
  core.statistics.protocolErrors += 1;
  if (state === "opened") noteRefusedConnect(connection);
  connection.ending.error = error;
  const refusal = { reasonCode: error.reasonCode, reasonString: error.message };
  if (isTellable) return refuse(core, connection, refusal);
  shut(core, connection);
  tellRefusal(core, connection, refusal);
}

/** True for a CONNECT that is too large to be read, if as much of it has come as tells its version, which is noted then. */
function isOversizeConnect(connection: Connection, error: unknown): boolean {
  const { framer, state } = connection;
  const { bytes, position, limit } = framer;
  const isTooLarge = error instanceof PeerError && error.reasonCode === PACKET_TOO_LARGE;
  if (state !== "opened" || !isTooLarge || bytes[position] !== CONNECT_BYTE) return false;
  const start = position + 1 + (decodeVarint(bytes, position + 1, limit) & 7);
  const version = peekProtocolVersion(bytes, start, limit);
  if (version === undefined) return false;
  connection.version = version;
  return true;
}
