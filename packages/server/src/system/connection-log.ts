import { reasonName } from "@anax/protocol";
import type { RefusedClient } from "../core/connection/refusal.ts";
import type { ServerEventHandlers } from "../events.ts";
import type { Log } from "../ports/logger.ts";

/** Handlers that log who comes and goes; none if nobody wants to read it, so that it costs nothing then. */
export function connectionLog(log: Log): ServerEventHandlers {
  const { info } = log;
  if (info === undefined) return {};
  return {
    clientConnected: ({ cleanStart, sessionPresent, ...client }) => {
      info("client connected", { ...identity(client), cleanStart, sessionPresent });
    },
    clientDisconnected: ({ clientId, disconnectType, reasonCode, reasonString, error }) => {
      const reason = reasonCode === undefined ? undefined : reasonName(reasonCode, "disconnect");
      const how = { clientId, disconnectType, reasonCode, reason, reasonString };
      info("client disconnected", how, error);
    },
    sessionDeleted: ({ clientId, cause }) => info("session deleted", { clientId, cause }),
  };
}

/** Logs who is not let in, and why; undefined if nobody wants to read it. */
export function refusalLog(log: Log): ((client: RefusedClient) => void) | undefined {
  const { info } = log;
  if (info === undefined) return undefined;
  return ({ reasonCode, reasonString, ...client }) =>
    info("client refused", {
      ...identity(client),
      reasonCode,
      reason: reasonName(reasonCode, "connack"),
      reasonString,
    });
}

type Identity = Pick<RefusedClient, "clientId" | "protocolVersion" | "peer"> & {
  readonly userName?: string | undefined;
};

/** Who a client says it is, and where it comes from. */
function identity({ clientId, userName, protocolVersion, peer }: Identity): object {
  const { transport, remoteAddress, remotePort } = peer;
  return { clientId, userName, transport, remoteAddress, remotePort, protocolVersion };
}
