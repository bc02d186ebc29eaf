/** In aedes: the `persistence` option, and what it holds when you change over. */
/**
 * Moves what aedes has stored to Anax: retained messages, and of each device its subscriptions and the messages that
 * wait for it. Devices then come with the Client Identifiers that they have, and go on.
 *
 * `persistence` is what your broker was given (`aedes-persistence`, `-redis`, `-level`, `-mongodb`), once it is ready;
 * take it from a broker that lets nobody in any more: `broker.persistence`.
 */
import type { MqttServer } from "@anax/server";

/** A message as aedes keeps it. */
export interface AedesPacket {
  readonly cmd?: string;
  readonly topic?: string;
  readonly payload?: string | Uint8Array;
  readonly qos?: number;
}

/** A subscription as aedes keeps it. */
export interface AedesSubscription {
  readonly topic: string;
  readonly qos: number;
  readonly rh?: number;
  readonly rap?: boolean | number;
  readonly nl?: boolean | number;
}

/** The part of aedes' persistence that is read, as version 11 and later have it. */
export interface AedesPersistence {
  createRetainedStream(pattern: string): AsyncIterable<AedesPacket>;
  subscriptionsByClient(client: { readonly id: string }): Promise<readonly AedesSubscription[]>;
  outgoingStream(client: { readonly id: string }): AsyncIterable<AedesPacket>;
}

/** How much was moved, and what could not be. */
export interface Moved {
  retained: number;
  sessions: number;
  subscriptions: number;
  messages: number;
  /** One line for each thing that Anax did not take. */
  readonly refused: string[];
}

/**
 * Moves the data. aedes has no list of all its devices: `clientIds` are those that you know. Nothing is removed from
 * aedes, and a device that has a session on the server already is left alone, so this can be done again.
 */
export async function moveData(
  persistence: AedesPersistence,
  server: MqttServer,
  clientIds: Iterable<string>,
): Promise<Moved> {
  const moved: Moved = { retained: 0, sessions: 0, subscriptions: 0, messages: 0, refused: [] };
  await moveRetained(persistence, server, moved);
  for (const clientId of clientIds) await moveSession(persistence, server, clientId, moved);
  return moved;
}

async function moveRetained(
  persistence: AedesPersistence,
  server: MqttServer,
  moved: Moved,
): Promise<void> {
  for await (const packet of persistence.createRetainedStream("#")) {
    const message = messageOf(packet);
    // What aedes says of itself is of no use elsewhere.
    if (message.topic.startsWith("$SYS/")) continue;
    if (await server.retainedMessages.set({ ...message, retain: true })) moved.retained += 1;
    else moved.refused.push(`retained message of ${message.topic}: there is no room`);
  }
}

async function moveSession(
  persistence: AedesPersistence,
  server: MqttServer,
  id: string,
  moved: Moved,
): Promise<void> {
  const subscriptions = await persistence.subscriptionsByClient({ id });
  if (subscriptions.length === 0) return;
  // Of what the program makes, `userName` may say whose it is; without it, it is that of the first user who comes.
  if (!(await server.sessions.create(id))) {
    moved.refused.push(`${id}: has a session already`);
    return;
  }
  moved.sessions += 1;
  await subscribe(server, id, subscriptions, moved);
  for await (const packet of persistence.outgoingStream({ id })) {
    // A PUBREL belongs to a message that the device has; it ends the exchange by itself when it is told that nobody knows it.
    if (packet.cmd === "pubrel") continue;
    const message = messageOf(packet);
    if (await server.sessions.tryEnqueueApplicationMessage(id, message)) moved.messages += 1;
    else moved.refused.push(`${id}: a message to ${message.topic} is over the limits of its queue`);
  }
}

async function subscribe(
  server: MqttServer,
  clientId: string,
  subscriptions: readonly AedesSubscription[],
  moved: Moved,
): Promise<void> {
  const filters = subscriptions.map(({ topic, qos, rap, nl }) => ({
    topicFilter: topic,
    qos: qosOf(qos),
    noLocal: Boolean(nl),
    retainAsPublished: Boolean(rap),
    // The device has had its retained messages when it subscribed.
    retainHandling: 2 as const,
  }));
  const codes = await server.sessions.subscribe(clientId, filters);
  for (const [index, code] of codes.entries()) {
    if (code < 0x80) moved.subscriptions += 1;
    else
      moved.refused.push(
        `${clientId}: ${filters[index]?.topicFilter ?? ""}: 0x${code.toString(16)}`,
      );
  }
}

function messageOf({ topic = "", payload = "", qos = 0 }: AedesPacket): {
  topic: string;
  payload: string | Uint8Array;
  qos: 0 | 1 | 2;
} {
  return { topic, payload, qos: qosOf(qos) };
}

function qosOf(qos: number): 0 | 1 | 2 {
  return qos === 1 || qos === 2 ? qos : 0;
}
