/**
 * What MQTT asks of a server, written down a second time and as plainly as possible: which session is owed
 * which message, and what each packet towards a client may be. It shares nothing with the server but
 * the packets. A packet that must not be there is a `Violation`; what never came is found at the end.
 */
import type { PublishPacket, QoS } from "@anax/protocol";
import { GroupDebt, ModelGroup } from "./model-group.ts";
import type { MemberOptions } from "./model-group.ts";

/** The server did what the specification forbids. */
export class Violation extends Error {
  override readonly name: string = "Violation";
}

/** One time that the server took a message. A PUBLISH of QoS 1 that is sent again is taken again. */
export interface Publication {
  readonly order: number;
  /** Number of the message, which its payload begins with. */
  readonly number: number;
  readonly sender: string;
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
}

export interface ModelSubscription {
  readonly filter: string;
  readonly topicFilter: string;
  readonly shareName: string | undefined;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly identifier: number | undefined;
}

/** A message that one session is to get, or may get. */
export interface Owed {
  readonly publication: Publication;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[];
  /** The filter of the subscription whose retained message this is; undefined for a live one. */
  readonly replayOf: string | undefined;
  isRequired: boolean;
  isSeen: boolean;
}

interface Exchange {
  readonly number: number;
  readonly qos: QoS;
  readonly debt: GroupDebt | undefined;
  /** The connection on which the PUBLISH was seen last. */
  connection: number;
  isReleased: boolean;
}

/** Connection of a client, as far as the rules depend on it. */
export interface ModelConnection {
  readonly number: number;
  readonly version: 3 | 4 | 5;
  /** QoS 1 and 2 messages that may be open. */
  readonly receiveMaximum: number;
  readonly expirySeconds: number;
  readonly will: { number: number; topic: string; qos: QoS; retain: boolean } | undefined;
  /** False while the client reads nothing. */
  isReading: boolean;
}

/** Session State as the specification lists it. */
export class ModelSession {
  readonly clientId: string;
  readonly subscriptions: Map<string, ModelSubscription> = new Map();
  /** QoS 2 identifiers of the client that the server has taken. */
  readonly taken: Set<number> = new Set();
  readonly exchanges: Map<number, Exchange> = new Map();
  owed: Owed[] = [];
  readonly lastInOrder: Map<string, number> = new Map();
  connection: ModelConnection | undefined;
  isResumed = false;
  expirySeconds = 0;
  endsAtMs = Infinity;

  constructor(clientId: string) {
    this.clientId = clientId;
  }
}

const NEVER = 0xffffffff;

export class Model {
  readonly sessions: Map<string, ModelSession> = new Map();
  readonly #retained: Map<string, Publication> = new Map();
  readonly #groups: Map<string, ModelGroup> = new Map();
  readonly #debts: GroupDebt[] = [];
  readonly #queuesQos0: boolean;
  #nowMs = 0;
  #orders = 0;

  constructor(options: { queuesQos0: boolean }) {
    this.#queuesQos0 = options.queuesQos0;
  }

  /** The server took a CONNECT; gives whether CONNACK must say that the session is there. */
  connect(clientId: string, cleanStart: boolean, connection: ModelConnection): boolean {
    this.disconnect(clientId, "broken");
    const older = this.sessions.get(clientId);
    if (older !== undefined && cleanStart) this.end(older);
    const isPresent = older !== undefined && !cleanStart && this.sessions.get(clientId) === older;
    const session = isPresent ? older : new ModelSession(clientId);
    this.sessions.set(clientId, session);
    session.connection = connection;
    session.isResumed = isPresent;
    session.expirySeconds = connection.expirySeconds;
    session.endsAtMs = Infinity;
    return isPresent;
  }

  /** The connection of a client is over; "clean" is DISCONNECT 0x00, which takes the Will away. */
  disconnect(clientId: string, how: "clean" | "broken"): void {
    const session = this.sessions.get(clientId);
    const connection = session?.connection;
    if (session === undefined || connection === undefined) return;
    session.connection = undefined;
    this.#forgetQos0(session);
    if (how === "broken" && connection.will !== undefined) this.publish(clientId, connection.will);
    if (session.expirySeconds === 0) this.end(session);
    else if (session.expirySeconds !== NEVER) {
      session.endsAtMs = this.#nowMs + session.expirySeconds * 1_000;
    }
  }

