/** The two servers that the script is run against, with a handler on every event, as one interface. */
import { MqttServer, SERVER_EVENT_NAMES } from "@anax/server";
import type { ApplicationMessage, ServerEventName } from "@anax/server";
import { freePort } from "@anax/testing";
import { portOf } from "../../support/test-server.ts";
import type { DotnetPart } from "../program.ts";
import { nameOf } from "./scripted-client.ts";
import type { Packet } from "@anax/protocol";

/** Values that a handler writes into the event that it is given, by path: "response.reasonCode". */
export type Answer = Readonly<Record<string, boolean | number | string>>;

/** A server under the script. */
export interface Side extends AsyncDisposable {
  readonly name: "mqttnet" | "anax";
  readonly port: number;
  /** Milliseconds of one round in which nothing happens; of several such a step is known to be over. */
  readonly roundMs: number;
  /** Goes to the server and back. */
  probe(): Promise<void>;
  /** Called with each event, and with whatever else shows that the server is at work. */
  listener: (line: string) => void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** From now on the handlers of this event write that into it, so many times. */
  answer(event: ServerEventName, set: Answer, times?: number): Promise<void>;
  answerNothing(): Promise<void>;
  /** Has the embedding program do something; what it is told, as text. */
  call(what: Call, command: Command): Promise<string>;
}

/** What the embedding program does. */
export type Call =
  | "inject"
  | "setRetained"
  | "clearRetained"
  | "retained"
  | "disconnectClient"
  | "deleteSession"
  | "tryEnqueue"
  | "subscribeFor"
  | "unsubscribeFor";

/** With what. */
export interface Command {
  readonly clientId?: string;
  readonly sender?: string;
  readonly topic?: string;
  readonly payload?: string;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly reason?: number;
  readonly filters?: readonly (
    | string
    | { readonly topicFilter: string; readonly qos: 0 | 1 | 2 }
  )[];
}

/** Options that both servers have. */
export interface SideOptions {
  readonly pendingMax?: number;
}

/** MQTTnet's server in its C# program. */
export async function mqttnetSide(part: DotnetPart, options: SideOptions): Promise<Side> {
  const port = await freePort();
  const side: Side = {
    name: "mqttnet",
    port,
    roundMs: 20,
    probe: async () => void (await part.call("ping")),
    listener: () => undefined,
    start: async () => void (await part.call("start", { port, events: true, ...options })),
    stop: async () => void (await part.call("stop")),
    answer: async (event, set, times) =>
      void (await part.call("answer", { event, set, ...(times !== undefined && { times }) })),
    answerNothing: async () => void (await part.call("answerNothing")),
    call: async (what, command) => outcome(() => part.call(what, command)),
    [Symbol.asyncDispose]: () => part.call("stop").then(noop, noop),
  };
  part.onEvent = ({ event, fields }) => side.listener(lineOf(event, fields as object));
  return side;
}

const noop = (): void => undefined;

async function outcome(act: () => Promise<unknown>): Promise<string> {
  try {
    const result = await act();
    return result === true || result === undefined ? "done" : JSON.stringify(result);
  } catch (error) {
    return `throws ${(error as { type?: string }).type ?? (error as Error).name}`;
  }
}

/** Our server in this process, told to be as MQTTnet is by default where both can. */
export function anaxSide({ pendingMax }: SideOptions): Side {
  const answers = new Map<ServerEventName, { readonly set: Answer; times: number }>();
  const server = new MqttServer({
    port: 0,
    ...(pendingMax !== undefined && { queueMessagesMax: pendingMax }),
  });
  let listener: Side["listener"] = noop;
  for (const name of SERVER_EVENT_NAMES) {
    server.on(name, (event: object) => {
      listener(lineOf(name, fieldsOf(name, event)));
      const answer = answers.get(name);
      if (answer === undefined || answer.times === 0) return;
      answer.times -= 1;
      write(event, answer.set);
    });
  }
  return {
    name: "anax",
    get port() {
      return portOf(server, "tcp");
    },
    roundMs: 5,
    probe: () => new Promise((resolve) => setImmediate(resolve)),
    set listener(given: Side["listener"]) {
      listener = given;
    },
    start: () => server.start(),
    stop: async () => void (await server.stop({ deadlineMs: 500 })),
    answer: (event, set, times = Infinity) => {
      answers.set(event, { set, times });
      return Promise.resolve();
    },
    answerNothing: () => {
      answers.clear();
      return Promise.resolve();
    },
    call: (what, command) => outcome(() => perform(server, what, command)),
    [Symbol.asyncDispose]: async () => void (await server.stop({ deadlineMs: 0 })),
  };
}

