/** Runs a tutorial's client on its server, each in C# or here. */
import { freePort } from "@anax/testing";
import { DotnetPart } from "../program.ts";
import { runAnaxClient } from "./anax-client.ts";
import { startAnaxServer } from "./anax-server.ts";
import type { Tutorial, TutorialClient, TutorialServer } from "./tutorials.ts";

export type Library = "Anax" | "MQTTnet";

/** Which library a tutorial's server and client are on. */
export interface Pairing {
  readonly server: Library;
  readonly client: Library;
}

export const PAIRINGS: readonly Pairing[] = [
  { server: "MQTTnet", client: "MQTTnet" },
  { server: "Anax", client: "MQTTnet" },
  { server: "MQTTnet", client: "Anax" },
  { server: "Anax", client: "Anax" },
];

/** What the programs of a pairing have said. */
export interface Said {
  readonly server: readonly string[];
  readonly client: readonly string[];
}

/** Time between the messages of the publisher. */
const PERIOD_MS = 1_000;

/** The C# programs that run tutorials, one after the other. */
export class Tutorials implements AsyncDisposable {
  readonly #servers: DotnetPart;
  readonly #clients: DotnetPart;

  private constructor(servers: DotnetPart, clients: DotnetPart) {
    this.#servers = servers;
    this.#clients = clients;
  }

  static async start(): Promise<Tutorials> {
    const [servers, clients] = await Promise.all([
      DotnetPart.start("tutorial-servers"),
      DotnetPart.start("tutorial-clients"),
    ]);
    return new Tutorials(servers, clients);
  }

  /** Runs it to its end. `isAll` says when the server has said all of it. */
  async run(
    tutorial: Tutorial,
    { server: serverOn, client: clientOn }: Pairing,
    isAll: (lines: readonly string[]) => Promise<boolean> | boolean,
    periodMs = PERIOD_MS,
  ): Promise<Said> {
    const server = await (serverOn === "Anax"
      ? startAnaxServer(tutorial)
      : this.#startServer(tutorial));
    let isStopped = false;
    try {
      const client =
        clientOn === "Anax"
          ? runAnaxClient(tutorial, server.port, periodMs)
          : this.#runClient(tutorial, server.port, periodMs);
      await accompany(tutorial, server, client);
      while (!(await isAll(server.lines))) await nextTurn();
      await server.stop();
      isStopped = true;
      return { server: [...server.lines], client: [...client.lines] };
    } finally {
      if (!isStopped) await server.stop();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#servers[Symbol.asyncDispose](), this.#clients[Symbol.asyncDispose]()]);
  }

  async #startServer(tutorial: Tutorial): Promise<TutorialServer> {
    const port = await freePort();
    const lines = linesOf(this.#servers);
    await this.#servers.call("start", { tutorial, port });
    return {
      port,
      lines,
      sayStatuses: async () => void (await this.#servers.call("statuses")),
      stop: async () => void (await this.#servers.call("stop")),
    };
  }

  #runClient(tutorial: Tutorial, port: number, periodMs: number): TutorialClient {
    const lines = linesOf(this.#clients);
    const done = this.#clients.call<void>("run", { tutorial, port, periodMs });
    return { lines, done, goOn: () => void this.#clients.call("goOn").catch(() => undefined) };
  }
}

/** What a program says from now on. */
function linesOf(part: DotnetPart): string[] {
  const lines: string[] = [];
  part.onEvent = ({ text }) => void lines.push(String(text));
  return lines;
}

/** Does what a user does at the server each time that the client says "ready". */
async function accompany(
  tutorial: Tutorial,
  server: TutorialServer,
  { lines, done, goOn }: TutorialClient,
): Promise<void> {
  let isDone = false;
  const ended = done.finally(() => {
    isDone = true;
  });
  ended.catch(() => undefined);
  for (let seen = 0; !isDone; await nextTurn()) {
    if (lines.filter((line) => line === "ready").length === seen) continue;
    if (tutorial === "persistent session" && goneFrom(server) === seen) continue;
    if (tutorial === "status list") await server.sayStatuses();
    seen += 1;
    goOn();
  }
  await ended;
}

/** How often the server has left a message for a client that went. */
function goneFrom({ lines }: TutorialServer): number {
  return lines.filter((line) => line.includes("is gone")).length;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
