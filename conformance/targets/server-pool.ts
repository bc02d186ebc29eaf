/**
 * Keeps one server for each set of needs, so that scenarios that need the same share it. A scenario
 * that must be alone gets a server of its own.
 */
import type { ScenarioServer, ServerNeeds } from "../scenario.ts";

/** A server that a target has started. */
export interface StartedServer extends ScenarioServer {
  readonly stop: () => Promise<void>;
}

/** Starts a server, or says in words why one with these needs cannot be had. */
export type StartServer = (needs: ServerNeeds) => Promise<StartedServer | string>;

/** Servers by their needs, each started when it is first asked for. */
export class ServerPool {
  readonly #start: StartServer;
  readonly #shared = new Map<string, Promise<StartedServer | string>>();
  readonly #all: Promise<StartedServer | string>[] = [];

  constructor(start: StartServer) {
    this.#start = start;
  }

  /** The server for these needs. */
  provide(needs: ServerNeeds): Promise<StartedServer | string> {
    const key = JSON.stringify(needs);
    const known = needs.alone ? undefined : this.#shared.get(key);
    if (known) return known;
    const started = this.#start(needs);
    this.#all.push(started);
    this.#shared.set(key, started);
    return started;
  }

  /** Stops every server that was started. */
  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.#all);
    const servers = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const started = servers.filter((server) => typeof server !== "string");
    await Promise.all(started.map((server) => server.stop()));
  }
}
