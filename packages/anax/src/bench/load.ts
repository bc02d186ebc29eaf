/** A load: its connections, brought up, run, and taken down. */
import { randomBytes } from "node:crypto";
import { decodePacket, encodePacket } from "@anax/protocol";
import type {
  ConnackPacket,
  ConnectPacket,
  PublishProperties,
  SubscribePacket,
} from "@anax/protocol";
import { CommandError } from "../errors.ts";
import type { BenchFlags } from "./bench-flags.ts";
import type { LoadConnection, LoadTarget } from "./load-connection.ts";
import { openLoadConnection } from "./load-connection.ts";
import { encodedPacket } from "./message-batch.ts";
import type { MessageTemplate } from "./message-batch.ts";
import { LoadPublisher } from "./load-publisher.ts";
import type { PublisherPace } from "./load-publisher.ts";
import { LoadStatistics } from "./load-statistics.ts";
import { LoadSubscriber } from "./load-subscriber.ts";
import type { SubscriberView } from "./load-subscriber.ts";

/** Handshakes that are under way at a time: a server's backlog has room for as many. */
const CONNECTING_MAX = 64;
const CONNECT_TIMEOUT_MS = 10_000;
/** Read buffers of all connections together, and of one. */
const READ_BYTES_ALL = 67_108_864;
const READ_BYTES_MAX = 65_536;
const READ_BYTES_MIN = 4_096;
/** Where MQTT 3.1.1 has no Receive Maximum; some identifiers stay free. */
const QUOTA_WITHOUT_LIMIT = 65_000;
const SUBACK_TYPE = 9;
/** Topics of each publisher that picks one for each message, unless it is told how many. */
const TOPICS_OF_GROUP = 1_000;

/** A load on a server. */
export class Load {
  readonly statistics: LoadStatistics = new LoadStatistics();
  readonly #flags: BenchFlags;
  readonly #target: LoadTarget;
  readonly #mark: number = randomBytes(2).readUInt16BE();
  readonly #runName: string = randomBytes(4).toString("hex");
  readonly #publishers: LoadPublisher[] = [];
  readonly #subscribers: LoadSubscriber[] = [];
  readonly #dirty: LoadPublisher[] = [];
  readonly #connections: LoadConnection[] = [];

  constructor(flags: BenchFlags, target: LoadTarget) {
    this.#flags = flags;
    this.#target = target;
  }

  /** How many topics there are. */
  get topics(): number {
    return this.#isMixed ? this.#groups * this.#topicsOfGroup : this.#groups;
  }

  /** Clients of the same group publish and subscribe to the same topics: one of its own, or, if it is picked, many. */
  get #groups(): number {
    const { topics, publishers, subscribers } = this.#flags;
    if (topics !== undefined && !this.#isMixed) return topics;
    return subscribers === 0 ? publishers : Math.min(publishers, subscribers);
  }

