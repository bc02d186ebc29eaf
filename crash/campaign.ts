import { setTimeout as delay } from "node:timers/promises";
import { Ledger } from "./ledger/ledger.ts";
import type { LedgerCounts } from "./ledger/ledger.ts";
import type { Violation } from "./ledger/violation.ts";
import { makeMischief } from "./mischief.ts";
import { Population } from "./population.ts";
import { Random } from "./random.ts";
import { ServerProcess } from "./server-process.ts";
import type { ServerCommand } from "./server-process.ts";
import { verify } from "./verifying.ts";
import { until } from "./waiting.ts";

/** What is done how often. */
export interface CampaignOptions {
  readonly seed: number;
  /** How often the server is ended. */
  readonly rounds: number;
  readonly command: ServerCommand;
  /** Told once a round what happened. */
  readonly say?: (line: string) => void;
  /** Stops after this many violations: a server that loses everything need not do it a thousand times. */
  readonly violationsMax?: number;
  /** What the server has not done after this long, it will not do. Default 10 000; a second at most once something was violated. */
  readonly patienceMs?: number;
}

/** How often the server was ended in which way. */
export interface Endings {
  killedUnderLoad: number;
  killedWhileItStarted: number;
  /** Between its first look at what it has stored and its first client. */
  killedWhileItRecovered: number;
  stopped: number;
}

/** What came out. */
export interface CampaignReport {
  readonly seed: number;
  readonly rounds: number;
  readonly endings: Endings;
  readonly messages: LedgerCounts;
  readonly violations: readonly Violation[];
  /** What the server complained about, each thing once. */
  readonly serverErrors: readonly string[];
  readonly seconds: number;
}

const PATIENCE_MS = 10_000;
/** Once there is a verdict: what a server has lost would be waited for in vain, several times in each round. */
const PATIENCE_AFTER_VERDICT_MS = 1_000;
const LOAD_MS_MAX = 4_000;
const OFFLINE_MS_MAX = 5_000;
/** How long a program takes to start, about; and how long to recover, with its first commits. */
const START_MS_MAX = 200;
const RECOVERY_MS_MAX = 40;
/** Messages that a publisher is asked for in one round. */
const MESSAGES_MAX = 200;

/**
 * Runs a server under load, ends it at a moment that nobody expects, starts it again and holds it to its word; as
 * often as asked. What is decided follows from the seed; at what instruction a decision strikes does not.
 */
