/**
 * SUBSCRIBE and UNSUBSCRIBE: those that wait for a connection, and those that wait for their answer. They
 * are no part of the Session, so what was unanswered when a connection ended is sent again on the next.
 *
 * The server may have ended the connection because of one of these. So they are sent one by one then, and the one that has seen
 * `CONNECTIONS_MAX` connections end is given up, while the others go on.
 */
import { ProtocolError } from "@anax/protocol";
import type {
  PublishPacket,
  SubackPacket,
  SubscribePacket,
  UnsubackPacket,
  UnsubscribePacket,
} from "@anax/protocol";
import { packetTooLarge, subscribeFault } from "./capabilities.ts";
import type { ConnectResult } from "./connect-result.ts";
import { MqttDisconnectedError, MqttQueueFullError } from "./errors.ts";
import type { OutgoingMessages } from "./outgoing.ts";
import type { Output } from "./output.ts";
import type { SubscribeRequest, UnsubscribeRequest } from "./requests.ts";

type Request = SubscribeRequest | UnsubscribeRequest;

/** That so many connections end right after the same packet is no chance. */
const CONNECTIONS_MAX = 3;

/** A request on its way. */
interface Entry {
  readonly request: Request;
  /** The Topic Filters that were sent last. */
  topicFilters: readonly string[];
  /** Connections that ended before the answer. */
  endedConnections: number;
}

/** The SUBSCRIBE and UNSUBSCRIBE requests of a client. */
export class RequestTable {
  readonly #output: Output;
  /** Owns the Packet Identifiers, which messages and requests share. */
  readonly #outgoing: OutgoingMessages;
  readonly #unanswered: Map<number, Entry> = new Map();
  #waiting: Entry[] = [];
  /** Whether one that a connection may have ended for is unanswered. */
  #isProbing = false;
  #server: ConnectResult | undefined;
  /** Subscription Identifiers given in this Session; undefined when it began before this client did. */
  #identifiers: Set<number> | undefined;

  constructor(output: Output, outgoing: OutgoingMessages) {
    this.#output = output;
    this.#outgoing = outgoing;
  }

  /** Sends the request, or lets it wait for a connection; a refusal is told to the request. */
  add(request: Request): void {
    this.#waiting.push({ request, topicFilters: [], endedConnections: 0 });
    this.#pump();
  }

  /** A connection is up. */
  connected(server: ConnectResult, isResumed: boolean): void {
    this.#server = server;
    if (!isResumed) this.#identifiers = new Set();
    this.#pump();
  }

