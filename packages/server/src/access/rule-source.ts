import { asError, MqttHandlerTimeoutError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";
import type { RuleStatistics } from "../system/server-statistics.ts";
import type { ServerHealth } from "../system/server-health.ts";
import { within } from "../user-code.ts";
import type { AccessRules } from "./access-rules.ts";
import { AccessRuleBook } from "./rule-book.ts";

/** Reads rules; what it throws or rejects with is why they cannot be read. */
export type AccessRuleReader = () => AccessRules | Promise<AccessRules>;

/** Where the rules of a server come from: from its options, or from what these say reads them, as often as that is asked for. */
export class RuleSource {
  readonly book: AccessRuleBook;
  /** Reads that failed while others were in force. */
  failures = 0;
  /** Why those in force are not the newest; undefined if they are. */
  fault: Error | undefined;
  readonly #read: AccessRuleReader | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limitMs: number;

  /** @throws MqttConfigurationError for rules that are wrong */
  constructor(
    given: AccessRules | AccessRuleReader,
    { clock, log, limitMs }: { readonly clock: Clock; readonly log: Log; readonly limitMs: number },
  ) {
    this.#read = typeof given === "function" ? given : undefined;
    // Until they are read, nothing is allowed.
    this.book = new AccessRuleBook(typeof given === "function" ? { rules: [] } : given);
    this.#clock = clock;
    this.#log = log;
    this.#limitMs = limitMs;
  }

  /** True if the rules can be read again. */
  get isReadable(): boolean {
    return this.#read !== undefined;
  }

  /** Reads the rules, if they are to be read. Rejects if they cannot be, and those of before stay. */
  async read(): Promise<void> {
    const read = this.#read;
    if (read === undefined) return;
    const limitMs = this.#limitMs;
    const tooLate = (): Error =>
      new MqttHandlerTimeoutError(`the rules of access were not read after ${limitMs} ms`);
    this.book.replace(await within(read, { clock: this.#clock, limitMs, tooLate }));
    this.fault = undefined;
  }

  /** The same while clients are connected: a failure is logged and counted, and shows in the health of the server. */
  async readAgain(): Promise<void> {
    try {
      await this.read();
    } catch (error) {
      this.fault = asError(error);
      this.failures += 1;
      const { size } = this.book;
      const text = "the rules of access cannot be read: those of before stay in force";
      this.#log.error?.(text, { rules: size }, this.fault);
      throw this.fault;
    }
    this.#log.info?.("the rules of access were read", { rules: this.book.size });
  }
}

/** The rules that options ask for; undefined if they ask for none. */
export function ruleSourceOf(
  given: AccessRules | AccessRuleReader | undefined,
  { clock, log, startTimeoutMs }: RuleSourceSurroundings,
): RuleSource | undefined {
  if (given === undefined) return undefined;
  return new RuleSource(given, { clock, log, limitMs: startTimeoutMs });
}

interface RuleSourceSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly startTimeoutMs: number;
}

/** What the health of a server says of its rules. */
export function healthOf(
  source: RuleSource | undefined,
): Pick<ServerHealth, "accessRules" | "accessRulesError"> {
  if (source === undefined) return { accessRules: "none", accessRulesError: undefined };
  const { fault } = source;
  return { accessRules: fault === undefined ? "good" : "stale", accessRulesError: fault };
}

/** What the statistics of a server say of its rules. */
export function ruleStatisticsOf(source: RuleSource | undefined): RuleStatistics {
  return {
    accessRulesCurrent: source?.book.size ?? 0,
    accessRuleFailures: source?.failures ?? 0,
  };
}
