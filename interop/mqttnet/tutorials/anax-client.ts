/** The clients of the tutorials on Anax: line by line what `TutorialClients.cs` has. */
import { MqttClient, MqttConnectError, MqttReasonError } from "@anax/client";
import type { ClientOptions } from "@anax/client";
import type { QoS } from "@anax/protocol";
import type { Tutorial, TutorialClient } from "./tutorials.ts";

export function runAnaxClient(tutorial: Tutorial, port: number, periodMs: number): TutorialClient {
  const run = new Run(`mqtt://127.0.0.1:${port}`, periodMs);
  return { lines: run.lines, done: run[STEPS[tutorial]](), goOn: () => run.goOn() };
}

const STEPS = {
  "five events": "fiveEvents",
  publisher: "publisher",
  subscriber: "subscriber",
  "user and password": "userAndPassword",
  "server push": "serverPush",
  "status list": "statusList",
  "persistent session": "persistentSession",
  retained: "retained",
  "cloud client": "cloudClient",
} as const;

/** A client, and what it has got and not yet said: acknowledgements may come before or after it. */
class Tutee {
  readonly client: MqttClient;
  readonly #say: (text: string) => void;
  readonly #received: string[] = [];
  #wake: () => void = () => undefined;

  constructor(client: MqttClient, say: (text: string) => void) {
    this.client = client;
    this.#say = say;
    client.on("message", ({ topic, text, retain }) => {
      this.#received.push(`got ${topic}: ${text}${retain ? " (retained)" : ""}`);
      this.#wake();
    });
  }

