import type { DisconnectOptions } from "../management/server-clients.ts";
import { property, reasonCodeOf } from "./packet-rules.ts";
import type { Rules } from "./rules.ts";

/** What clients may be told when the server ends their connection. */
export const DISCONNECT_RULES: Rules<DisconnectOptions> = {
  reasonCode: reasonCodeOf("disconnect"),
  reasonString: property("disconnect", "reasonString"),
  serverReference: property("disconnect", "serverReference"),
  userProperties: property("disconnect", "userProperties"),
};