  get #isMixed(): boolean {
    return this.#flags.pick === "random";
  }

  get #topicsOfGroup(): number {
    return this.#flags.topics ?? TOPICS_OF_GROUP;
  }

  /** To how many subscribers the messages of a publisher go. */
  receiversOf(publisher: number): number {
    const { share, subscribers } = this.#flags;
    const group = publisher % this.#groups;
    const inGroup = Math.floor((subscribers - 1 - group) / this.#groups) + 1;
    return share === undefined ? inGroup : Math.min(1, inGroup);
  }

  /** Messages that did not arrive, of those that were to. */
  get missing(): number {
    const wanted = this.#publishers.reduce((sum, { sent }, publisher) => {
      return sum + sent * this.receiversOf(publisher);
    }, 0);
    return wanted - (this.statistics.received - this.statistics.duplicates);
  }

  /** Whether deliveries or acknowledgements are still to come. */
  get isPending(): boolean {
    return this.#publishers.some(
      ({ outstanding, unacknowledged }) => outstanding > 0 || unacknowledged > 0,
    );
  }

  /** Connects all clients and subscribes. Rejects with `CommandError` at the first failure. */
  async connect(): Promise<void> {
    const { publishers, subscribers } = this.#flags;
    await inParallel(subscribers, async (index) => {
      const connection = await this.#open(`sub-${index}`);
      await this.#subscribe(connection, index);
      this.#subscribers[index] = new LoadSubscriber(connection, this.#view(), this.statistics);
    });
    const opened = new Array<LoadConnection>(publishers);
    await inParallel(publishers, async (index) => {
      opened[index] = await this.#open(`pub-${index}`);
    });
    const budget = { left: this.#flags.count ?? Infinity };
    for (const [index, connection] of opened.entries())
      this.#addPublisher(index, connection, budget);
  }

  /** Begins to publish. */
  start(): void {
    for (const publisher of this.#publishers) publisher.start();
  }

  /** Sends what has become due, if there is a rate. */
  tick(): void {
    for (const publisher of this.#publishers) publisher.pump();
  }

  /** Publishes no more. */
  stop(): void {
    for (const publisher of this.#publishers) publisher.stop();
  }

  /** What has not come by now is lost: the windows open again. */
  writeOff(): void {
    for (const publisher of this.#publishers) {
      publisher.writeOff();
      publisher.pump();
    }
  }

  /** Disconnects all clients. */
  end(): void {
    for (const publisher of this.#publishers) publisher.end();
    for (const subscriber of this.#subscribers) subscriber.end();
  }

  /** Cuts all connections, also those that are not ready yet. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  async #open(name: string): Promise<LoadConnection> {
    const { protocolVersion, publishers, subscribers, username, password } = this.#flags;
    const connect: ConnectPacket = {
      type: "connect",
      protocolVersion,
      clientId: `bench-${this.#runName}-${name}`,
      cleanStart: true,
      // Nobody is silent for long under load, and pings would only be in the way.
      keepAliveSeconds: 0,
      ...(username === undefined ? {} : { userName: username }),
      ...(password === undefined ? {} : { password: new TextEncoder().encode(password) }),
      // One below what its absence means: servers send fewer to who states none.
      ...(protocolVersion === 5 ? { properties: { receiveMaximum: 65_534 } } : {}),
    };
    const share = Math.floor(READ_BYTES_ALL / (publishers + subscribers));
    const connection = await openLoadConnection({
      target: this.#target,
      connect,
      readBytes: Math.max(READ_BYTES_MIN, Math.min(READ_BYTES_MAX, share)),
      timeoutMs: CONNECT_TIMEOUT_MS,
    });
    this.#connections.push(connection);
    return connection;
  }

  #subscribe(connection: LoadConnection, index: number): Promise<void> {
    const { protocolVersion, subscriberQos, qos, share } = this.#flags;
    const own = this.#topic(index % this.#groups);
    const topic = this.#isMixed ? `${own}/#` : own;
    const packet: SubscribePacket = {
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [
        {
          topicFilter: share === undefined ? topic : `$share/${share}/${topic}`,
          qos: subscriberQos ?? qos,
          noLocal: false,
          retainAsPublished: false,
          retainHandling: 0,
        },
      ],
    };
    return new Promise((resolve, reject) => {
      connection.receiver = {
        packet: (firstByte, bytes, bodyStart, end) => {
          if (firstByte >> 4 !== SUBACK_TYPE) return;
          const suback = decodePacket(firstByte, bytes, bodyStart, end, protocolVersion);
          const [code = 0x80] = suback.type === "suback" ? suback.reasonCodes : [];
          if (code < 0x80) resolve();
          else reject(new CommandError(`the server refused to subscribe (0x${code.toString(16)})`));
        },
        chunkEnded: () => {},
        drained: () => {},
        lost: (reason) => reject(new CommandError(reason)),
      };
      connection.write(encodePacket(packet, protocolVersion));
    });
  }

  #view(): SubscriberView {
    return {
      hasProperties: this.#flags.protocolVersion === 5,
      mark: this.#mark,
      publisherCount: this.#flags.publishers,
      publishers: this.#publishers,
      groups: this.#groups,
      isAlone: this.#flags.share === undefined,
      dirty: this.#dirty,
      pumpDirty: () => this.#pumpDirty(),
    };
  }

  #pumpDirty(): void {
    const dirty = this.#dirty;
    for (let index = 0; index < dirty.length; index += 1) dirty[index]?.pump();
    dirty.length = 0;
  }

  #addPublisher(index: number, connection: LoadConnection, budget: { left: number }): void {
    const { qos, size, protocolVersion, window } = this.#flags;
    const properties = messageProperties(this.#flags);
    const topics = this.#topicsOf(index % this.#groups);
    const template: MessageTemplate = {
      // The longest, for what is the largest packet.
      topic: topics.at(-1) ?? "",
      qos,
      payloadBytes: size.most,
      version: protocolVersion,
      publisher: index,
      mark: this.#mark,
      ...(properties === undefined ? {} : { properties }),
    };
    // All publishers are told the same.
    if (index === 0) requireSmallEnough(template, connection.connack);
    const quota = connection.connack.properties?.receiveMaximum ?? QUOTA_WITHOUT_LIMIT;
    const pace: PublisherPace = {
      window,
      quota: Math.min(quota, QUOTA_WITHOUT_LIMIT),
      receivers: this.receiversOf(index),
      timetable: this.#timetable(index),
      budget,
    };
    const isAlike = !this.#isMixed && size.least === size.most;
    const mix = isAlike ? undefined : { topics, payloadBytesMin: size.least };
    const publisher = new LoadPublisher(connection, { template, mix }, pace, this.statistics);
    this.#publishers.push(publisher);
  }

  /** The publishers take turns, evenly spread over time. */
  #timetable(index: number): PublisherPace["timetable"] {
    const { rate, publishers } = this.#flags;
    if (rate === undefined) return undefined;
    return { delayMs: (index * 1_000) / rate, intervalMs: (publishers * 1_000) / rate };
  }

  #topicsOf(group: number): string[] {
    const own = this.#topic(group);
    if (!this.#isMixed) return [own];
    return Array.from({ length: this.#topicsOfGroup }, (_, index) => `${own}/${index}`);
  }

  #topic(index: number): string {
    return `${this.#flags.topicPrefix}/${this.#runName}/${index}`;
  }
}

/** Throws `CommandError` if the server has said that it takes no packet as large as these. */
function requireSmallEnough(template: MessageTemplate, { properties }: ConnackPacket): void {
  const packetBytesMax = properties?.maximumPacketSize;
  if (packetBytesMax === undefined) return;
  const { length } = encodedPacket(template);
  if (length <= packetBytesMax) return;
  throw new CommandError(
    `a payload of ${template.payloadBytes} bytes makes packets of ${length} bytes, ` +
      `and the server takes at most ${packetBytesMax}: choose a smaller --size`,
  );
}

function messageProperties(flags: BenchFlags): PublishProperties | undefined {
  const { contentType, userProperties: count } = flags;
  if (contentType === undefined && count === 0) return undefined;
  const userProperties = Array.from({ length: count }, (_, index) => {
    return [`key${index + 1}`, `value${index + 1}`] as const;
  });
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(count === 0 ? {} : { userProperties }),
  };
}

/** Does the work for 0 to `total - 1`, some at a time. */
async function inParallel(total: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < total) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONNECTING_MAX, total) }, worker));
}
