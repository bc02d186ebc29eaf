import { Socket } from "node:net";

/** The socket below is no documented part of a TLS socket: whoever asks does without it. */
type CarriedSocket = { readonly _parent?: unknown };

/** The socket that carries a TLS socket; undefined of one that is carried by none, or if that is not known. */
export function socketBelow(socket: object): Socket | undefined {
  const { _parent: below } = socket as CarriedSocket;
  return below instanceof Socket ? below : undefined;
}
