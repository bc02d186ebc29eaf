import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** The socket below a TLS socket is no documented part of it; without it only what TLS has given on is counted. */
type CarriedSocket = Socket & { readonly _parent?: unknown };

/** Bytes that have come by the network for a stream: of TLS those of a record that is not whole too. 0 if it has no socket. */
export function bytesCome(stream: Duplex): number {
  if (!(stream instanceof Socket)) return 0;
  const { _parent: below } = stream as CarriedSocket;
  return below instanceof Socket ? below.bytesRead : stream.bytesRead;
}
