import { LockstepClient } from "./client.ts";
import type { CarrierKind, CarrierPorts } from "./carrier.ts";

/** What is done again and again, one after the other. */
export type PatternName = "echo" | "ping-pong";

/** How long a pattern is run. */
export interface Duration {
  readonly seconds: number;
  /** Seconds before, which do not count. */
  readonly warmUpSeconds: number;
}

type Open = (topicFilter: string) => Promise<LockstepClient>;

/** Makes clients of a pattern and gives what begins one round; `done` is called at its end. */
type Pattern = (open: Open, done: () => void) => Promise<() => void>;

const PATTERNS: Readonly<Record<PatternName, Pattern>> = {
  /** A client publishes what it is subscribed to, and again when it has both the message and the PUBACK. */
  async echo(open, done) {
    const client = await open("echo");
    let awaited = 0;
    const came = (): void => {
      awaited -= 1;
      if (awaited === 0) done();
    };
    client.onMessage = (acknowledge) => {
      acknowledge();
      came();
    };
    client.onPuback = came;
    return () => {
      awaited = 2;
      client.publish("echo");
    };
  },

  /** Two clients answer each other's messages by publishing, and acknowledge behind that, as MQTT.js does. */
  async "ping-pong"(open, done) {
    const pinger = await open("pong");
    const ponger = await open("ping");
    ponger.onMessage = (acknowledge) => {
      ponger.publish("pong");
      acknowledge();
    };
    pinger.onMessage = (acknowledge) => {
      done();
      acknowledge();
    };
    return () => pinger.publish("ping");
  },
};

/** Runs a pattern on new connections and gives the times of its rounds, in microseconds. */
export async function runPattern(
  name: PatternName,
  server: readonly [CarrierKind, CarrierPorts],
  duration: Duration,
): Promise<number[]> {
  const clients: LockstepClient[] = [];
  const rounds = new Rounds(duration);
  const open: Open = async (topicFilter) => {
    const client = await LockstepClient.open(server, topicFilter, rounds.failed);
    clients.push(client);
    return client;
  };
  const measured = async (): Promise<number[]> =>
    rounds.run(await PATTERNS[name](open, () => rounds.done()));
  try {
    return await Promise.race([measured(), rounds.ended]);
  } finally {
    for (const client of clients) client.close();
  }
}

/** Begins a round whenever the one before is done, and notes how long each took. */
class Rounds {
  /** A connection has ended. */
  readonly failed: (error: Error) => void;
  readonly #times: number[] = [];
  readonly #duration: Duration;
  /** Rejects if a connection ends, even before the first round. */
  readonly ended: Promise<number[]>;
  #begin: () => void = () => undefined;
  #resolve: (times: number[]) => void = () => undefined;
  #countedFromUs = 0;
  #endUs = 0;
  #roundAtUs = 0;

  constructor(duration: Duration) {
    this.#duration = duration;
    let failed: (error: Error) => void = () => undefined;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      failed = reject;
    });
    this.failed = failed;
  }

  run(begin: () => void): Promise<number[]> {
    const { seconds, warmUpSeconds } = this.#duration;
    this.#begin = begin;
    this.#countedFromUs = monotonicUs() + warmUpSeconds * 1e6;
    this.#endUs = this.#countedFromUs + seconds * 1e6;
    this.#next();
    return this.ended;
  }

  done(): void {
    const nowUs = monotonicUs();
    if (this.#roundAtUs >= this.#countedFromUs) this.#times.push(nowUs - this.#roundAtUs);
    if (nowUs < this.#endUs) this.#next();
    else this.#resolve(this.#times);
  }

  #next(): void {
    this.#roundAtUs = monotonicUs();
    this.#begin();
  }
}

function monotonicUs(): number {
  return performance.now() * 1_000;
}
