/** mosquitto with an `acl_file` that is exchanged again and again, asked by clients what it allows. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { connect, MqttReasonError } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { CLIENTS } from "./random-acl.ts";

const FOLDERS = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
const NOT_AUTHORIZED = 0x87;

/** Path of mosquitto; undefined if it is not installed. */
export function mosquittoPath(): string | undefined {
  return FOLDERS.map((folder) => join(folder, "mosquitto")).find((path) => existsSync(path));
}

/** What a client may do with each topic, in the order of the topics. */
export interface Decisions {
  readonly mayPublish: readonly boolean[];
  readonly mayReceive: readonly boolean[];
}

export class MosquittoAcl implements AsyncDisposable {
  readonly #folder: string;
  readonly #program: ChildProcess;
  readonly #clients: MqttClient[] = [];
  readonly #received: Set<string>[] = CLIENTS.map(() => new Set());
  #root: MqttClient | undefined;
  #probe: MqttClient | undefined;
  #generation = 0;

  private constructor(folder: string, program: ChildProcess) {
    this.#folder = folder;
    this.#program = program;
  }

  static async start(path: string): Promise<MosquittoAcl> {
    const folder = mkdtempSync(join(tmpdir(), "anax-acl-"));
    const port = await freePort();
    writeFileSync(join(folder, "acl"), aclText("", 0));
    const lines = [
      "user root",
      "allow_anonymous true",
      "log_dest stderr",
      `acl_file ${join(folder, "acl")}`,
      `listener ${port} 127.0.0.1`,
    ];
    writeFileSync(join(folder, "conf"), `${lines.join("\n")}\n`);
    const program = spawn(path, ["-c", join(folder, "conf")], { stdio: "ignore" });
    const acl = new MosquittoAcl(folder, program);
    await listening(port);
    await acl.#connect(`mqtt://127.0.0.1:${port}`);
    return acl;
  }

  async #connect(url: string): Promise<void> {
    this.#root = await connect(url, { clientId: "root", userName: "root", password: "x" });
    this.#probe = await connect(url, { clientId: "probe", userName: "probe", password: "x" });
    for (const [index, { clientId, userName }] of CLIENTS.entries()) {
      const client = await connect(url, {
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

  /** What mosquitto decides by this file. */
  async decide(acl: string, topics: readonly string[]): Promise<Decisions[]> {
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

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [this.#root, this.#probe, ...this.#clients]) client?.destroy();
    const ended = new Promise((resolve) => this.#program.once("exit", resolve));
    this.#program.kill("SIGKILL");
    await ended;
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until something takes connections there. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ host: "127.0.0.1", port }, () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
