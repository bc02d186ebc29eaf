import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import { dismiss } from "../endings/closing.ts";
import type { Meter } from "../rates/meter.ts";

const MESSAGE_RATE_TOO_HIGH = 0x96;

/** Holds what a client has sent against its rate: after each read, so that runs stay what they are. */
export function measureIncoming(
  core: ReceivingContext,
  connection: Connection,
  meter: Meter,
): void {
  if (!connection.isOpen || connection.state !== "connected") return;
  const { publishesReceived: messages, bytesReceived: bytes } = connection.counters;
  const waitMs = meter.incoming.measure({ messages, bytes }, core.now);
  if (waitMs === 0) return;
  core.statistics.ratesExceeded += 1;
  switch (core.rates?.whenTooFast) {
    case "disconnect": {
      const reasonString = "more messages or bytes come in a second than may";
      return dismiss(core, connection, { reasonCode: MESSAGE_RATE_TOO_HIGH, reasonString });
    }
    case "refuse":
      meter.refusesUntilMs = core.now + waitMs;
      return;
    default:
      if (meter.isReadingPaused) return;
      meter.isReadingPaused = true;
      core.deadlines.addFor(connection, core.now + waitMs, letOn);
      core.readOn(connection);
  }
}

function letOn(core: ReceivingContext, connection: Connection): void {
  if (connection.meter !== undefined) connection.meter.isReadingPaused = false;
  core.readOn(connection);
}
