import type { ServerEventHandlers } from "../events.ts";
import type { Log } from "../ports/logger.ts";

/** Handlers that log who comes and goes; none if nobody wants to read it, so that it costs nothing then. */
export function connectionLog(log: Log): ServerEventHandlers {
  const { info } = log;
  if (info === undefined) return {};
  return {
    clientConnected: ({
      clientId,
      userName,
      peer,
      protocolVersion,
      cleanStart,
      sessionPresent,
    }) => {
      const { transport, remoteAddress, remotePort } = peer;
      const who = { clientId, userName, transport, remoteAddress, remotePort };
      info("client connected", { ...who, protocolVersion, cleanStart, sessionPresent });
    },
    clientDisconnected: ({ clientId, disconnectType, reasonCode, reasonString, error }) => {
      const how = { clientId, disconnectType, reasonCode, reasonString };
      info("client disconnected", how, error);
    },
    sessionDeleted: ({ clientId, cause }) => info("session deleted", { clientId, cause }),
  };
}
