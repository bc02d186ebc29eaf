import type { ConnectionContext } from "./connection-context.ts";
import type { Refusal } from "./refusal.ts";
import type { Connection } from "./connection.ts";

const CLIENT_IDENTIFIER_NOT_VALID = 0x85;
/** What MQTT 3.1.1 is told as 5. */
const NOT_AUTHORIZED = 0x87;

/*
 * A session belongs to the user who made it: whoever knows its Client Identifier would else get its messages, or end it
 * and have its Will published [5.4.2]. Where nobody is asked who a client is, user names say nothing, and sessions belong
 * to nobody. A session that belongs to nobody becomes that of the next user who comes for it.
 */

/** True if the client came in as a user, and somebody was asked whether it is that. */
export function isAuthenticated(core: ConnectionContext, { userName }: Connection): boolean {
  // Nobody is called "": clients that have no user name configured send that.
  return userName !== undefined && userName !== "" && core.hooks.validatingConnection !== undefined;
}

/** Longest time that the session of a client may outlive its connection, unless a handler grants more. */
export function expiryMaximum(core: ConnectionContext, connection: Connection): number {
  const { sessionExpiryMaxSeconds, anonymousSessionExpiryMaxSeconds } = core.options;
  if (isAuthenticated(core, connection)) return sessionExpiryMaxSeconds;
  return Math.min(sessionExpiryMaxSeconds, anonymousSessionExpiryMaxSeconds);
}

/** The refusal of a client that comes for the session of another user; undefined if it does not. */
export function refusedUser(core: ConnectionContext, connection: Connection): Refusal | undefined {
  const session = core.sessions.get(connection.clientId);
  if (session?.isOwned !== true || core.hooks.validatingConnection === undefined) return undefined;
  const owner = session.userName ?? "";
  const { userName, version } = connection;
  if (userName === owner || maySee(core, owner, userName)) return undefined;
  return {
    reasonCode: version === 5 ? CLIENT_IDENTIFIER_NOT_VALID : NOT_AUTHORIZED,
    reasonString: "the session of this Client Identifier belongs to another user",
  };
}

function maySee(core: ConnectionContext, owner: string, userName: string | undefined): boolean {
  const { sessionSharingUsers: sharing } = core.options;
  if (sharing === "all") return true;
  return userName !== undefined && sharing.includes(owner) && sharing.includes(userName);
}