  /** The connection is gone; the unanswered wait again, before those that are waiting. */
  disconnected(): void {
    this.#server = undefined;
    this.#isProbing = false;
    const unanswered = [...this.#unanswered];
    this.#unanswered.clear();
    const again: Entry[] = [];
    for (const [identifier, entry] of unanswered) {
      this.#outgoing.giveBackIdentifier(identifier);
      entry.endedConnections += 1;
      if (entry.endedConnections < CONNECTIONS_MAX) again.push(entry);
      else entry.request.failed(endsConnections(entry));
    }
    this.#waiting = [...again, ...this.#waiting];
  }

  /** @throws ProtocolError for a Subscription Identifier that was never given */
  requireGiven({ properties }: PublishPacket): void {
    const isForeign = (identifier: number) => this.#identifiers?.has(identifier) === false;
    if (properties?.subscriptionIdentifiers?.some(isForeign)) {
      throw new ProtocolError("Subscription Identifier was never given");
    }
  }

  /** Nobody will wait any longer. */
  abandon(error: unknown): void {
    for (const { request } of this.#waiting.splice(0)) request.failed(error);
  }

  /** @returns the fault when it answers nothing that was asked for, such as one of an earlier connection that came late */
  suback(packet: SubackPacket): ProtocolError | undefined {
    const entry = this.#unanswered.get(packet.packetIdentifier);
    if (entry?.request.type !== "subscribe") return answersNothing(packet);
    const fault = this.#end(packet, entry.topicFilters.length);
    if (fault === undefined) entry.request.acknowledged(packet, entry.topicFilters);
    return fault;
  }

  /** As `suback`. */
  unsuback(packet: UnsubackPacket): ProtocolError | undefined {
    const entry = this.#unanswered.get(packet.packetIdentifier);
    if (entry?.request.type !== "unsubscribe") return answersNothing(packet);
    // UNSUBACK of 3.1 and 3.1.1 has no codes.
    const fault = this.#end(packet, this.#output.version === 5 ? entry.topicFilters.length : 0);
    if (fault === undefined) entry.request.acknowledged(packet);
    return fault;
  }

  /** Sends what may go by now. */
  #pump(): void {
    while (this.#server !== undefined && !this.#isProbing) {
      const [entry] = this.#waiting;
      if (entry === undefined) return;
      const isSuspect = entry.endedConnections > 0;
      if (isSuspect && this.#unanswered.size > 0) return;
      this.#waiting.shift();
      this.#isProbing = this.#send(entry, this.#server) && isSuspect;
    }
  }

  /** Sends the request; false when it was not sent, which the request has been told if somebody waits. */
  #send(entry: Entry, server: ConnectResult): boolean {
    const { request } = entry;
    const packet = packetOf(request, server);
    const filters = topicFiltersOf(packet);
    if (filters.length === 0) return false;
    entry.topicFilters = filters;
    const fault = packet.type === "subscribe" ? subscribeFault(packet, server) : undefined;
    const packetIdentifier = fault === undefined ? this.#outgoing.lendIdentifier() : 0;
    if (packetIdentifier === 0) {
      request.failed(fault ?? new MqttQueueFullError("all Packet Identifiers are in use"));
      return false;
    }
    const error = this.#encode({ ...packet, packetIdentifier });
    if (error !== undefined) {
      this.#outgoing.giveBackIdentifier(packetIdentifier);
      request.failed(error);
      return false;
    }
    this.#unanswered.set(packetIdentifier, entry);
    if (packet.type === "subscribe") {
      this.#identifiers?.add(packet.properties?.subscriptionIdentifier ?? 0);
    }
    return true;
  }

  /** Appends the packet; the error if it cannot be sent. */
  #encode(packet: SubscribePacket | UnsubscribePacket): unknown {
    try {
      const isSent = this.#output.send(packet);
      return isSent ? undefined : packetTooLarge(this.#output.maximumPacketSize);
    } catch (error) {
      return error;
    }
  }

  /** One Reason Code for each filter, then it is over; else it is no answer to this request. */
  #end(packet: SubackPacket | UnsubackPacket, filters: number): ProtocolError | undefined {
    const { type, packetIdentifier, reasonCodes } = packet;
    if (reasonCodes.length !== filters) {
      const counts = `${reasonCodes.length} Reason Codes for ${filters} filters`;
      return new ProtocolError(`${type} has ${counts}`);
    }
    this.#unanswered.delete(packetIdentifier);
    this.#outgoing.giveBackIdentifier(packetIdentifier);
    this.#isProbing = false;
    this.#pump();
    return undefined;
  }
}

/** A packet that has yet to get its Packet Identifier. */
type Unnumbered =
  | Omit<SubscribePacket, "packetIdentifier">
  | Omit<UnsubscribePacket, "packetIdentifier">;

function packetOf(request: Request, server: ConnectResult): Unnumbered {
  if (request.type === "subscribe") return { type: "subscribe", ...request.fields(server) };
  const { type, topicFilters, properties } = request;
  return { type, topicFilters, ...(properties && { properties }) };
}

function topicFiltersOf(packet: Unnumbered): readonly string[] {
  if (packet.type === "unsubscribe") return packet.topicFilters;
  return packet.subscriptions.map(({ topicFilter }) => topicFilter);
}

function endsConnections({ request, topicFilters }: Entry): MqttDisconnectedError {
  const what = `${request.type.toUpperCase()} of ${topicFilters.join(" ")}`;
  const why = `${CONNECTIONS_MAX} connections ended before its answer`;
  return new MqttDisconnectedError(`${what} was given up: ${why}`);
}

function answersNothing({ type, packetIdentifier }: SubackPacket | UnsubackPacket): ProtocolError {
  return new ProtocolError(`${type} answers nothing (${packetIdentifier})`);
}
