import { dismiss } from "../endings/closing.ts";
import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import type { Identity } from "../hooks/identity.ts";

/** What MQTT 5.0 clients are told; clients of 3.1.1 see the connection end. */
const NOT_AUTHORIZED = 0x87;

/** Gives a connection the identity that was found out, in place of what was known before, and ends it when that does. */
export function identify(
  core: ReceivingContext,
  connection: Connection,
  identity: Identity | undefined,
): void {
  connection.identity = identity;
  core.deadlines.cancel(connection.identityDeadline);
  connection.identityDeadline = undefined;
  const { expiresInMs } = identity ?? {};
  if (expiresInMs === undefined) return;
  connection.identityDeadline = core.deadlines.addFor(connection, core.now + expiresInMs, expire);
}

function expire(core: ReceivingContext, connection: Connection): void {
  dismiss(core, connection, {
    reasonCode: NOT_AUTHORIZED,
    reasonString: "what the client showed to be let in has expired",
  });
}
