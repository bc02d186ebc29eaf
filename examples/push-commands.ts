/** In MQTTnet: InjectApplicationMessage, for commands to devices that obey each of them once. */
import { once } from "node:events";
import { MqttClient } from "@anax/client";
import type { Message } from "@anax/client";
import { MqttServer } from "@anax/server";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

/** What the server sends to a device. */
interface Command {
  /** Counts up from 1, so that the device knows a command that it has obeyed. */
  readonly sequence: number;
  /** When it was given, in milliseconds since 1970. */
  readonly sentAtMs: number;
  readonly action: string;
}

const TOPIC = "devices/7/commands";

/** The server pushes commands; the device loses its connection and gets one of them twice. */
export async function main(
  signal: AbortSignal,
  print: Print,
  port = Number(process.argv[2] ?? 1883),
): Promise<void> {
  await using server = new MqttServer({ port });
  await server.start();
  const device = new Device(server.address().url, signal, print);
  await device.connect();

  let sequence = 0;
  const push = async (action: string): Promise<void> => {
    sequence += 1;
    const command: Command = { sequence, sentAtMs: Date.now(), action };
    const acknowledged = device.acknowledged(sequence);
    const { matched } = await server.injectApplicationMessage({
      topic: TOPIC,
      payload: JSON.stringify(command),
      qos: 1,
      // A valve that is opened an hour late may do harm.
      messageExpiryIntervalSeconds: 600,
    });
    print(`server: command ${sequence} goes to ${matched} device`);
    await acknowledged;
  };

  await push("open the valve");
  device.losesConnection = true;
  await push("close the valve");
  await push("report");
  await device.leave();
}

/** A device that acknowledges a command after it has obeyed it. */
class Device extends EventTarget {
  /** True: the next acknowledgement gets lost with the connection. */
  losesConnection = false;
  readonly #client: MqttClient;
  readonly #print: Print;
  /** Has to survive a restart in a real device. */
  #lastSequence = 0;

  constructor(url: string, signal: AbortSignal, print: Print) {
    super();
    this.#print = print;
    this.#client = new MqttClient(url, {
      clientId: "device-7",
      // The server keeps what comes while the device is away.
      cleanStart: false,
      sessionExpiryIntervalSeconds: 86_400,
      manualAcknowledge: true,
      signal,
    });
    this.#client.on("message", (message) => this.#receive(message));
  }

  async connect(): Promise<void> {
    const { sessionPresent } = await this.#client.connect();
    if (sessionPresent) this.#print("device: back again, my session is still there");
    else await this.#client.subscribe(TOPIC, () => undefined, { qos: 1 });
  }

  /** Resolves when the device acknowledges this command. */
  async acknowledged(sequence: number): Promise<void> {
    await once(this, `acknowledged ${sequence}`);
  }

  async leave(): Promise<void> {
    await this.#client.disconnect({ sessionExpiryIntervalSeconds: 0 });
  }

  async #receive(message: Message): Promise<void> {
    const { sequence, sentAtMs, action } = parseCommand(message);
    if (sequence > this.#lastSequence) {
      this.#lastSequence = sequence;
      this.#print(`device: command ${sequence} of ${timeOf(sentAtMs)}: I ${action}`);
    } else {
      this.#print(`device: command ${sequence} again, ignored`);
    }
    if (this.losesConnection) {
      this.losesConnection = false;
      this.#print("device: my connection is gone");
      await this.#client.disconnect();
      await this.connect();
      return;
    }
    message.acknowledge();
    this.dispatchEvent(new Event(`acknowledged ${sequence}`));
  }
}

function parseCommand(message: Message): Command {
  const value = message.json();
  if (typeof value === "object" && value !== null) {
    const { sequence, sentAtMs, action }: Partial<Command> = value;
    if (sequence !== undefined && sentAtMs !== undefined && action !== undefined) {
      return { sequence, sentAtMs, action };
    }
  }
  throw new TypeError(`no command: ${message.text}`);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

runExample(import.meta, main);
