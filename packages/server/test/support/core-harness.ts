import type {
  ConnectPacket,
  Packet,
  PublishPacket,
  QoS,
  SubscriptionRequest,
} from "@anax/protocol";
import type { ApplicationMessage } from "../../src/core/message/application-message.ts";
import { CORE_DEFAULTS } from "../../src/core/core-options.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { DeliveryNotices } from "../../src/core/owed/delivery-notices.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import type { Pending } from "../../src/core/pending.ts";
import type { Published } from "../../src/core/message/published.ts";
import { ServerCore } from "../../src/core/server-core.ts";
import type { Peer } from "../../src/core/wire.ts";
import type { CorePorts } from "../../src/core/core-ports.ts";
import { ScriptedPeer } from "./scripted-peer.ts";
import type { PacketOf } from "./scripted-peer.ts";
import { ScriptedWire } from "./scripted-wire.ts";

/** More turns than any finite work needs. */
const TURNS_MAX = 10_000;

/**
 * A server core on virtual time, with peers in memory: what the driver does with sockets, timers and
 * promises, done at once and in a fixed order. After each step of a test everything is settled: output
 * is written, ended connections are closed, deadlines that have come are met.
 */
export class CoreHarness {
  readonly core: ServerCore;
  /** What the core reported as a defect of its own. */
  readonly reports: unknown[] = [];
  /** What the core has warned of. */
  readonly warnings: object[] = [];
  /** Called at the end of a turn in which the core asked for a commit. */
  afterTurn: (() => void) | undefined;
  /** How far the clock goes on with each look at it while the core is at work. */
  msPerLook = 0;
  #elapsedMs = 0;
  #isCommitRequested = false;
  readonly #peers: Set<ScriptedPeer> = new Set();
  #isFlushRequested = false;
  #clientIds = 0;

