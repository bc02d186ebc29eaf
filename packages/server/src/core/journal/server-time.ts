import { ByteReader, ByteWriter } from "@anax/protocol";
import { readNumber, writeNumber } from "./fields.ts";

/*
 * All times that are stored are of one clock, the server's own: it runs while the server does, whatever the wall clock is
 * set to, and goes on at the next start. Beside them is stored what the clocks of the machine said at one moment
 * of it, so that the next start knows how long the server was down.
 */

/** Key of the row with that moment, among those of sessions, whose numbers have 32 bits. */
export const CLOCK_KEY = 0x1_0000_0000;

/** Clocks that disagree by less than this were not set: reading them takes time, and they do not tick alike. */
const TOLERANCE_MS = 1_000;

/** What the clocks of the machine say. */
export interface MachineClocks {
  /** Milliseconds since 1970 by the wall clock. */
  readonly wallMs: number;
  /** Tells one start of a machine from all others; empty if nothing does. */
  readonly bootId: string;
  /** Milliseconds since that start, time asleep included; 0 if unknown. */
  readonly uptimeMs: number;
}

/** One moment by all clocks. */
export interface ClockReading extends MachineClocks {
  /** Milliseconds of the server's own time. */
  readonly serverMs: number;
}

/**
 * The server's own time at a start: that of the reading, which an earlier server left, and how long ago it was. As long as
 * the machine has not been started anew, it knows that itself, and the wall clock does not count. Otherwise the wall
 * clock has to be believed, but no time runs backwards.
 */
export function serverTimeAtStart(reading: ClockReading | undefined, now: MachineClocks): number {
  if (reading === undefined) return now.wallMs;
  return reading.serverMs + elapsed(reading, now);
}

function elapsed(reading: ClockReading, now: MachineClocks): number {
  const byWallClock = now.wallMs - reading.wallMs;
  if (now.bootId === "" || reading.bootId === "") return Math.max(0, byWallClock);
  // It was started since, so that is as long ago at least.
  if (reading.bootId !== now.bootId) return Math.max(now.uptimeMs, byWallClock);
  const byUptime = now.uptimeMs - reading.uptimeMs;
  // Some containers have an uptime of their own.
  return byUptime >= 0 ? byUptime : Math.max(0, byWallClock);
}

/** How the machine's clocks have moved against the server's since a reading: set, or the machine slept. */
export interface ClockMovement {
  /** How far the wall clock was set forward, in milliseconds; negative if back. */
  readonly wallMs: number;
  /** How long the machine slept, or was stopped. */
  readonly asleepMs: number;
}

/** Undefined if the two readings agree. */
export function movementBetween(
  earlier: ClockReading,
  later: ClockReading,
): ClockMovement | undefined {
  const passedMs = later.serverMs - earlier.serverMs;
  const asleep = later.uptimeMs - earlier.uptimeMs - passedMs;
  const isKnown = later.bootId !== "" && later.bootId === earlier.bootId;
  const asleepMs = isKnown && asleep > TOLERANCE_MS ? asleep : 0;
  const wallMs = later.wallMs - earlier.wallMs - passedMs - asleepMs;
  const isSet = Math.abs(wallMs) > TOLERANCE_MS;
  return isSet || asleepMs > 0 ? { wallMs: isSet ? wallMs : 0, asleepMs } : undefined;
}

/** The row of a reading. */
export function encodeReading({ serverMs, wallMs, bootId, uptimeMs }: ClockReading): Uint8Array {
  const writer = new ByteWriter(64);
  writeNumber(writer, Math.round(serverMs));
  writeNumber(writer, Math.round(wallMs));
  writeNumber(writer, Math.round(uptimeMs));
  writer.string(bootId, "boot id");
  return writer.finish();
}

export function decodeReading(row: Uint8Array): ClockReading {
  const reader = new ByteReader(row, 0, row.length);
  return {
    serverMs: readNumber(reader),
    wallMs: readNumber(reader),
    uptimeMs: readNumber(reader),
    bootId: reader.string(),
  };
}
