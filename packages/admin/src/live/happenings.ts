import type { EventRegistration, MqttServer, ServerStatistics } from "@anax/server";

/** Happenings that are kept until they are told; the others are counted. */
const HAPPENINGS_MAX = 100;

/** Something that changed. */
export interface Happening {
  /** `dropped` and `refused` are counts of the last second, the others tell of one client. */
  readonly type:
    | "connected"
    | "disconnected"
    | "subscribed"
    | "unsubscribed"
    | "sessionDeleted"
    | "dropped"
    | "refused";
  /** Unix time. */
  readonly atMs: number;
  readonly clientId?: string;
  readonly userName?: string | undefined;
  readonly topicFilter?: string;
  /** In words, or the Reason Code of DISCONNECT. */
  readonly reason?: string;
  readonly count?: number;
}

/** Gathers what happens while somebody listens: handlers that tell and keep no packet waiting. */
export class Happenings {
  readonly #registrations: readonly EventRegistration[];
  #gathered: Happening[] = [];
  #missed = 0;
  #before: ServerStatistics;

  constructor(server: MqttServer) {
    this.#before = server.statistics;
    this.#registrations = [
      server.on("clientConnected", ({ clientId, userName, peer }) =>
        this.#add({ type: "connected", clientId, userName, reason: peer.remoteAddress ?? "" }),
      ),
      server.on("clientDisconnected", (event) => {
        const { clientId, userName } = event;
        this.#add({ type: "disconnected", clientId, userName, reason: whyOf(event) });
      }),
      server.on("clientSubscribedTopic", ({ clientId, userName, topicFilter: { topicFilter } }) =>
        this.#add({ type: "subscribed", clientId, userName, topicFilter }),
      ),
      server.on("clientUnsubscribedTopic", ({ clientId, userName, topic }) =>
        this.#add({ type: "unsubscribed", clientId, userName, topicFilter: topic }),
      ),
      server.on("sessionDeleted", ({ clientId, userName, cause }) =>
        this.#add({ type: "sessionDeleted", clientId, userName, reason: cause }),
      ),
    ];
  }

  close(): void {
    for (const registration of this.#registrations) registration.dispose();
  }

  /** Compares with the statistics of the last call what only counts. */
  count(now: ServerStatistics): void {
    const before = this.#before;
    this.#before = now;
    const dropped = now.messagesDropped - before.messagesDropped;
    if (dropped > 0) this.#add({ type: "dropped", count: dropped });
    for (const [statistic, reason] of REFUSALS) {
      const count = now[statistic] - before[statistic];
      if (count > 0) this.#add({ type: "refused", count, reason });
    }
  }

  /** What has happened since the last call; undefined if nothing has. */
  take(): { readonly items: readonly Happening[]; readonly missed: number } | undefined {
    if (this.#gathered.length === 0) return undefined;
    const taken = { items: this.#gathered, missed: this.#missed };
    this.#gathered = [];
    this.#missed = 0;
    return taken;
  }

  #add(happening: Omit<Happening, "atMs">): void {
    if (this.#gathered.length >= HAPPENINGS_MAX) this.#missed += 1;
    else this.#gathered.push({ ...happening, atMs: Date.now() });
  }
}

const REFUSALS = [
  ["connectionsRefused", "CONNECT"],
  ["transportsRefused", "limit"],
  ["handshakesFailed", "handshake"],
  ["protocolErrors", "protocol error"],
  ["publishesDenied", "publish"],
  ["subscriptionsDenied", "subscribe"],
] as const;

function whyOf(event: {
  readonly disconnectType: string;
  readonly reasonCode?: number;
  readonly error?: Error;
}): string {
  const { disconnectType, reasonCode, error } = event;
  if (error !== undefined) return error.message;
  if (reasonCode === undefined) return disconnectType;
  return `${disconnectType}, 0x${reasonCode.toString(16).padStart(2, "0")}`;
}
