import type { AccessClient } from "./authorizer.ts";
import type { AccessContext } from "./access-context.ts";
import type { Identity, Permissions } from "../hooks/identity.ts";
import { listenerName } from "../wire.ts";
import type { Peer } from "../wire.ts";
import { ClientAccess } from "./client-access.ts";

/** What is to be asked about a client that has said who it is; undefined if nothing is. */
export function accessOf(core: AccessContext, client: ConnectedClient): ClientAccess | undefined {
  const { clientId, userName, peer, identity = {} } = client;
  const { groups = [], claims, permissions } = identity;
  if (!isAsked(core, permissions)) return undefined;
  return new ClientAccess({
    clientId,
    userName,
    groups,
    address: peer.remoteAddress,
    listener: listenerName(peer),
    claims,
    permissions,
  });
}

interface ConnectedClient extends Sender {
  readonly peer: Peer;
}

/** The same about one that is not connected. */
export function accessOfSender(
  core: AccessContext,
  { clientId, userName, identity = {} }: Sender,
): ClientAccess | undefined {
  const { groups = [], claims, permissions } = identity;
  if (!isAsked(core, permissions)) return undefined;
  return new ClientAccess({ clientId, userName, groups, listener: "", claims, permissions });
}

/** The same about one that the store remembers. Its permissions may be all that is asked, so that they hold in each case. */
export function accessOfStored(
  core: AccessContext,
  client: AccessClient,
): ClientAccess | undefined {
  return core.authorizer === undefined ? undefined : new ClientAccess(client);
}

interface Sender {
  readonly clientId: string;
  readonly userName?: string | undefined;
  readonly identity?: Identity | undefined;
}

/** Whether there is anything to ask: an authorizer, or what the identity of the client limits it to. */
function isAsked({ authorizer }: AccessContext, permissions: Permissions | undefined): boolean {
  return authorizer !== undefined && !(authorizer.isOpen && permissions === undefined);
}
