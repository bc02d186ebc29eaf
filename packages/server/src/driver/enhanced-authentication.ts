import type { AuthPacket, RulesFor } from "@anax/protocol";
import { property } from "../checking/packet-rules.ts";
import { checked } from "../checking/rules.ts";
import type {
  AuthenticationExchange,
  AuthenticationStep,
  ValidatingConnection,
} from "../core/hooks/connection-events.ts";
import { MqttConnectionClosedError } from "../errors.ts";
import type { ValidatingConnectionEvent } from "../events.ts";
import { withSignal } from "./event-signal.ts";

const STEP_RULES: RulesFor<AuthenticationStep> = {
  authenticationData: property("auth", "authenticationData"),
  reasonString: property("auth", "reasonString"),
  userProperties: property("auth", "userProperties"),
};

/** Gives the event of the core the promise form of its exchange of AUTH packets, and its password as text. */
export function askable(event: ValidatingConnection): ValidatingConnectionEvent {
  // Not to be seen where the event is printed.
  Object.defineProperty(event, "passwordText", {
    configurable: true,
    get: () => event.password && new TextDecoder().decode(event.password),
  });
  return Object.assign(withSignal(event), {
    exchangeEnhancedAuthentication(step: AuthenticationStep): Promise<AuthPacket> {
      const answer = Object.isFrozen(event)
        ? Promise.reject(new MqttConnectionClosedError("the handler's time is over"))
        : exchange(event.exchange, step);
      // A handler that does not look at the answer must not end the process when the client goes.
      answer.catch(() => undefined);
      return answer;
    },
  });
}

function exchange(
  exchanging: AuthenticationExchange | undefined,
  step: AuthenticationStep,
): Promise<AuthPacket> {
  return new Promise((resolve, reject) => {
    if (exchanging === undefined) {
      throw new MqttConnectionClosedError("the client did not ask for enhanced authentication");
    }
    exchanging.send(checked("step", step, STEP_RULES), (packet) => {
      if (packet === undefined) reject(new MqttConnectionClosedError("the client has gone"));
      else resolve(packet);
    });
  });
}