  /** QoS 0 that has not come by the end of the connection is lost, unless it waits in the queue. */
  #forgetQos0(session: ModelSession): void {
    for (const owed of session.owed) if (owed.qos === 0) owed.isRequired = false;
    if (this.#queuesQos0) return;
    session.owed = session.owed.filter(({ qos, replayOf }) => qos > 0 || replayOf !== undefined);
  }

  /** Time passes; sessions whose time is over end. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    const due = [...this.sessions.values()].filter((session) => session.endsAtMs <= untilMs);
    for (const session of due.toSorted((one, other) => one.endsAtMs - other.endsAtMs)) {
      this.#nowMs = session.endsAtMs;
      this.end(session);
    }
    this.#nowMs = untilMs;
  }

  end(session: ModelSession): void {
    this.sessions.delete(session.clientId);
    for (const filter of Array.from(session.subscriptions.keys()))
      this.unsubscribe(session, filter);
    for (const debt of this.#debts) debt.memberEnded(session);
  }

  subscribe(session: ModelSession, subscription: ModelSubscription): void {
    const { filter, shareName } = subscription;
    const isNew = !session.subscriptions.has(filter);
    session.subscriptions.set(filter, subscription);
    if (shareName !== undefined) return this.#group(subscription).join(session, subscription);
    const { retainHandling } = subscription;
    if (retainHandling === 2 || (retainHandling === 1 && !isNew)) return;
    releaseReplay(session, filter);
    for (const publication of this.#retained.values()) {
      if (matches(subscription.topicFilter, publication.topic)) {
        oweRetained(session, subscription, publication);
      }
    }
  }

  unsubscribe(session: ModelSession, filter: string): void {
    const subscription = session.subscriptions.get(filter);
    if (subscription === undefined) return;
    session.subscriptions.delete(filter);
    if (subscription.shareName === undefined) releaseReplay(session, filter);
    else this.#group(subscription).leave(session);
  }

  #group({ shareName, topicFilter }: ModelSubscription): ModelGroup {
    const key = `${shareName}/${topicFilter}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new ModelGroup(topicFilter);
      this.#groups.set(key, group);
    }
    return group;
  }

  /** The server got a PUBLISH of a client; a QoS 2 one that it has already is no second message [MQTT-4.3.3-10]. */
  take(session: ModelSession, packet: PublishPacket, number: number): void {
    const { topic, qos, retain, packetIdentifier = 0 } = packet;
    if (qos === 2 && session.taken.has(packetIdentifier)) return;
    if (qos === 2) session.taken.add(packetIdentifier);
    this.publish(session.clientId, {
      number,
      topic,
      qos,
      retain,
      isEmpty: packet.payload.length === 0,
    });
  }

  publish(
    sender: string,
    message: { number: number; topic: string; qos: QoS; retain: boolean; isEmpty?: boolean },
  ): void {
    this.#orders += 1;
    const { number, topic, qos, retain } = message;
    const publication: Publication = { order: this.#orders, number, sender, topic, qos, retain };
    if (retain) this.#retain(publication, message.isEmpty === true);
    for (const session of this.sessions.values()) this.#owe(session, publication);
    for (const group of this.#groups.values()) {
      if (group.isEmpty || !matches(group.topicFilter, topic)) continue;
      this.#debts.push(new GroupDebt(publication, group));
    }
  }

  #retain(publication: Publication, isEmpty: boolean): void {
    if (isEmpty) this.#retained.delete(publication.topic);
    else this.#retained.set(publication.topic, publication);
    for (const session of this.sessions.values()) {
      for (const owed of session.owed) {
        if (owed.replayOf !== undefined && owed.publication.topic === publication.topic) {
          owed.isRequired = false;
        }
      }
    }
  }

