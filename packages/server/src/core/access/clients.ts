import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import type { Peer } from "../wire.ts";
import { ClientAccess } from "./client-access.ts";

/** What is to be asked about a client that has said who it is; undefined if nothing is. */
export function accessOf(core: CoreContext, connection: Connection): ClientAccess | undefined {
  if (core.authorizer === undefined) return undefined;
  const { clientId, userName, peer } = connection;
  return new ClientAccess({
    clientId,
    userName,
    groups: [],
    address: peer.remoteAddress,
    listener: listenerOf(peer),
  });
}

/** The same about one that is not connected. */
export function accessOfSender(
  core: CoreContext,
  { clientId, userName }: { readonly clientId: string; readonly userName?: string | undefined },
): ClientAccess | undefined {
  if (core.authorizer === undefined) return undefined;
  return new ClientAccess({ clientId, userName, groups: [], listener: "" });
}

function listenerOf({ transport, localPort }: Peer): string {
  return localPort === undefined ? transport : `${transport}:${localPort}`;
}