export class Campaign {
  readonly #options: CampaignOptions;
  readonly #random: Random;
  readonly #ledger: Ledger = new Ledger();
  readonly #population: Population;
  readonly #endings: Endings = {
    killedUnderLoad: 0,
    killedWhileItStarted: 0,
    killedWhileItRecovered: 0,
    stopped: 0,
  };
  readonly #serverErrors: Set<string> = new Set();
  #server: ServerProcess | undefined;

  #told = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#population = new Population(this.#ledger, this.#random.fork("population"));
  }

  async run(): Promise<CampaignReport> {
    const startedAt = performance.now();
    const { rounds, violationsMax = Infinity } = this.#options;
    try {
      await this.#settleEverybody(await this.#start());
      let round = 1;
      for (; round <= rounds && this.#ledger.violations.length < violationsMax; round += 1) {
        this.#ledger.round = round;
        await this.#round(this.#random.fork(`round ${round}`));
      }
      await this.#settleEverybody(await this.#start());
      return this.#report(round - 1, (performance.now() - startedAt) / 1_000);
    } finally {
      await this.#server?.kill();
      for (const client of this.#population.clients) client.drop();
    }
  }

  /** Everybody comes, and nobody is owed anything when it returns. */
  async #settleEverybody(port: number): Promise<void> {
    await Promise.all(this.#population.clients.map((client) => client.connect(port)));
    await this.#verify(port);
    await this.#end("stop");
  }

  #verify(port: number): Promise<void> {
    const { patienceMs = PATIENCE_MS } = this.#options;
    const hasVerdict = this.#ledger.violations.length > 0;
    const ownMs = hasVerdict ? Math.min(patienceMs, PATIENCE_AFTER_VERDICT_MS) : patienceMs;
    return verify(this.#population, port, ownMs);
  }

  async #round(random: Random): Promise<void> {
    const port = await this.#startAgain(random);
    const population = this.#population;
    const present = population.clients.filter(
      (client) =>
        !population.with("roaming").some((guest) => guest === client) || random.chance(0.4),
    );
    await Promise.all(present.map((client) => client.connect(port)));
    if (random.chance(0.7)) await this.#verify(port);
    const acknowledged = await this.#load(port, random);
    const way = random.chance(0.1) ? "stop" : "kill";
    await this.#end(way);
    const { violations } = this.#ledger;
    this.#options.say?.(
      `${way} after ${acknowledged} acknowledgements; violations: ${violations.length}`,
    );
    // Told as soon as they are known: who waits for a thousand rounds may want to look at once.
    for (const { type, round, text } of violations.slice(this.#told))
      this.#options.say?.(`${type} in round ${round}: ${text}`);
    this.#told = violations.length;
  }

  /** Publishes and makes mischief until as many acknowledgements have come as were drawn. */
  async #load(port: number, random: Random): Promise<number> {
    const { publishers } = this.#population;
    const { counts } = this.#ledger;
    const before = counts.acknowledged;
    let planned = 0;
    for (const publisher of publishers) {
      const count = random.between(10, MESSAGES_MAX);
      planned += count;
      publisher.publish(count);
    }
    const last = before + random.between(1, Math.ceil(planned * 0.9));
    const end = performance.now() + LOAD_MS_MAX;
    const isOver = (): boolean =>
      counts.acknowledged >= last ||
      performance.now() > end ||
      publishers.every(({ isIdle }) => isIdle);
    const mischief = makeMischief(this.#population, port, random.fork("mischief"), isOver);
    await until(isOver, LOAD_MS_MAX);
    await mischief;
    return counts.acknowledged - before;
  }

  async #end(way: "kill" | "stop"): Promise<void> {
    this.#ledger.isServerUp = false;
    if (way === "kill") await this.#server?.kill();
    else await this.#server?.stop();
    for (const line of this.#server?.errorLines ?? []) this.#serverErrors.add(line);
    this.#endings[way === "kill" ? "killedUnderLoad" : "stopped"] += 1;
    const { clients } = this.#population;
    const isQuiet = (): boolean =>
      clients.every((client) => !client.isOnline && !client.isConnecting);
    if (await until(isQuiet, OFFLINE_MS_MAX)) return;
    for (const client of clients) client.drop();
  }

  /** Starts the server, after having killed it while it starts or recovers, perhaps, and perhaps again. */
  async #startAgain(random: Random): Promise<number> {
    while (random.chance(0.25)) {
      const server = new ServerProcess(this.#options.command);
      this.#server = server;
      const isRecovery = this.#options.command.port === undefined && random.chance(0.7);
      if (isRecovery) await server.recovering;
      await delay(random.between(0, isRecovery ? RECOVERY_MS_MAX : START_MS_MAX));
      await server.kill();
      this.#endings[isRecovery ? "killedWhileItRecovered" : "killedWhileItStarted"] += 1;
    }
    return this.#start();
  }

  async #start(): Promise<number> {
    this.#server = new ServerProcess(this.#options.command);
    const port = await this.#server.listening;
    this.#ledger.isServerUp = true;
    return port;
  }

  #report(rounds: number, seconds: number): CampaignReport {
    const { counts: messages, violations } = this.#ledger;
    const { seed } = this.#options;
    const serverErrors = [...this.#serverErrors];
    return { seed, rounds, endings: this.#endings, messages, violations, serverErrors, seconds };
  }
}
