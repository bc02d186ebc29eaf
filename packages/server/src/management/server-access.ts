import { MqttConfigurationError } from "@anax/protocol";
import type { AccessRule, AccessRules } from "../access/access-rules.ts";
import type { AccessExplanation, AccessExplanationRequest } from "../access/rule-book.ts";
import type { RuleSource } from "../access/rule-source.ts";
import { judgeAll } from "../core/receiving/judging.ts";
import type { CoreAccess } from "./core-access.ts";

/** What clients may do: `server.access`. */
export class ServerAccess {
  readonly #access: CoreAccess;
  readonly #source: RuleSource | undefined;

  constructor(access: CoreAccess, source: RuleSource | undefined) {
    this.#access = access;
    this.#source = source;
  }

  /** How many rules are in force; undefined if the server was made without `accessRules`. */
  get ruleCount(): number | undefined {
    return this.#source?.book.size;
  }

  /** The rules in force, in their order: the first that matches decides. Empty if the server was made without `accessRules`. */
  get rules(): readonly AccessRule[] {
    return this.#source?.book.rules ?? [];
  }

  /**
   * Puts these rules in the place of those in force, for all that clients do from now on and for their subscriptions.
   * Resolves when each of those was looked at. Rejects with `MqttConfigurationError`, and nothing has changed, for rules that are wrong,
   * and if the server was made without `accessRules`.
   */
  async replaceRules(rules: AccessRules): Promise<void> {
    const source = this.#requireSource();
    source.book.replace(rules);
    source.fault = undefined;
    await this.changed();
  }

  /**
   * Reads the rules again, where `accessRules` is a function, and puts them in force as `replaceRules` does. Rejects if they cannot be read:
   * those of before stay in force then, which the log, `health` and `statistics` say.
   */
  async reload(): Promise<void> {
    const source = this.#requireSource();
    if (!source.isReadable)
      throw new MqttConfigurationError(
        "accessRules is no function that could read the rules again",
      );
    await source.readAgain();
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
    return this.#source?.book.explain(request);
  }

  #requireSource(): RuleSource {
    if (this.#source !== undefined) return this.#source;
    throw new MqttConfigurationError("the server was made without accessRules");
  }
}
