import type { Packet } from "@anax/protocol";
import type { ClientContext } from "./client-context.ts";

/** `interceptingInboundPacket` and `interceptingOutboundPacket`: every packet of a connection, CONNECT and refusals too. */
export interface InterceptingPacket extends ClientContext {
  /** May be replaced by another one; it is frozen, so that what is written into it is an error of the handler. */
  packet: Packet;
  /** False drops the packet. */
  processPacket: boolean;
  /** What a handler has failed with: the connection ends. */
  readonly failure?: Error;
}