  /** `ports`: of what the harness does without, such as who is told of strangers. */
  constructor(
    options: Partial<CoreOptions> = {},
    hooks: Hooks = {},
    notices?: DeliveryNotices,
    ports: Pick<
      CorePorts,
      "authorizer" | "budget" | "holdOff" | "peers" | "rateLimits" | "refused" | "stranger"
    > = {},
  ) {
    this.core = new ServerCore(
      { ...CORE_DEFAULTS, ...options },
      {
        hooks,
        notices,
        requestCommit: () => {
          this.#isCommitRequested = true;
        },
        requestFlush: () => {
          if (this.#isFlushRequested) throw new Error("a flush was asked for twice");
          this.#isFlushRequested = true;
        },
        currentMs: () => (this.#elapsedMs += this.msPerLook),
        readClocks: () => ({
          serverMs: this.core.now,
          wallMs: this.core.now,
          bootId: "",
          uptimeMs: 0,
        }),
        newClientId: () => `assigned-${++this.#clientIds}`,
        report: (error) => this.reports.push(error),
        warn: (message, fields) => this.warnings.push({ message, ...fields }),
        ...ports,
      },
    );
    this.core.now = 1_800_000_000_000;
  }

  /** A Network Connection on which nothing was sent. */
  open(version: 3 | 4 | 5 = 5, peerFields: Partial<Peer> = {}): ScriptedPeer {
    const wire = new ScriptedWire();
    const { core } = this;
    const connection = core.open(wire, { transport: "memory", secure: false, ...peerFields });
    const peer = new ScriptedPeer({ core, connection, wire, version, settle: () => this.settle() });
    this.#peers.add(peer);
    return peer;
  }

  /** A client that has sent CONNECT. */
  connecting(
    clientId: string,
    fields: Partial<ConnectPacket> = {},
    peerFields: Partial<Peer> = {},
  ): ScriptedPeer {
    const packet = connectPacket({ clientId, ...fields });
    const peer = this.open(packet.protocolVersion, peerFields);
    peer.send(packet);
    return peer;
  }

  /** A client that was let in; its CONNACK is taken. */
  connect(
    clientId: string,
    fields: Partial<ConnectPacket> = {},
    peerFields: Partial<Peer> = {},
  ): ScriptedPeer {
    return this.connectWith(clientId, fields, peerFields).peer;
  }

  /** As `connect`, with the CONNACK. */
  connectWith(
    clientId: string,
    fields: Partial<ConnectPacket> = {},
    peerFields: Partial<Peer> = {},
  ): { peer: ScriptedPeer; connack: PacketOf<"connack"> } {
    const peer = this.connecting(clientId, fields, peerFields);
    const [connack, ...rest] = peer.receive();
    if (connack?.type !== "connack" || connack.reasonCode !== 0) {
      throw new Error(`${clientId} was not let in: ${JSON.stringify(connack)}`);
    }
    // What followed CONNACK is still to be seen by the test.
    peer.wire.arrived.unshift(...rest.map((packet) => peer.encode(packet)));
    return { peer, connack };
  }

  /** Lets time pass; what comes due on the way is done at its own time. */
  advance(ms: number): void {
    const endMs = this.core.now + ms;
    while (this.core.nextDeadline <= endMs) {
      this.core.now = Math.max(this.core.now, this.core.nextDeadline);
      this.core.runDeadlines();
      this.settle();
    }
    this.core.now = endMs;
    this.settle();
  }

  /** Publishes from the server itself; the outcome must be there at once. */
  inject(message: Partial<ApplicationMessage> & { topic: string }): Published {
    let published: Published | undefined;
    const whole = { payload: new Uint8Array(0), qos: 0, retain: false, ...message } as const;
    const failed = (error: unknown): void => {
      throw error;
    };
    this.core.shortCuts.update();
    this.core.inject(
      whole,
      {},
      (outcome) => {
        published = outcome;
      },
      failed,
    );
    this.settle();
    if (published === undefined) throw new Error("the message waits for a handler");
    return published;
  }

  /** Turns of the loop until nothing is left to do. */
  settle(): void {
    // A test may have changed the handlers.
    this.core.shortCuts.update();
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      for (const peer of this.#peers) this.#serve(peer);
      if (!this.#isFlushRequested && !this.#isCommitRequested) return;
      this.turn();
      if (this.#isCommitRequested) {
        this.#isCommitRequested = false;
        this.afterTurn?.();
      }
    }
    throw new Error(`${TURNS_MAX} turns, and still something to do`);
  }

  /** The turn of the loop that is going on takes so long, and nothing is read meanwhile. */
  delay(ms: number): void {
    this.core.now += ms;
    this.#elapsedMs += ms;
  }

  /** The end of one turn of the loop, if anything waits for it. */
  turn(): void {
    if (!this.#isFlushRequested) return;
    this.#isFlushRequested = false;
    this.core.flush();
  }

  #serve(peer: ScriptedPeer): void {
    peer.pass();
    if (peer.isClosed) this.#peers.delete(peer);
    if (peer.isClosed || !peer.isEnded || peer.wire.isCongested) return;
    peer.isClosed = true;
    this.core.closed(peer.connection);
  }
}

/** A CONNECT of MQTT 5.0 with Clean Start and no Keep Alive, unless `fields` say otherwise. */
export function connectPacket(
  fields: Partial<ConnectPacket> & { clientId: string },
): ConnectPacket {
  return { type: "connect", protocolVersion: 5, cleanStart: true, keepAliveSeconds: 0, ...fields };
}

/** CONNECT fields of a session that outlives its connection. */
export function lasting(seconds = 3_600): Partial<ConnectPacket> {
  return { cleanStart: false, properties: { sessionExpiryIntervalSeconds: seconds } };
}

/** A PUBLISH of QoS 0 with a text as payload, unless `fields` say otherwise. */
export function publishPacket(
  topic: string,
  text: string,
  fields: Partial<Omit<PublishPacket, "type" | "topic" | "payload">> = {},
): PublishPacket {
  const payload = new TextEncoder().encode(text);
  return { type: "publish", topic, payload, qos: 0, retain: false, duplicate: false, ...fields };
}

/** A SUBSCRIBE; a filter alone asks for QoS 2 and nothing special. */
export function subscribePacket(
  ...filters: readonly (string | (Partial<SubscriptionRequest> & { topicFilter: string }))[]
): PacketOf<"subscribe"> {
  const subscriptions = filters.map((filter): SubscriptionRequest => {
    const plain = {
      qos: 2 as QoS,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0 as const,
    };
    return typeof filter === "string" ? { ...plain, topicFilter: filter } : { ...plain, ...filter };
  });
  return { type: "subscribe", packetIdentifier: 1, subscriptions };
}

/** The client's side of a QoS flow towards it. */
export function acknowledgement(
  type: "puback" | "pubrec" | "pubrel" | "pubcomp",
  packetIdentifier = 0,
  reasonCode = 0,
): Packet {
  return { type, packetIdentifier, reasonCode };
}

/** Subscribes and takes the SUBACK. */
export function subscribe(
  peer: ScriptedPeer,
  ...filters: readonly (string | (Partial<SubscriptionRequest> & { topicFilter: string }))[]
): PacketOf<"suback"> {
  peer.send(subscribePacket(...filters));
  const [suback, ...rest] = peer.receive();
  if (suback?.type !== "suback") throw new Error(`expected SUBACK, got ${JSON.stringify(suback)}`);
  peer.wire.arrived.unshift(...rest.map((packet) => peer.encode(packet)));
  return suback;
}

/** A hook's "not yet", which a test ends when it wants. */
export class Later implements Pending {
  #resume: (() => void) | undefined;

  whenSettled(resume: () => void): void {
    this.#resume = resume;
  }

  /** The handler is done. */
  settle(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
