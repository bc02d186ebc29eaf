import { PUBLISH_DENIED } from "./authorizer.ts";
import { encodeUtf8 } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { Router } from "../routing/router.ts";
import type { Subscription } from "../routing/subscription.ts";
import type {
  AccessClient,
  AccessPort,
  PublishPermission,
  SubscribePermission,
} from "./authorizer.ts";
import { PermittedTopics } from "./permitted-topics.ts";
import { keptPermission, RememberedTopics } from "./remembered-topics.ts";

/** Topic Filters whose topics are all allowed alike that are remembered for one client, and looked at before its single topics. */
const FILTERS_MAX = 8;

/** Topics of which it is remembered whether one client may receive them. */
const RECEIVED_MAX = 4_096;

/** What a client may do with the subscriptions of the session that it comes for. */
interface JudgedSubscriptions {
  /** Number of the rules by which that is so. */
  readonly epoch: number;
  readonly permissions: ReadonlyMap<Subscription, SubscribePermission>;
}

/** What one client may do, as far as it was asked. It goes with the connection; a Will keeps that of the connection it is of. */
export class ClientAccess {
  readonly client: AccessClient;
  /** What was found out about the subscriptions that wait for the client, until it has its session. */
  judged: JudgedSubscriptions | undefined;
  readonly #published: RememberedTopics = new RememberedTopics();
  /** Answers that hold for all topics of a filter: most clients have one. */
  readonly #permitted: PermittedTopics[] = [];
  readonly #received: Map<string, boolean> = new Map();
  /** Number of the rules by which it was asked. */
  #epoch = 0;

  constructor(client: AccessClient) {
    this.client = client;
  }

  /** Hot path: whether the client may publish to the topic that the router has read last. False too where that has to be asked first. */
  allows(core: AccessContext, qos: QoS, retain: boolean): boolean {
    const { isAllowed, maximumQos, mayRetain } = this.known(core) ?? this.#askAtOnce(core);
    return isAllowed && qos <= maximumQos && (mayRetain || !retain);
  }

  /** What is remembered of the topic that the router has read last. */
  known(core: AccessContext): Omit<PublishPermission, "topicFilter"> | undefined {
    if (this.#epoch !== core.accessEpoch) this.#forget(core);
    const { levels } = core.router;
    const permitted = this.#permitted;
    // A loop over the list itself takes longer.
    for (let index = 0; index < permitted.length; index += 1) {
      const topics = permitted[index];
      if (topics?.includes(levels) === true) return topics.permission;
    }
    return this.#published.find(levels);
  }

  /** Remembers the answer about a topic, unless the rules have changed since `epoch`. */
  remember(core: AccessContext, topic: string, permission: PublishPermission, epoch: number): void {
    if (epoch !== core.accessEpoch) return;
    if (this.#epoch !== epoch) this.#forget(core);
    const bytes = encodeUtf8(topic);
    const { levels } = core.router;
    if (!levels.read(bytes, 0, bytes.length) || this.known(core) !== undefined) return;
    this.#keep(bytes, levels.digest, permission);
  }

  /** What is remembered of this topic. */
  knownOf(core: AccessContext, topic: string): Omit<PublishPermission, "topicFilter"> | undefined {
    const bytes = encodeUtf8(topic);
    return core.router.levels.read(bytes, 0, bytes.length) ? this.known(core) : undefined;
  }

  /** Whether the client may receive messages of this topic. */
  receives(core: AccessContext, topic: string): boolean {
    if (this.#epoch !== core.accessEpoch) this.#forget(core);
    const known = this.#received.get(topic);
    if (known !== undefined) return known;
    if (this.#received.size >= RECEIVED_MAX) this.#received.clear();
    const answer = core.authorizer?.receive(this.client, topic) === true;
    this.#received.set(topic, answer);
    return answer;
  }

  #askAtOnce(core: AccessContext): PublishPermission {
    const { levels } = core.router;
    const topic = levels.text;
    const permission = core.authorizer?.publishAtOnce(this.client, topic);
    // Not known yet: the general path asks.
    if (permission === undefined) return PUBLISH_DENIED;
    this.#keep(encodeUtf8(topic), levels.digest, permission);
    return permission;
  }

  #keep(topic: Uint8Array, digest: number, permission: PublishPermission): void {
    const { topicFilter } = permission;
    if (topicFilter === undefined || this.#permitted.length >= FILTERS_MAX)
      this.#published.keep(topic, digest, permission);
    else this.#permitted.push(new PermittedTopics(topicFilter, keptPermission(permission)));
  }

  #forget({ accessEpoch }: AccessContext): void {
    this.#epoch = accessEpoch;
    this.#published.clear();
    this.#permitted.length = 0;
    this.#received.clear();
  }
}

/** What this works with. */
export interface AccessContext {
  readonly authorizer: AccessPort | undefined;
  /** Grows with each change of the rules. */
  readonly accessEpoch: number;
  readonly router: Pick<Router, "levels">;
}
