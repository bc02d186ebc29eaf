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
 * A step is over when nothing has happened in so many rounds. In each, every client has been to the server and back, behind what it
 * had sent, and so has the program: how busy the machine is makes no difference.
 */
const QUIET_ROUNDS = 4;
/** A connection that the server does not answer, or whose end it does not tell, is waited for so many milliseconds. */
const SILENCE_MS = 3_000;

/** The rounds themselves. */
const PING = /packet ping(?:req|resp)$/u;
/** Of a client with its name. */
const DISCONNECTED = /^clientDisconnected: clientId ([^,]*)/u;

class Recording implements Stage {
  readonly #side: Side;
  readonly #clients = new Map<string, ScriptedClient>();
  /** Connections that have not been answered yet. */
  #unanswered: Promise<void>[] = [];
  #events: string[] = [];
  #packets: string[] = [];
  #activity = 0;
  /** Every connection of the script so far. */
  readonly #connections: ScriptedClient[] = [];
  /** How many connections of a name the server has told the end of. */
  readonly #told = new Map<string, number>();

  constructor(side: Side) {
    this.#side = side;
    side.listener = (line) => {
      if (PING.test(line)) return;
      const ended = DISCONNECTED.exec(line)?.[1];
      if (ended !== undefined) this.#told.set(ended, (this.#told.get(ended) ?? 0) + 1);
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
    this.#connections.push(client);
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
    const deadline = performance.now() + SILENCE_MS;
    for (let quiet = 0; quiet < QUIET_ROUNDS; quiet += 1) {
      const before = this.#activity;
      await this.#round();
      const isLate = performance.now() > deadline;
      if (this.#activity !== before || (this.#isEndUntold() && !isLate)) quiet = -1;
    }
    const record = { step, events: this.#events, packets: byClient(this.#packets) };
    this.#events = [];
    this.#packets = [];
    return record;
  }

  /** Every client, and the program, to the server and back. */
  async #round(): Promise<void> {
    await delay(this.#side.roundMs);
    const ended = new AbortController();
    const pings = this.#connections.map((client) => client.ping());
    const silence = delay(SILENCE_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    await Promise.race([Promise.all(pings), silence]);
    ended.abort();
    await this.#side.probe();
  }

  /** True while a connection has ended and the server has not said so. */
  #isEndUntold(): boolean {
    const ended = new Map<string, number>();
    for (const { name, hasEnded } of this.#connections)
      if (hasEnded && name !== "") ended.set(name, (ended.get(name) ?? 0) + 1);
    return [...ended].some(([name, count]) => count > (this.#told.get(name) ?? 0));
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
