import { writePieces } from "../wire.ts";
import type { ConnectionContext } from "./connection-context.ts";
import type { Connection } from "./connection.ts";
import { writableBytes } from "./lockstep.ts";
import type { Meter } from "../rates/meter.ts";
import type { Outbox } from "./outbox.ts";

/** Hands the connection's output to its wire: acknowledgements first, then the QoS 0 messages that had to wait. */
export function writeOutput(core: ConnectionContext, connection: Connection): void {
  writeOut(core, connection, connection.output.outbox);
  if (connection.output.backlogLength > 0 && !connection.output.isHeld)
    writeBacklog(core, connection);
  if (connection.meter !== undefined) measureOutgoing(core, connection, connection.meter);
}

/** A client that gets too much counts as one that does not read, until it is within its rate again. */
function measureOutgoing(core: ConnectionContext, connection: Connection, meter: Meter): void {
  if (meter.isWritingPaused || !connection.isOpen) return;
  const { publishesSent: messages, bytesSent: bytes } = connection.counters;
  const waitMs = meter.outgoing.measure({ messages, bytes }, core.now);
  if (waitMs === 0) return;
  core.statistics.ratesExceeded += 1;
  meter.isWritingPaused = true;
  meter.isWireFull = connection.output.isCongested;
  connection.output.isCongested = true;
  core.deadlines.addFor(connection, core.now + waitMs, writeOn);
}

function writeOn(core: ConnectionContext, connection: Connection): void {
  const { meter } = connection;
  if (meter === undefined) return;
  meter.isWritingPaused = false;
  if (!meter.isWireFull) core.drained(connection);
}

function writeBacklog(core: ConnectionContext, connection: Connection): void {
  const backlog = connection.output.backlogOf(core, connection.clientId);
  while (!connection.output.isCongested && connection.state !== "closed") {
    const part = backlog.shift();
    if (part === undefined) return;
    writeOut(core, connection, part);
  }
}

/** Hands an outbox to the wire, if that takes anything, and as much of it as the client is to get now. */
export function writeOut(core: ConnectionContext, connection: Connection, outbox: Outbox): void {
  if (outbox.length === 0 || connection.output.isCongested || connection.state === "closed") return;
  const length =
    outbox === connection.output.outbox ? writableBytes(core, connection) : outbox.length;
  if (length === 0) return;
  connection.counters.bytesSent += length;
  core.statistics.bytesSent += length;
  const isDone = outbox.isInPieces
    ? writePieces(connection.wire, outbox.pieces())
    : connection.wire.write(outbox.bytes.subarray(0, length));
  if (core.sampling.isAwaited) core.sampling.written(core, connection);
  const isAll = length === outbox.length;
  if (isDone && isAll) return outbox.clear();
  const taken = isAll ? outbox.handOver() : outbox.removeFirst(length, isDone);
  if (isDone) return;
  connection.output.isCongested = true;
  if (taken !== undefined) connection.output.keepOnWire(taken);
}
