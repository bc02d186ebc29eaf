import type {
  ApplicationMessage,
  EventRegistration,
  MqttServer,
  ServerEventArguments,
} from "@anax/server";

/** Messages looked at in one tick; afterwards the server publishes as if nothing looked, until the next. */
const MESSAGES_MAX = 2_000;
/** Topics told of in one tick. */
const TOPICS_MAX = 500;
/** Bytes of payloads told in one tick, before base64. */
const PAYLOADS_BYTES_MAX = 131_072;

/** What to observe. */
export interface Observing {
  /** Topics that begin so. Empty: all. */
  readonly topicPrefix: string;
  /** Of one client only; undefined: of all. */
  readonly clientId?: string | undefined;
  /** Bytes of a payload that are told. */
  readonly payloadBytesMax: number;
}

/** What was published to one topic in one tick. */
export interface ObservedTopic {
  readonly topic: string;
  /** Messages that were looked at. */
  readonly count: number;
  /** Client Identifier of who published last; empty: the server. */
  readonly senderClientId: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly contentType?: string | undefined;
  /** Of the last message. */
  readonly payloadBytes: number;
  /** The beginning of it; absent where too many bytes were told already. */
  readonly payloadBase64?: string;
}

/** What was published in one tick. */
export interface Observed {
  readonly topics: readonly ObservedTopic[];
  /** Messages that were looked at. */
  readonly observed: number;
  /** False: there were more messages than that, or more topics. */
  readonly isComplete: boolean;
}

interface Seen {
  count: number;
  senderClientId: string;
  message: ApplicationMessage;
}

/**
 * Looks at what is published, for one who asks. It is a handler of `interceptingPublish` that changes nothing, so that publishers
 * are answered as ever, and it is taken off as soon as a tick has shown enough: however much is published, its cost is bounded.
 */
export class TopicObserver {
  readonly #server: MqttServer;
  readonly #observing: Observing;
  #registration: EventRegistration | undefined;
  #seen: Map<string, Seen> = new Map();
  #observed = 0;
  #isComplete = true;

  constructor(server: MqttServer, observing: Observing) {
    this.#server = server;
    this.#observing = observing;
    this.#register();
  }

  close(): void {
    this.#registration?.dispose();
    this.#registration = undefined;
  }

  /** What was published since the last call, and observes on. */
  take(): Observed {
    const { payloadBytesMax } = this.#observing;
    let room = PAYLOADS_BYTES_MAX;
    const topics = Array.from(this.#seen, ([topic, { count, senderClientId, message }]) => {
      const { qos, retain, contentType, payload } = message;
      const shown = Math.min(payload.length, payloadBytesMax);
      const hasRoom = shown <= room;
      if (hasRoom) room -= shown;
      return {
        topic,
        count,
        senderClientId,
        qos,
        retain,
        contentType,
        payloadBytes: payload.length,
        ...(hasRoom && {
          payloadBase64: Buffer.from(payload.subarray(0, shown)).toString("base64"),
        }),
      };
    });
    const taken = { topics, observed: this.#observed, isComplete: this.#isComplete };
    this.#seen = new Map();
    this.#observed = 0;
    this.#isComplete = true;
    if (this.#registration === undefined) this.#register();
    return taken;
  }

  #register(): void {
    this.#registration = this.#server.on("interceptingPublish", (event) => this.#see(event));
  }

  #see(event: ServerEventArguments["interceptingPublish"]): void {
    if (this.#observed >= MESSAGES_MAX) {
      this.#isComplete = false;
      this.close();
      return;
    }
    this.#observed += 1;
    const { topic, clientId, processPublish } = event;
    const { topicPrefix, clientId: wanted } = this.#observing;
    if (!topic.startsWith(topicPrefix) || (wanted !== undefined && wanted !== clientId)) return;
    // Only now: a message that is not asked for is not made.
    const { applicationMessage: message } = event;
    if (!processPublish || message === undefined) return;
    const seen = this.#seen.get(topic);
    if (seen !== undefined) {
      seen.count += 1;
      seen.senderClientId = clientId;
      seen.message = message;
    } else if (this.#seen.size < TOPICS_MAX) {
      this.#seen.set(topic, { count: 1, senderClientId: clientId, message });
    } else {
      this.#isComplete = false;
    }
  }
}
