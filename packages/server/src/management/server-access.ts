import { MqttConfigurationError } from "@anax/protocol";
import type { AccessRules } from "../access/access-rules.ts";
import type {
  AccessExplanation,
  AccessExplanationRequest,
  AccessRuleBook,
} from "../access/rule-book.ts";
import { judgeAll } from "../core/access/judging.ts";
import type { CoreAccess } from "./core-access.ts";

/** What clients may do: `server.access`. */
export class ServerAccess {
  readonly #access: CoreAccess;
  readonly #rules: AccessRuleBook | undefined;

  /** @internal */
  constructor(access: CoreAccess, rules: AccessRuleBook | undefined) {
    this.#access = access;
    this.#rules = rules;
  }

  /** How many rules are in force; undefined if the server was made without `accessRules`. */
  get ruleCount(): number | undefined {
    return this.#rules?.size;
  }

  /**
   * Puts these rules in the place of those of the option `accessRules`, for all that clients do from now on and for their subscriptions.
   * Resolves when each of those was looked at. Rejects with `MqttConfigurationError`, and nothing has changed, for rules that are wrong,
   * and if the server was made without rules.
   */
  async replaceRules(rules: AccessRules): Promise<void> {
    if (this.#rules === undefined)
      throw new MqttConfigurationError("the server was made without accessRules");
    this.#rules.replace(rules);
    await this.changed();
  }

  /**
   * Has the authorizer asked again about all that it has decided: its answers may be others now. Resolves when each subscription was asked
   * about; those that are not allowed any more have ended then. What waits for a client is judged when it is sent. Rejects with `MqttServerStateError`
   * if the server stops meanwhile. A server that is not started asks when its clients come.
   */
  async changed(): Promise<void> {
    const { core } = this.#access;
    if (this.#access.isStarted()) await this.#access.perform("rules of access", judgeAll);
    else core.accessEpoch += 1;
  }

  /** Which rule decides what a client may do; undefined if the server was made without `accessRules`. */
  explain(request: AccessExplanationRequest): AccessExplanation | undefined {
    return this.#rules?.explain(request);
  }
}
