/**
 * The server that is killed again and again: a program of its own, started by `ServerProcess` with its options as one
 * argument. It says on which port it listens in one line, and stops at SIGTERM.
 */
import { setTimeout as delay } from "node:timers/promises";
import { consoleLogger, MqttServer } from "@anax/server";
import type { Store, StoreDurability, StoreTransaction, StoreVisitor } from "@anax/server";
import { MemoryStore } from "@anax/server/contracts";
import { lmdbStore } from "@anax/store-lmdb";

/** How the server keeps its data. */
export interface ProgramOptions {
  readonly directory: string;
  /** `none`: there is no store. */
  readonly durability: StoreDurability | "none";
  /** `off`: the store says that it has committed before it has, so that acknowledgements leave too early. */
  readonly gate: "on" | "off";
  readonly checkpointBytes: number;
  readonly checkpointIntervalMs: number;
  readonly residentBytesMax: number;
  /**
   * `slow`: handlers answer with promises, each after a time of its own, as those that ask a database do. `publish`: that of
   * `interceptingPublish` alone, so that messages stay together in runs.
   */
  readonly handlers?: "slow" | "publish" | "none";
}

/** How much later a store commits that says it has. */
const LATE_MS = 20;

/** Says that it has committed, and does it a moment later: what a server without a gate does to its clients. */
class HastyStore implements Store {
  readonly #store: Store;
  readonly #pending: Map<number, Uint8Array> = new Map();
  #last: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  get durability(): StoreDurability {
    return this.#store.durability;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  open(visitor: StoreVisitor): Promise<void> {
    return this.#store.open(visitor);
  }

  async commit(transaction: StoreTransaction): Promise<void> {
    const copy = structuredClone(transaction);
    const { batch } = copy;
    if (batch !== undefined) this.#pending.set(batch.position, batch.bytes);
    this.#last = this.#last.then(async () => {
      await delay(LATE_MS);
      await this.#store.commit(copy);
      if (batch !== undefined) this.#pending.delete(batch.position);
    });
  }

  read(position: number): Uint8Array | undefined {
    return this.#pending.get(position) ?? this.#store.read(position);
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#store.close();
  }
}

function storeOf({ directory, durability, gate }: ProgramOptions): Store | undefined {
  if (durability === "none") return undefined;
  const store =
    durability === "memory" ? new MemoryStore() : lmdbStore({ path: directory, durability });
  return gate === "on" ? store : new HastyStore(store);
}

/** Milliseconds that a slow handler takes at most; most take much less. */
const SLOW_MS_MAX = 20;

/** Half of them answer in a later turn of the loop, the others take their time. All let pass what they are asked about. */
async function takeTime(): Promise<void> {
  const ms = Math.random() < 0.5 ? 0 : Math.random() ** 2 * SLOW_MS_MAX;
  await delay(ms);
}

function addSlowHandlers(server: MqttServer): void {
  server.on("interceptingPublish", takeTime);
  server.on("clientConnected", takeTime);
  server.on("clientDisconnected", takeTime);
  server.on("sessionDeleted", takeTime);
  server.on("clientAcknowledgedPublishPacket", takeTime);
  server.on("interceptingClientEnqueue", (event) =>
    // Most answer at once, so that a message with many receivers is not asked about for long.
    event.receiverClientId.length % 4 === 0 ? takeTime() : undefined,
  );
}

async function main(options: ProgramOptions): Promise<void> {
  const { checkpointBytes, checkpointIntervalMs, residentBytesMax } = options;
  const server = new MqttServer({
    port: 0,
    store: storeOf(options),
    checkpointBytes,
    checkpointIntervalMs,
    residentBytesMax,
    // Nothing may be dropped that was acknowledged: the queues take whatever a round brings.
    queueMessagesMax: 1_000_000,
    queueBytesMax: 1_000_000_000,
    systemTopics: false,
    logger: consoleLogger({ level: "warn" }),
  });
  if (options.handlers === "slow") addSlowHandlers(server);
  if (options.handlers === "publish")
    server.on("interceptingPublish", () => (Math.random() < 0.7 ? undefined : takeTime()));
  process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
  // Whoever started this program holds the other end: without him, nobody would end it.
  process.stdin.on("end", () => process.exit(1)).resume();
  process.stdout.write("recovering\n");
  await server.start();
  const port = server.address().port ?? 0;
  process.stdout.write(`listening on ${port}\n`);
}

const parsed: ProgramOptions = JSON.parse(process.argv[2] ?? "{}");
await main(parsed);
