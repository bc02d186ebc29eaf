import type { Packet } from "@anax/protocol";
import type { Connection } from "./connection.ts";
import type { CoreContext } from "./core-context.ts";
import type { InterceptingPacket } from "./hooks/packet-events.ts";
import { runTask, settled } from "./pending.ts";
import type { Task } from "./pending.ts";

/** Packets of one connection that wait for the outbound interceptor, in the order in which they were sent. */
export interface OutboundInterception {
  readonly waiting: Packet[];
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

/** Gives a packet to `write` after the outbound interceptor has seen it; later packets wait behind it. */
export function interceptOutbound(
  core: CoreContext,
  connection: Connection,
  packet: Packet,
  write: (packet: Packet) => void,
): void {
  connection.outbound ??= { waiting: [], isRunning: false, whenEmpty: undefined };
  const { outbound } = connection;
  outbound.waiting.push(packet);
  if (outbound.isRunning) return;
  outbound.isRunning = true;
  const finish = (): void => {
    outbound.isRunning = false;
    const { whenEmpty } = outbound;
    outbound.whenEmpty = undefined;
    whenEmpty?.();
  };
  runTask(drain(core, connection, outbound, write), finish, (error) => {
    core.report(error);
    finish();
  });
}

function* drain(
  core: CoreContext,
  connection: Connection,
  outbound: OutboundInterception,
  write: (packet: Packet) => void,
): Task {
  for (let packet = outbound.waiting.shift(); packet !== undefined; packet = outbound.waiting.shift()) {
    const args = argumentsFor(connection, packet);
    yield* settled(core.hooks.interceptingOutboundPacket?.(args));
    if (args.processPacket && connection.state !== "closed") write(args.packet);
  }
}

function argumentsFor(connection: Connection, packet: Packet): InterceptingPacket {
  return { ...connection.context, packet, processPacket: true };
}