  #owe(session: ModelSession, publication: Publication): void {
    const matching = [...session.subscriptions.values()].filter(
      ({ shareName, topicFilter, noLocal }) =>
        shareName === undefined &&
        !(noLocal && publication.sender === session.clientId) &&
        matches(topicFilter, publication.topic),
    );
    if (matching.length === 0) return;
    const granted = Math.max(...matching.map(({ qos }) => qos));
    const qos = Math.min(publication.qos, granted) as QoS;
    const { connection } = session;
    if (qos === 0 && connection === undefined && !this.#queuesQos0) return;
    // QoS 0 is owed to nobody, but a client that reads gets it.
    const isRequired = qos > 0 || (connection?.isReading === true && !this.#queuesQos0);
    session.owed.push({
      publication,
      qos,
      retain: publication.retain && matching.some(({ retainAsPublished }) => retainAsPublished),
      identifiers: matching.flatMap(({ identifier }) => identifier ?? []),
      replayOf: undefined,
      isRequired,
      isSeen: false,
    });
  }

  /** A client got a PUBLISH. */
  see(session: ModelSession, packet: PublishPacket, number: number): void {
    const { connection } = session;
    if (connection === undefined) throw new Violation("PUBLISH to a client that is not connected");
    if (packet.qos === 0) {
      this.#claim(session, packet, number);
      return;
    }
    const { packetIdentifier = 0 } = packet;
    const open = session.exchanges.get(packetIdentifier);
    if (open !== undefined) checkAgain(open, packet, number, connection.number);
    else {
      if (packet.duplicate && !session.isResumed) throw new Violation("DUP on the first sending");
      const debt = this.#claim(session, packet, number);
      session.exchanges.set(packetIdentifier, {
        number,
        qos: packet.qos,
        debt,
        connection: connection.number,
        isReleased: false,
      });
    }
    checkReceiveMaximum(session, connection);
  }

  /** Finds what a PUBLISH is the delivery of. */
  #claim(session: ModelSession, packet: PublishPacket, number: number): GroupDebt | undefined {
    const all = session.owed.filter(
      (one) => one.publication.number === number && fits(session, one, packet),
    );
    const owed = all.find(({ isRequired }) => isRequired) ?? all[0];
    if (owed !== undefined) {
      owed.isSeen = true;
      // Nobody can tell which of several sendings of QoS 0 this is, or a retained message from a live one with RETAIN.
      // All messages without a payload have the number 0.
      if (owed.replayOf === undefined && all.length === 1 && !packet.retain && number > 0)
        checkOrder(session, owed);
      return undefined;
    }
    const debt = this.#debtFor(session, packet, number);
    if (debt === undefined) {
      throw new Violation(`${session.clientId} is not owed message ${number} of QoS ${packet.qos}`);
    }
    debt.seenBy(session);
    return debt;
  }

  /** What a group is owed that may be this PUBLISH. */
  #debtFor(session: ModelSession, packet: PublishPacket, number: number): GroupDebt | undefined {
    const ofNumber = this.#debts.filter(({ publication }) => publication.number === number);
    const fitsTo =
      ({ publication }: GroupDebt) =>
      (options: MemberOptions): boolean =>
        fits(session, { ...options, publication, isSeen: false }, packet);
    const debts = ofNumber.filter((one) => one.canBeFor(session, fitsTo(one)));
    const debt = debts.find(({ isMissing }) => isMissing) ?? debts[0];
    if (debt !== undefined) return debt;
    const others = ofNumber.filter((one) => one.mayHaveBeenFor(session, fitsTo(one)));
    return ofNumber.find((free) => others.some((other) => other.exchangeWith(free)));
  }

  /** The server took PUBACK, PUBREC or PUBCOMP of a client. */
  acknowledge(
    session: ModelSession,
    type: "puback" | "pubrec" | "pubcomp",
    identifier: number,
  ): void {
    const exchange = session.exchanges.get(identifier);
    if (exchange === undefined) return;
    if (type === "pubrec") exchange.isReleased = true;
    if (type !== "puback") exchange.debt?.finish();
    if (type === "pubrec") return;
    exchange.debt?.finish();
    session.exchanges.delete(identifier);
  }

  /** The server sent a PUBREL. */
  release(session: ModelSession, identifier: number): void {
    const exchange = session.exchanges.get(identifier);
    if (exchange?.isReleased !== true) throw new Violation(`PUBREL ${identifier} without a PUBREC`);
  }

  /** Everything of QoS 0 that a client that reads was sent has come. */
  checkRead(session: ModelSession): void {
    const missing = session.owed.find(
      (owed) => owed.qos === 0 && owed.isRequired && !owed.isSeen && owed.replayOf === undefined,
    );
    if (missing !== undefined) {
      throw new Violation(`${session.clientId} lost QoS 0 message ${missing.publication.number}`);
    }
    session.owed = session.owed.filter((owed) => !owed.isSeen);
  }

  /** Every client is back and has read and acknowledged all: nothing may be missing. */
  checkAllCame(): void {
    for (const session of this.sessions.values()) {
      const missing = session.owed.find((owed) => owed.qos > 0 && owed.isRequired && !owed.isSeen);
      if (missing === undefined) continue;
      throw new Violation(
        `${session.clientId} lost message ${missing.publication.number} of QoS ${missing.qos}`,
      );
    }
    for (const debt of this.#debts) {
      if (debt.isMissing) throw new Violation(`a group lost message ${debt.publication.number}`);
    }
  }
}

