/** mosquitto with an `acl_file` that is exchanged again and again, asked by clients what it allows. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, MqttReasonError } from "@anax/client";
import type { ClientOptions, MqttClient } from "@anax/client";
import { freePort, programPath } from "@anax/testing";
import { CLIENTS } from "./random-acl.ts";

const NOT_AUTHORIZED = 0x87;

/** What a client may do with each topic, in the order of the topics. */
export interface Decisions {
  readonly mayPublish: readonly boolean[];
  readonly mayReceive: readonly boolean[];
}

/** A mosquitto that whoever made it disposes of, whatever has become of it. */
export class MosquittoAcl implements AsyncDisposable {
  readonly #port: number;
  readonly #folder: string;
  readonly #program: ChildProcess;
  /** Resolves when the program has ended, or could not be started. */
  readonly #ended: Promise<string>;
  readonly #clients: MqttClient[] = [];
  readonly #received: Set<string>[] = CLIENTS.map(() => new Set());
  #root: MqttClient | undefined;
  #probe: MqttClient | undefined;
  #generation = 0;
  #hasEnded = false;

  /** Starts the program. */
  private constructor(port: number) {
    const path = programPath("mosquitto");
    this.#port = port;
    this.#folder = mkdtempSync(join(tmpdir(), "anax-acl-"));
    writeFileSync(join(this.#folder, "acl"), aclText("", 0));
    const lines = [
      "user root",
      "allow_anonymous true",
      "log_dest stderr",
      `acl_file ${join(this.#folder, "acl")}`,
      `listener ${port} 127.0.0.1`,
    ];
    writeFileSync(join(this.#folder, "conf"), `${lines.join("\n")}\n`);
    this.#program = spawn(path, ["-c", join(this.#folder, "conf")], { stdio: "ignore" });
    this.#ended = once(this.#program, "exit").then(
      ([code, signal]) => this.#end(`mosquitto has ended: ${code ?? signal}`),
      (error: unknown) => this.#end(`mosquitto was not started: ${String(error)}`),
    );
  }

  /** One that runs; it takes `connect` until it can be asked. */
  static async start(): Promise<MosquittoAcl> {
    return new MosquittoAcl(await freePort());
  }

  /** Connects the clients that ask, as soon as it takes connections. */
  connect(): Promise<void> {
    return this.#unlessEnded(this.#connect());
  }

  #end(how: string): string {
    this.#hasEnded = true;
    return how;
  }

  /** Rejects when the program ends before. */
  #unlessEnded<Result>(work: Promise<Result>): Promise<Result> {
    const ended = this.#ended.then((how) => Promise.reject(new Error(how)));
    return Promise.race([work, ended]);
  }

  async #connect(): Promise<void> {
    await this.#listening();
    this.#root = await this.#client({ clientId: "root", userName: "root", password: "x" });
    this.#probe = await this.#client({ clientId: "probe", userName: "probe", password: "x" });
    for (const [index, { clientId, userName }] of CLIENTS.entries()) {
      const client = await this.#client({
        clientId,
        ...(userName !== undefined && { userName, password: "x" }),
      });
      this.#clients.push(client);
      client.on("message", (message) => {
        this.#received[index]?.add(message.topic);
      });
      await client.subscribe("#");
    }
  }

  /** A client that ends with its connection, and so with the program. */
  #client(options: ClientOptions): Promise<MqttClient> {
    return connect(`mqtt://127.0.0.1:${this.#port}`, { ...options, reconnect: false });
  }

  /** Waits until something takes connections there, or nothing will. */
  async #listening(): Promise<void> {
    while (!this.#hasEnded) {
      const isOpen = await new Promise<boolean>((resolve) => {
        const socket = createConnection({ host: "127.0.0.1", port: this.#port });
        socket.once("error", () => resolve(false));
        socket.once("connect", () => {
          socket.destroy();
          resolve(true);
        });
      });
      if (isOpen) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** What mosquitto decides by this file. */
  decide(acl: string, topics: readonly string[]): Promise<Decisions[]> {
    return this.#unlessEnded(this.#decide(acl, topics));
  }

  async #decide(acl: string, topics: readonly string[]): Promise<Decisions[]> {
    await this.#exchange(acl);
    // In order: what was published has come to a client when that has an answer to what it asks behind it.
    for (const client of this.#clients) await client.ping();
    for (const received of this.#received) received.clear();
    const root = this.#root;
    if (root === undefined) throw new Error("not started");
    await Promise.all(topics.map((topic) => root.publish(topic, "x", { qos: 1 })));
    for (const client of this.#clients) await client.ping();
    const mayReceive = this.#received.map((set) => topics.map((topic) => set.has(topic)));
    const decisions: Decisions[] = [];
    for (const [index, client] of this.#clients.entries()) {
      const mayPublish = await Promise.all(topics.map((topic) => mayPublishTo(client, topic)));
      decisions.push({ mayPublish, mayReceive: mayReceive[index] ?? [] });
    }
    return decisions;
  }

  /** Has mosquitto read another file, and waits until what only that allows is allowed. */
  async #exchange(acl: string): Promise<void> {
    this.#generation += 1;
    writeFileSync(join(this.#folder, "acl"), aclText(acl, this.#generation));
    this.#program.kill("SIGHUP");
    const probe = this.#probe;
    while (probe !== undefined && !(await mayPublishTo(probe, `generation/${this.#generation}`)));
  }

  /** May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [this.#root, this.#probe, ...this.#clients]) client?.destroy();
    this.#program.kill("SIGKILL");
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function mayPublishTo(client: MqttClient, topic: string): Promise<boolean> {
  try {
    await client.publish(topic, "x", { qos: 1 });
    return true;
  } catch (error) {
    if (error instanceof MqttReasonError && error.reasonCode === NOT_AUTHORIZED) return false;
    throw error;
  }
}

/** Lines of the clients that ask come last: `user` in the file ends with them. */
function aclText(acl: string, generation: number): string {
  return `${acl}user root\ntopic readwrite #\nuser probe\ntopic write generation/${generation}\n`;
}
