import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { socketBelow } from "./socket-below.ts";

/** Bytes that have come by the network for a stream: of TLS those of a record that is not whole too. 0 if it has no socket. */
export function bytesCome(stream: Duplex): number {
  return stream instanceof Socket ? (socketBelow(stream) ?? stream).bytesRead : 0;
}