async function perform(server: MqttServer, what: Call, command: Command): Promise<unknown> {
  const { clientId = "", sender, topic = "", payload = "", qos = 0, retain = false } = command;
  const message = { topic, payload, qos, retain };
  const filters = (command.filters ?? []) as readonly never[];
  switch (what) {
    case "inject":
      await server.injectApplicationMessage(
        message,
        sender === undefined ? {} : { clientId: sender },
      );
      return undefined;
    case "setRetained":
      await server.retainedMessages.set(message);
      return undefined;
    case "clearRetained":
      await server.retainedMessages.clear();
      return undefined;
    case "retained":
      return server.retainedMessages
        .list()
        .items.map((one) => one.topic)
        .toSorted();
    case "disconnectClient":
      return server.clients.disconnect(clientId, { reasonCode: command.reason ?? 0 });
    case "deleteSession":
      return server.sessions.delete(clientId);
    case "tryEnqueue": {
      const given = await server.sessions.tryEnqueueApplicationMessage(clientId, message);
      return {
        isEnqueued: given !== undefined,
        hasIdentifier: given?.packetIdentifier !== undefined,
      };
    }
    case "subscribeFor":
      await server.sessions.subscribe(clientId, filters);
      return undefined;
    case "unsubscribeFor":
      await server.sessions.unsubscribe(clientId, filters);
      return undefined;
  }
}

function write(event: object, set: Answer): void {
  if ("throw" in set) throw new Error("told to");
  for (const [path, value] of Object.entries(set)) {
    if (path === "payload") {
      const { applicationMessage } = event as { applicationMessage: ApplicationMessage };
      const payload = new TextEncoder().encode(String(value));
      Object.assign(event, { applicationMessage: { ...applicationMessage, payload } });
    } else if (path === "topicFilter.qos") {
      const { topicFilter } = event as { topicFilter: object };
      Object.assign(event, { topicFilter: { ...topicFilter, qos: value } });
    } else {
      const names = path.split(".");
      const last = names.pop() ?? "";
      const target = names.reduce<object>((one, name) => Reflect.get(one, name) as object, event);
      Reflect.set(target, last, value);
    }
  }
}

/** The fields that both have, under names that are those of neither. */
function fieldsOf(name: ServerEventName, event: object): object {
  const given = event as Readonly<Record<string, unknown>>;
  const message = given["applicationMessage"] as ApplicationMessage | undefined;
  const sender = given["senderClientId"];
  const receiver = given["receiverClientId"];
  const { clientId } = given;
  const topic = message?.topic;
  switch (name) {
    case "applicationMessageEnqueuedOrDropped":
      return { sender, receiver, topic, isDropped: given["isDropped"] };
    case "applicationMessageNotConsumed":
      return { sender, topic };
    case "clientAcknowledgedPublishPacket": {
      const { qos, retain, duplicate, subscriptionIdentifiers } = given["publishPacket"] as {
        [field: string]: unknown;
        subscriptionIdentifiers: readonly number[];
      };
      const packet = nameOf(given["acknowledgePacket"] as Packet);
      const identifiers = subscriptionIdentifiers.length;
      const { isCompleted } = given;
      return { clientId, topic, packet, qos, retain, duplicate, identifiers, isCompleted };
    }
    case "clientConnected":
      return { clientId, userName: given["userName"], version: given["protocolVersion"] };
    case "clientDisconnected":
      return { clientId, type: given["disconnectType"], reason: given["reasonCode"] ?? 0 };
    case "clientSubscribedTopic":
    case "interceptingSubscription": {
      const { topicFilter, qos } = given["topicFilter"] as { topicFilter: string; qos: number };
      return { clientId, filter: topicFilter, qos };
    }
    case "clientUnsubscribedTopic":
    case "interceptingUnsubscription":
      return { clientId, filter: given["topic"] };
    case "interceptingClientEnqueue":
      return { sender, receiver, topic };
    case "interceptingInboundPacket":
    case "interceptingOutboundPacket": {
      const packet = given["packet"] as Packet;
      const inbound = name === "interceptingInboundPacket" ? kindOf(packet) : nameOf(packet);
      return { clientId, packet: inbound };
    }
    case "interceptingPublish": {
      const { qos, retain, payload } = message ?? {};
      return { clientId, topic, payload: Buffer.from(payload ?? []).toString(), qos, retain };
    }
    case "queuedApplicationMessageOverwritten":
      return { receiver, topic };
    case "retainedMessageChanged": {
      const changed = given["changedRetainedMessage"] as ApplicationMessage | undefined;
      const payload = Buffer.from(changed?.payload ?? []).toString();
      return { clientId, topic: given["topic"], payload };
    }
    case "sessionDeleted":
      return { clientId };
    case "validatingConnection": {
      const { userName, cleanStart: clean, protocolVersion: version } = given;
      return { clientId, userName, clean, version };
    }
    default:
      return {};
  }
}

/** Of packets from clients MQTTnet's lines name what these have. */
function kindOf(packet: Packet): string {
  return packet.type === "subscribe" || packet.type === "unsubscribe"
    ? packet.type
    : nameOf(packet);
}

function lineOf(name: string, fields: object): string {
  const said = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field} ${value === "" ? '""' : String(value)}`);
  return said.length === 0 ? name : `${name}: ${said.join(", ")}`;
}
