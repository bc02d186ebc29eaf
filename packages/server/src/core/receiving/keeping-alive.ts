import { dismiss } from "../endings/closing.ts";
import { tellStranger } from "../connection/stranger.ts";
import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";

const KEEP_ALIVE_TIMEOUT = 0x8d;

/** Milliseconds for the CONNECT of a client for which there is no place. */
const REFUSING_MS_MAX = 2_000;

/** Bytes a second at which an unfinished packet has to grow to count as life: what a link of 1 kbit/s carries. */
const BYTES_PER_SECOND_MIN = 100;

/** The same for CONNECT, once `connectTimeoutMs` is over: a stranger is to pay more for a place. */
const CONNECT_BYTES_PER_SECOND_MIN = 1_000;

/**
 * Closes the connection if CONNECT does not come in time; a large one that is on its way may take longer. How long handlers
 * may take then is not limited here.
 */
export function watchConnect(core: ReceivingContext, connection: Connection): void {
  const atMs = core.now + connectLimitMs(core, connection);
  connection.deadline = core.deadlines.addFor(connection, atMs, lookForConnect);
}

/** Who is only told that there is no place gives room soon to the next. */
function connectLimitMs(core: ReceivingContext, { refusal }: Connection): number {
  const { connectTimeoutMs } = core.options;
  return refusal === undefined ? connectTimeoutMs : Math.min(connectTimeoutMs, REFUSING_MS_MAX);
}

function lookForConnect(core: ReceivingContext, connection: Connection): void {
  const limitMs = connectLimitMs(core, connection);
  const next = nextLook(core, connection, limitMs, CONNECT_BYTES_PER_SECOND_MIN);
  if (next > core.now) {
    connection.deadline = core.deadlines.addFor(connection, next, lookForConnect);
    return;
  }
  const text = `no CONNECT within ${limitMs} ms`;
  connection.ending.error = new Error(text);
  tellStranger(core, connection, text);
  dismiss(core, connection, { reasonCode: KEEP_ALIVE_TIMEOUT });
}

/**
 * Ends the connection after one and a half times its Keep Alive without a packet [MQTT-3.1.2-22]. Packets only note
 * the time at which they came; the deadline looks at that when it is due, and moves on.
 */
export function watchKeepAlive(core: ReceivingContext, connection: Connection): void {
  core.deadlines.cancel(connection.deadline);
  connection.deadline = undefined;
  const limitMs = keepAliveLimitMs(connection);
  if (limitMs === 0) return;
  const atMs = connection.lastReceivedAtMs + limitMs;
  connection.deadline = core.deadlines.addFor(connection, atMs, lookForLife);
}

function keepAliveLimitMs({ agreement }: Connection): number {
  return agreement.keepAliveSeconds * 1_500;
}

function lookForLife(core: ReceivingContext, connection: Connection): void {
  // A client that the server itself keeps waiting is not silent.
  const isPaused = connection.intake.isLate || connection.meter?.isReadingPaused === true;
  if (connection.intake.isWaiting || isPaused || core.heldBack.has(connection))
    connection.lastReceivedAtMs = core.now;
  const next = nextLook(core, connection, keepAliveLimitMs(connection), BYTES_PER_SECOND_MIN);
  if (next > core.now) connection.deadline = core.deadlines.addFor(connection, next, lookForLife);
  else dismiss(core, connection, { reasonCode: KEEP_ALIVE_TIMEOUT });
}

/**
 * When to look at the connection again; not after `now` if it has been silent for too long. Packets are life, and so are the
 * bytes of one that is not finished: a slow line needs longer than Keep Alive for a large packet. But they have to come at
 * a rate, else a byte now and then would hold the connection, and what it has sent, for hours.
 */
function nextLook(
  core: ReceivingContext,
  connection: Connection,
  limitMs: number,
  bytesPerSecondMin: number,
): number {
  const { framer, wire, lastReceivedAtMs } = connection;
  if (core.now < lastReceivedAtMs + limitMs) return lastReceivedAtMs + limitMs;
  const gathered = wire.gatheredBytes?.() ?? 0;
  const bytes = framer.pending + gathered;
  const { unfinished } = connection;
  const isSamePacket = unfinished !== undefined && unfinished.seenAtMs > lastReceivedAtMs;
  const before = isSamePacket ? unfinished : { seenAtMs: lastReceivedAtMs, bytes: 0 };
  const growth = bytes - before.bytes;
  const growthMin = ((core.now - before.seenAtMs) / 1_000) * bytesPerSecondMin;
  if (growth <= 0 || growth < growthMin) return core.now;
  connection.unfinished = { seenAtMs: core.now, bytes };
  // When the last of what a wire gathers came is not known.
  return (gathered > 0 ? core.now : connection.lastBytesAtMs) + limitMs;
}
