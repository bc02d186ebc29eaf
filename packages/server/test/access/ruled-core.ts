import type { ConnectPacket } from "@anax/protocol";
import { AccessRuleBook } from "../../src/access/rule-book.ts";
import type { AccessRule, AccessRules } from "../../src/access/access-rules.ts";
import type { Authorizer } from "../../src/core/access/authorizer.ts";
import { judgeAll } from "../../src/core/receiving/judging.ts";
import type { DeniedAccess, DeliveryNotices } from "../../src/core/owed/delivery-notices.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { AccessAsking } from "../../src/driver/access-asking.ts";
import { HandlerWaits } from "../../src/driver/handler-waits.ts";
import { CoreHarness } from "../support/core-harness.ts";
import { ManualClock } from "../support/manual-clock.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

/** A server core with rules of access that a test changes. */
export class RuledCore {
  readonly harness: CoreHarness;
  readonly denied: DeniedAccess[] = [];
  readonly #book: AccessRuleBook;

  constructor(rules: AccessRules, options: Partial<CoreOptions> = {}, hooks: Hooks = {}) {
    this.#book = new AccessRuleBook(rules);
    const nothing = (): void => undefined;
    const notices: DeliveryNotices = {
      denied: (access) => this.denied.push(access),
      tooLarge: nothing,
      droppedPublish: nothing,
      dropped: nothing,
      slow: nothing,
      stalled: nothing,
    };
    const authorizer = askingAtOnce(this.#book);
    this.harness = new CoreHarness(options, hooks, notices, { authorizer });
  }

  get statistics(): CoreHarness["core"]["statistics"] {
    return this.harness.core.statistics;
  }

  /** Puts other rules in force, and lets the server look at all that they are about. */
  change(rules: AccessRules): void {
    this.#book.replace(rules);
    const { core } = this.harness;
    let isDone = false;
    core.works.run(
      "rules",
      { clientId: "" },
      judgeAll(core),
      () => (isDone = true),
      (error) => {
        throw error;
      },
    );
    this.harness.settle();
    if (!isDone) throw new Error("the change of rules waits for something");
  }

  /** A client that may be refused: then it is closed, and receives nothing. */
  come(clientId: string, fields: Partial<ConnectPacket> = {}): ScriptedPeer {
    return this.harness.connecting(clientId, { userName: clientId, ...fields });
  }
}

/** An authorizer as the core asks it. */
export function askingAtOnce(authorizer: Authorizer): AccessAsking {
  return new AccessAsking(authorizer, {
    clock: new ManualClock(),
    log: {},
    handlerTimeoutMs: 1_000,
    startTimeoutMs: 1_000,
    counters: { handlerFailures: 0, handlerTimeouts: 0 },
    waits: new HandlerWaits(),
    resume: (work) => work(),
  });
}

/** Rules that allow everything but what these deny. */
export function allBut(...denying: readonly AccessRule[]): AccessRules {
  return { rules: [...denying, { allow: "both", topics: "#" }] };
}
