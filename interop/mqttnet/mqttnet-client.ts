/** MQTTnet's client, as a test uses it: each is a client in one C# program. */
import type { DotnetEvent, DotnetPart } from "./program.ts";

/** A message as MQTTnet shows it; what it does not have is missing. */
export interface DotnetMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly duplicate?: true;
  readonly expiry?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlation?: string;
  readonly isText?: true;
  readonly identifiers?: readonly number[];
  readonly userProperties?: readonly (readonly [string, string])[];
}

/** How a client connects. */
export interface DotnetConnection {
  readonly port?: number;
  readonly webSocket?: string;
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
  readonly version?: 3 | 4 | 5;
  readonly clientId?: string;
  readonly clean?: boolean;
  readonly keepAlive?: number;
  readonly expiry?: number;
  readonly receiveMaximum?: number;
  readonly userName?: string;
  readonly password?: string;
  readonly will?: Readonly<Record<string, unknown>>;
  readonly scram?: { readonly userName: string; readonly password: string };
  readonly requestResponseInformation?: boolean;
  readonly manual?: boolean;
}

/** What CONNACK said. */
export interface DotnetConnected {
  readonly code: number;
  readonly present: boolean;
  readonly assigned: string | null;
  readonly responseInformation: string | null;
}

/** What became of a PUBLISH. */
export interface DotnetPublished {
  readonly code: number;
  readonly reason: string | null;
}

/** One client. */
export class MqttnetClient {
  readonly name: string;
  readonly #part: DotnetPart;

  constructor(part: DotnetPart, name: string) {
    this.#part = part;
    this.name = name;
  }

  connect(connection: DotnetConnection): Promise<DotnetConnected> {
    return this.#call("connect", { clientId: this.name, ...connection });
  }

  /** Gives the codes of SUBACK. */
  subscribe(topicFilter: string, qos: 0 | 1 | 2 = 2, more: object = {}): Promise<number[]> {
    return this.#call("subscribe", { filters: [{ topicFilter, qos, ...more }] });
  }

  unsubscribe(topicFilter: string): Promise<number[]> {
    return this.#call("unsubscribe", { filters: [topicFilter] });
  }

  publish(message: Partial<DotnetMessage>): Promise<DotnetPublished> {
    return this.#call("publish", message);
  }

  /** Publishes the numbers from `from` on, all at the same time; gives those that were acknowledged. */
  publishMany(topic: string, qos: 0 | 1 | 2, from: number, count: number): Promise<number[]> {
    return this.#call("publishMany", { topic, qos, from, count });
  }

  ping(): Promise<unknown> {
    return this.#call("ping", {});
  }

  reauthenticate(password?: string): Promise<unknown> {
    return this.#call("reauthenticate", { password });
  }

  disconnect(how: { readonly reason?: number; readonly expiry?: number } = {}): Promise<unknown> {
    return this.#call("disconnect", how);
  }

  /** Closes the connection without DISCONNECT. */
  destroy(): Promise<unknown> {
    return this.#call("destroy", {});
  }

  /** The messages that it has got, as soon as there are so many of a topic that begins like this. */
  async messages(count: number, topic = ""): Promise<readonly DotnetMessage[]> {
    const isWanted = (event: DotnetEvent): boolean =>
      event.event === "message" &&
      event["client"] === this.name &&
      (event["message"] as DotnetMessage).topic.startsWith(topic);
    const events = await this.#part.eventsWhere(isWanted, count);
    return events.map((event) => event["message"] as DotnetMessage);
  }

  /** How its connection was lost, as soon as it was. */
  async disconnected(count = 1): Promise<readonly DotnetEvent[]> {
    return this.#part.eventsWhere(
      ({ event, client }) => event === "disconnected" && client === this.name,
      count,
    );
  }

  #call<Result>(what: string, command: object): Promise<Result> {
    return this.#part.call<Result>(what, { client: this.name, ...command });
  }
}
