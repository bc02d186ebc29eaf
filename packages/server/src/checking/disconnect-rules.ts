import type { RulesFor } from "@anax/protocol";
import type { DisconnectOptions } from "../management/server-clients.ts";
import { property, reasonCodeOf } from "./packet-rules.ts";

/** What clients may be told when the server ends their connection. */
export const DISCONNECT_RULES: RulesFor<DisconnectOptions> = {
  reasonCode: reasonCodeOf("disconnect"),
  reasonString: property("disconnect", "reasonString"),
  serverReference: property("disconnect", "serverReference"),
  userProperties: property("disconnect", "userProperties"),
};