function fits(
  session: ModelSession,
  owed: Pick<Owed, "qos" | "retain" | "identifiers" | "publication" | "isSeen">,
  packet: PublishPacket,
): boolean {
  if (owed.isSeen || owed.qos !== packet.qos || owed.retain !== packet.retain) return false;
  if (owed.publication.topic !== packet.topic) return false;
  if (session.connection?.version !== 5) return true;
  const got = packet.properties?.subscriptionIdentifiers ?? [];
  return (
    got.length === owed.identifiers.length && owed.identifiers.every((one) => got.includes(one))
  );
}

function checkOrder(session: ModelSession, { publication, qos }: Owed): void {
  const key = `${publication.sender} ${publication.topic} ${qos}`;
  const last = session.lastInOrder.get(key) ?? 0;
  if (publication.order < last) {
    throw new Violation(`message ${publication.number} comes to ${session.clientId} out of order`);
  }
  session.lastInOrder.set(key, publication.order);
}

function checkAgain(
  exchange: Exchange,
  packet: PublishPacket,
  number: number,
  connection: number,
): void {
  const identifier = packet.packetIdentifier;
  if (exchange.number !== number || exchange.qos !== packet.qos) {
    throw new Violation(`identifier ${identifier} is in use for another message`);
  }
  if (exchange.connection === connection) {
    throw new Violation(`PUBLISH ${identifier} was sent twice on one connection`);
  }
  if (exchange.isReleased) throw new Violation(`PUBLISH ${identifier} was sent after its PUBREC`);
  if (!packet.duplicate) throw new Violation(`PUBLISH ${identifier} was sent again without DUP`);
  exchange.connection = connection;
}

function checkReceiveMaximum(session: ModelSession, connection: ModelConnection): void {
  let open = 0;
  for (const exchange of session.exchanges.values()) {
    if (exchange.connection === connection.number) open += 1;
  }
  if (open > connection.receiveMaximum) {
    throw new Violation(
      `${open} messages are open, Receive Maximum is ${connection.receiveMaximum}`,
    );
  }
}

function oweRetained(
  session: ModelSession,
  subscription: ModelSubscription,
  publication: Publication,
): void {
  if (subscription.noLocal && publication.sender === session.clientId) return;
  session.owed.push({
    publication,
    qos: Math.min(publication.qos, subscription.qos) as QoS,
    retain: true,
    identifiers: subscription.identifier === undefined ? [] : [subscription.identifier],
    replayOf: subscription.filter,
    isRequired: true,
    isSeen: false,
  });
}

/** What a subscription was still owed of retained messages may come or not. */
function releaseReplay(session: ModelSession, filter: string): void {
  for (const owed of session.owed) if (owed.replayOf === filter) owed.isRequired = false;
}

/** Whether a filter matches a topic, level by level; the simulation has no `$` topics. */
export function matches(topicFilter: string, topic: string): boolean {
  const filterLevels = topicFilter.split("/");
  const levels = topic.split("/");
  for (const [index, level] of filterLevels.entries()) {
    if (level === "#") return levels.length >= index;
    if (index >= levels.length || (level !== "+" && level !== levels[index])) return false;
  }
  return filterLevels.length === levels.length;
}
