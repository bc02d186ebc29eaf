/** Runs scenarios against a server and writes down what happens in each step. */
import { setTimeout as delay } from "node:timers/promises";
import { ScriptedClient } from "./scripted-client.ts";
import type { Scenario, Stage } from "./scenarios.ts";
import type { Side } from "./sides.ts";

/** What happened in a step. */
export interface StepRecord {
  readonly step: string;
  /** Events in their order, and what the program was told. */
  readonly events: readonly string[];
  /** What each client got, in its order: packets in words, and their bytes. */
  readonly packets: readonly string[];
}

/** Runs one scenario on a server that was started for it. */
export async function runScenario(side: Side, scenario: Scenario): Promise<StepRecord[]> {
  const recording = new Recording(side);
  const records: StepRecord[] = [];
  await side.start();
  records.push(await recording.take("start"));
  for (const [step, act] of scenario.steps) {
    await act(recording);
    records.push(await recording.take(step));
  }
  await side.answerNothing();
  await side.stop();
  records.push(await recording.take("stop"));
  return records;
}

/**
 * A step is over when nothing has happened in so many rounds, in each of which the server has shown that it is not only waiting for
 * its turn on a busy machine.
 */
const QUIET_ROUNDS = 6;

class Recording implements Stage {
  readonly #side: Side;
  readonly #clients = new Map<string, ScriptedClient>();
  /** Connections that have not been answered yet. */
  #unanswered: Promise<void>[] = [];
  #events: string[] = [];
  #packets: string[] = [];
  #activity = 0;

  constructor(side: Side) {
    this.#side = side;
    side.listener = (line) => {
      this.#active();
      this.#events.push(line);
    };
  }

  client(...[name, connecting = {}, version = 5]: Parameters<Stage["client"]>): ScriptedClient {
    let answered = (): void => undefined;
    this.#unanswered.push(new Promise((resolve) => (answered = resolve)));
    const client = new ScriptedClient({
      name,
      port: this.#side.port,
      version,
      note: (line) => {
        answered();
        this.#active();
        this.#packets.push(`${name}: ${line}`);
      },
      active: () => this.#active(),
    });
    client.connect(connecting);
    this.#clients.set(name, client);
    return client;
  }

  of(name: string): ScriptedClient {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`the script has no client ${name}`);
    return client;
  }

  answer(...given: Parameters<Stage["answer"]>): Promise<void> {
    return this.#side.answer(...given);
  }

  answerNothing(): Promise<void> {
    return this.#side.answerNothing();
  }

  async call(...[what, command = {}]: Parameters<Stage["call"]>): Promise<void> {
    const said = await this.#side.call(what, command);
    this.#active();
    if (said !== "done" && said !== "null") this.#events.push(`${what} ${said}`);
  }

  /** What has happened, as soon as nothing has for a moment. */
  async take(step: string): Promise<StepRecord> {
    await Promise.all(this.#unanswered.splice(0));
    for (let quiet = 0; quiet < QUIET_ROUNDS; quiet += 1) {
      const before = this.#activity;
      await delay(this.#side.roundMs);
      await this.#side.probe();
      if (this.#activity !== before) quiet = -1;
    }
    const record = { step, events: this.#events, packets: byClient(this.#packets) };
    this.#events = [];
    this.#packets = [];
    return record;
  }

  #active(): void {
    this.#activity += 1;
  }
}

/** Which of two clients got something first means nothing. */
function byClient(packets: readonly string[]): string[] {
  const nameOf = (line: string): string => line.slice(0, line.indexOf(":"));
  return packets.toSorted((one, other) => nameOf(one).localeCompare(nameOf(other)));
}
