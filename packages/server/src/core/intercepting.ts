import type { Packet } from "@anax/protocol";
import type { Connection } from "./connection.ts";
import type { CoreContext } from "./core-context.ts";
import type { InterceptingPacket } from "./hooks/packet-events.ts";
import { runTask, settled } from "./pending.ts";
import type { Task } from "./pending.ts";

/** A packet that the outbound interceptor is to see, and what becomes of it then; undefined if it is dropped. */
interface OutboundPacket {
  readonly packet: Packet;
  readonly write: (packet: Packet | undefined) => void;
}

/** Packets of one connection that wait for the outbound interceptor, in the order in which they were sent. */
export interface OutboundInterception {
  readonly waiting: OutboundPacket[];
  isRunning: boolean;
  /** Called once when nothing waits any more: a connection that is closing closes then. */
  whenEmpty: (() => void) | undefined;
}

/** Shows a packet to the inbound interceptor; undefined if it is to be dropped. */
export function* interceptInbound(
  core: CoreContext,
  connection: Connection,
  packet: Packet,
): Task<Packet | undefined> {
  const args = argumentsFor(connection, packet);
  yield* settled(core.hooks.interceptingInboundPacket?.(args));
  return args.processPacket ? args.packet : undefined;
}

/**
 * Gives a packet to `write` after the outbound interceptor has seen it, or undefined if it dropped the packet; later
 * packets wait behind it. Nothing is called for a connection that has closed meanwhile.
 */
export function interceptOutbound(
  core: CoreContext,
  connection: Connection,
  packet: Packet,
  write: (packet: Packet | undefined) => void,
): void {
  connection.outbound ??= { waiting: [], isRunning: false, whenEmpty: undefined };
  const { outbound } = connection;
  outbound.waiting.push({ packet, write });
  if (outbound.isRunning) return;
  outbound.isRunning = true;
  const finish = (): void => {
    outbound.isRunning = false;
    const { whenEmpty } = outbound;
    outbound.whenEmpty = undefined;
    whenEmpty?.();
  };
  runTask(drain(core, connection, outbound), finish, (error) => {
    core.report(error);
    finish();
  });
}

function* drain(
  core: CoreContext,
  connection: Connection,
  { waiting }: OutboundInterception,
): Task {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const args = argumentsFor(connection, next.packet);
    yield* settled(core.hooks.interceptingOutboundPacket?.(args));
    if (connection.state !== "closed") next.write(args.processPacket ? args.packet : undefined);
  }
}

function argumentsFor(connection: Connection, packet: Packet): InterceptingPacket {
  return { ...connection.context, packet, processPacket: true };
}
