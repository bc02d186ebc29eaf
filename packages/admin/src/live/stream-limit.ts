import { MqttServerBusyError } from "@anax/server";

/** Streams of a kind at a time, of all who look. */
const STREAMS_MAX = 16;

/** Throws `MqttServerBusyError` where as many streams are open as may be. */
export function requireRoom(open: number, kind: string): void {
  if (open < STREAMS_MAX) return;
  throw new MqttServerBusyError(`${STREAMS_MAX} ${kind} are open, more may not be`);
}