  /** Waits for so many messages, and says what they were. */
  async messages(count: number): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      for (;;) {
        const text = this.#received.shift();
        if (text !== undefined) {
          this.#say(text);
          break;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

class Run {
  readonly lines: string[] = [];
  readonly #url: string;
  readonly #periodMs: number;
  #goOn: () => void = () => undefined;

  constructor(url: string, periodMs: number) {
    this.#url = url;
    this.#periodMs = periodMs;
  }

  goOn(): void {
    this.#goOn();
  }

  async fiveEvents(): Promise<void> {
    const tutee = await this.#connect("guest", { userName: "ann", password: "secret" });
    await this.#subscribe(tutee, "a/#");
    await this.#publish(tutee, "a/b", "hello");
    await tutee.messages(1);
    await this.#unsubscribe(tutee, "a/#");
    await this.#unsubscribe(tutee, "never");
    await tutee.client.disconnect();
    const second = await this.#connect("hasty");
    second.client.destroy();
  }

  async publisher(): Promise<void> {
    const tutee = await this.#connect("publisher");
    for (let number = 1; number <= 3; number += 1) {
      await new Promise((resolve) => setTimeout(resolve, this.#periodMs));
      await this.#publish(tutee, "clock", String(number), 0);
    }
    await tutee.client.ping();
    await tutee.client.disconnect();
  }

  async subscriber(): Promise<void> {
    const tutee = await this.#connect("subscriber");
    await this.#subscribe(tutee, "clock");
    await this.#publish(tutee, "clock", "one");
    await this.#publish(tutee, "clock", "two", 2);
    await tutee.messages(2);
    await this.#unsubscribe(tutee, "clock");
    await this.#publish(tutee, "clock", "three");
    await tutee.client.disconnect();
  }

  async userAndPassword(): Promise<void> {
    const refused = new MqttClient(this.#url, {
      clientId: "eve",
      userName: "eve",
      password: "guess",
    });
    await refused.connect().catch((error: unknown) => {
      this.#say(`refused: ${error instanceof MqttConnectError ? error.reasonCode : String(error)}`);
    });
    await refused.disconnect();
    const tutee = await this.#connect("ann", { userName: "ann", password: "secret" });
    await this.#subscribe(tutee, "open/+");
    await this.#subscribe(tutee, "closed/+");
    await this.#publish(tutee, "open/door", "come in");
    await tutee.messages(1);
    await this.#publish(tutee, "closed/door", "let me in");
    await this.#publish(tutee, "closed/door", "let me in", 2);
    await tutee.client.disconnect();
  }

  async serverPush(): Promise<void> {
    const tutee = await this.#connect("reader");
    await this.#subscribe(tutee, "news/+");
    await tutee.messages(3);
    await tutee.client.ping();
    await tutee.client.disconnect();
  }

  async statusList(): Promise<void> {
    const first = await this.#connect("first");
    const second = await this.#connect("second", { protocolVersion: 4 });
    await this.#subscribe(first, "shown");
    await this.#publish(second, "shown", "1");
    await this.#publish(second, "shown", "2");
    await first.messages(2);
    await first.client.ping();
    await this.#ready();
    await second.client.disconnect();
    await first.client.disconnect();
  }

  async persistentSession(): Promise<void> {
    const lasting = { cleanStart: false, sessionExpiryIntervalSeconds: 60 };
    let tutee = await this.#connect("sleeper", lasting);
    await this.#subscribe(tutee, "waiting");
    await tutee.client.disconnect();
    await this.#ready();
    tutee = await this.#connect("sleeper", lasting);
    await tutee.messages(1);
    await tutee.client.disconnect();
    await this.#ready();
    tutee = await this.#connect("sleeper", { ...lasting, cleanStart: true });
    await tutee.client.ping();
    await tutee.client.disconnect({ sessionExpiryIntervalSeconds: 0 });
  }

  async retained(): Promise<void> {
    const tutee = await this.#connect("keeper");
    await this.#publish(tutee, "state/door", "open", 1, true);
    await this.#publish(tutee, "state/lamp", "on", 1, true);
    await this.#subscribe(tutee, "state/door");
    await tutee.messages(1);
    await this.#publish(tutee, "state/lamp", "", 1, true);
    await this.#publish(tutee, "state/door", "open", 1, true);
    await tutee.messages(1);
    await tutee.client.disconnect();
  }

  async cloudClient(): Promise<void> {
    const tutee = await this.#connect("device", {
      userName: "device",
      password: "key",
      keepAliveSeconds: 30,
      will: { topic: "devices/device/state", payload: "lost", qos: 1 },
    });
    await this.#subscribe(tutee, "devices/device/commands");
    await this.#publish(tutee, "devices/device/telemetry", "21.5");
    await this.#publish(tutee, "devices/device/commands", "restart");
    await tutee.messages(1);
    await tutee.client.disconnect({ reasonCode: 0x04 });
  }

  #say(text: string): void {
    this.lines.push(text);
  }

  async #ready(): Promise<void> {
    const goneOn = new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
    this.#say("ready");
    await goneOn;
  }

  async #connect(clientId: string, options: ClientOptions = {}): Promise<Tutee> {
    const client = new MqttClient(this.#url, { ...options, clientId });
    const tutee = new Tutee(client, (text) => this.#say(text));
    const { reasonCode, sessionPresent } = await client.connect();
    this.#say(`${clientId} connected: ${reasonCode}, session ${sessionPresent ? "kept" : "new"}`);
    return tutee;
  }

  async #publish(
    { client }: Tutee,
    topic: string,
    payload: string,
    qos: QoS = 1,
    retain = false,
  ): Promise<void> {
    const code = await codeOf(
      client.publish(topic, payload, { qos, retain }).then(({ reasonCode }) => reasonCode),
    );
    this.#say(`published ${topic}: ${code}`);
  }

  async #subscribe({ client }: Tutee, filter: string): Promise<void> {
    const code = await codeOf(
      client.subscribe(filter, { qos: 1 }).then(({ reasonCodes }) => reasonCodes[0] ?? 0),
    );
    this.#say(`subscribed ${filter}: ${code}`);
  }

  async #unsubscribe({ client }: Tutee, filter: string): Promise<void> {
    const { reasonCodes } = await client.unsubscribe(filter);
    this.#say(`unsubscribed ${filter}: ${reasonCodes[0]}`);
  }
}

/** What refuses rejects here, and gives its code in MQTTnet. */
async function codeOf(answer: PromiseLike<number>): Promise<number> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof MqttReasonError) return error.reasonCode;
    throw error;
  }
}
