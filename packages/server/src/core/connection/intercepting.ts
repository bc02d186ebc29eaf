import type { Packet, PublishPacket } from "@anax/protocol";
import type { Connection } from "./connection.ts";
import type { ConnectionContext } from "./connection-context.ts";
import type { InterceptingPacket } from "../hooks/packet-events.ts";
import { frozenCopy } from "../freezing.ts";
import { settled } from "../pending.ts";
import type { Task } from "../pending.ts";
import { reportUnlessAbandoned } from "../works/work.ts";

/**
 * A packet that the outbound interceptor is to see. `write` is called with what it made of it, undefined if it dropped it; `ended`
 * in its place if the connection has ended.
 */
interface OutboundPacket {
  readonly packet: Packet;
  readonly write: (packet: Packet | undefined) => void;
  readonly ended: (() => void) | undefined;
}

/** Packets that may wait for a slow interceptor before messages are held back. */
const WAITING_PACKETS_MAX = 1_000;

/** Bytes of payloads that may wait for it. */
const WAITING_BYTES_MAX = 1_048_576;

/** Packets that may wait for it before the client is read no further, which would only ask for more. */
const UNANSWERED_PACKETS_MAX = 2_000;

/** Packets of one connection that wait for the outbound interceptor, in the order in which they were sent. */
export class OutboundInterception {
  readonly waiting: OutboundPacket[] = [];
  isRunning = false;
  /** A packet could not be sent: the connection ends. */
  isBroken = false;
  /** Called once when nothing waits any more: a connection that is closing closes then. */
  whenEmpty: (() => void) | undefined;
  #bytes = 0;
  #atMostOnceCount = 0;

  /** QoS 0 messages that wait here. */
  get atMostOnceCount(): number {
    return this.#atMostOnceCount;
  }

  /** True while no more messages are to be put here; packets that answer the client still are. */
  get isFull(): boolean {
    return this.waiting.length >= WAITING_PACKETS_MAX || this.#bytes >= WAITING_BYTES_MAX;
  }

  push(waiting: OutboundPacket): void {
    this.waiting.push(waiting);
    this.#bytes += payloadBytes(waiting.packet);
    if (isAtMostOnce(waiting.packet)) this.#atMostOnceCount += 1;
  }

  shift(): OutboundPacket | undefined {
    const next = this.waiting.shift();
    if (next !== undefined) this.#countOff(next.packet);
    return next;
  }

  /** Takes the oldest QoS 0 message out, and ends it; undefined if there is none. */
  dropOldest(): PublishPacket | undefined {
    const index = this.waiting.findIndex(({ packet }) => isAtMostOnce(packet));
    const [oldest] = index === -1 ? [] : this.waiting.splice(index, 1);
    if (oldest?.packet.type !== "publish") return undefined;
    this.#countOff(oldest.packet);
    oldest.ended?.();
    return oldest.packet;
  }

  #countOff(packet: Packet): void {
    this.#bytes -= payloadBytes(packet);
    if (isAtMostOnce(packet)) this.#atMostOnceCount -= 1;
  }
}

function isAtMostOnce(packet: Packet): boolean {
  return packet.type === "publish" && packet.qos === 0;
}

function payloadBytes(packet: Packet): number {
  return packet.type === "publish" ? packet.payload.length : 0;
}

/** Shows a packet to the inbound interceptor; undefined if it is to be dropped, or its handler failed, which ends the connection. */
export function* interceptInbound(
  core: ConnectionContext,
  connection: Connection,
  packet: Packet,
): Task<Packet | undefined> {
  const shown = frozenCopy(packet);
  const args = argumentsFor(connection, shown);
  yield* settled(core.hooks.interceptingInboundPacket?.(args, connection));
  if (args.failure !== undefined) return core.endUnjudged(connection, "inbound");
  if (!args.processPacket) return undefined;
  return args.packet === shown ? packet : args.packet;
}

/**
 * Gives a packet to `write` after the outbound interceptor has seen it, or undefined if it dropped the packet; later
 * packets wait behind it. For a connection that has ended meanwhile only `ended` is called.
 */
export function interceptOutbound(
  core: ConnectionContext,
  connection: Connection,
  packet: Packet,
  write: (packet: Packet | undefined) => void,
  ended?: () => void,
): void {
  connection.outbound ??= new OutboundInterception();
  const { outbound } = connection;
  outbound.push({ packet, write, ended });
  if (outbound.waiting.length > UNANSWERED_PACKETS_MAX) connection.intake.holdAnswers(true);
  if (outbound.isRunning) return;
  outbound.isRunning = true;
  const finish = (): void => {
    outbound.isRunning = false;
    if (!connection.output.isCongested) connection.intake.holdAnswers(false);
    if (connection.session !== undefined) core.continueLater(connection.session);
    const { whenEmpty } = outbound;
    outbound.whenEmpty = undefined;
    whenEmpty?.();
  };
  core.works.run(
    "packets to the client",
    connection,
    drain(core, connection, outbound),
    finish,
    (error) => {
      reportUnlessAbandoned(core, error);
      finish();
    },
  );
}

function* drain(
  core: ConnectionContext,
  connection: Connection,
  outbound: OutboundInterception,
): Task {
  for (let next = outbound.shift(); next !== undefined; next = outbound.shift()) {
    // Behind an answer that could not be sent, nothing but the reason is.
    const isLost = outbound.isBroken && next.packet.type !== "disconnect";
    if (isClosed(connection) || isLost) {
      next.ended?.();
      continue;
    }
    const shown = frozenCopy(next.packet);
    const args = argumentsFor(connection, shown);
    yield* settled(core.hooks.interceptingOutboundPacket?.(args, connection));
    if (isClosed(connection)) next.ended?.();
    else if (!write(core, connection, next, { args, shown })) {
      outbound.isBroken = true;
      next.ended?.();
    }
  }
}

/**
 * Writes what the interceptor has made of a packet. False if its handler failed, or the packet cannot be encoded: that ends this
 * connection, for its client would wait for it.
 */
function write(
  core: ConnectionContext,
  connection: Connection,
  waiting: OutboundPacket,
  { args, shown }: { readonly args: InterceptingPacket; readonly shown: Packet },
): boolean {
  const { packet, processPacket, failure } = args;
  const chosen = packet === shown ? waiting.packet : packet;
  try {
    if (failure === undefined) waiting.write(processPacket ? chosen : undefined);
    else core.endUnjudged(connection, "outbound");
    return failure === undefined;
  } catch (error) {
    core.failConnection(connection, error);
    return false;
  }
}

function isClosed({ state }: Connection): boolean {
  return state === "closed";
}

/** `packet` is a copy: it is replaced, and then checked, as what is written into it would reach the core unchecked. */
function argumentsFor(connection: Connection, packet: Packet): InterceptingPacket {
  return Object.assign(connection.context, { packet, processPacket: true });
}
