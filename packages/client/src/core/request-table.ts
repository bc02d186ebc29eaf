/**
 * SUBSCRIBE and UNSUBSCRIBE: those that wait for a connection, and those that wait for their answer. They
 * are no part of the Session, so what was unanswered when a connection ended is sent again on the next.
 */
import { ProtocolError } from "@anax/protocol";
import type { PublishPacket, SubackPacket, UnsubackPacket } from "@anax/protocol";
import { packetTooLarge, subscribeFault } from "./capabilities.ts";
import type { ConnectResult } from "./connect-result.ts";
import { MqttQueueFullError } from "./errors.ts";
import type { OutgoingMessages } from "./outgoing.ts";
import type { Output } from "./output.ts";
import type { SubscribeRequest, UnsubscribeRequest } from "./requests.ts";

type Request = SubscribeRequest | UnsubscribeRequest;

/** The SUBSCRIBE and UNSUBSCRIBE requests of a client. */
export class RequestTable {
  readonly #output: Output;
  /** Owns the Packet Identifiers, which messages and requests share. */
  readonly #outgoing: OutgoingMessages;
  readonly #unanswered: Map<number, Request> = new Map();
  #waiting: Request[] = [];
  #server: ConnectResult | undefined;
  /** Subscription Identifiers given in this Session; undefined when it began before this client did. */
  #identifiers: Set<number> | undefined;

  constructor(output: Output, outgoing: OutgoingMessages) {
    this.#output = output;
    this.#outgoing = outgoing;
  }

  /** Sends the request, or lets it wait for a connection; a refusal is told to the request. */
  add(request: Request): void {
    if (this.#server === undefined) this.#waiting.push(request);
    else this.#send(request, this.#server);
  }

  /** A connection is up. */
  connected(server: ConnectResult, isResumed: boolean): void {
    this.#server = server;
    if (!isResumed) this.#identifiers = new Set();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) this.#send(request, server);
  }

  /** The connection is gone; the unanswered wait again, before those that are waiting. */
  disconnected(): void {
    this.#server = undefined;
    for (const identifier of this.#unanswered.keys()) this.#outgoing.giveBackIdentifier(identifier);
    this.#waiting = [...this.#unanswered.values(), ...this.#waiting];
    this.#unanswered.clear();
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
    for (const request of this.#waiting.splice(0)) request.failed(error);
  }

  /** @returns the fault when it answers nothing that was asked for, such as one of an earlier connection that came late */
  suback(packet: SubackPacket): ProtocolError | undefined {
    const request = this.#unanswered.get(packet.packetIdentifier);
    if (request?.type !== "subscribe") return answersNothing(packet);
    const fault = this.#end(packet, request.subscriptions);
    if (fault === undefined) request.acknowledged(packet);
    return fault;
  }

  /** As `suback`. */
  unsuback(packet: UnsubackPacket): ProtocolError | undefined {
    const request = this.#unanswered.get(packet.packetIdentifier);
    if (request?.type !== "unsubscribe") return answersNothing(packet);
    // UNSUBACK of 3.1 and 3.1.1 has no codes.
    const fault = this.#end(packet, this.#output.version === 5 ? request.topicFilters : []);
    if (fault === undefined) request.acknowledged(packet);
    return fault;
  }

  #send(request: Request, server: ConnectResult): void {
    const fault = request.type === "subscribe" ? subscribeFault(request, server) : undefined;
    const packetIdentifier = fault === undefined ? this.#outgoing.lendIdentifier() : 0;
    if (packetIdentifier === 0) {
      request.failed(fault ?? new MqttQueueFullError("all Packet Identifiers are in use"));
      return;
    }
    const error = this.#encode(request, packetIdentifier);
    if (error !== undefined) {
      this.#outgoing.giveBackIdentifier(packetIdentifier);
      request.failed(error);
      return;
    }
    this.#unanswered.set(packetIdentifier, request);
    if (request.type === "subscribe") {
      this.#identifiers?.add(request.properties?.subscriptionIdentifier ?? 0);
    }
  }

  /** Appends the packet; the error if it cannot be sent. */
  #encode(request: Request, packetIdentifier: number): unknown {
    // What is left are the fields of the packet.
    const { acknowledged: _, failed: __, ...fields } = request;
    try {
      const isSent = this.#output.send({ ...fields, packetIdentifier });
      return isSent ? undefined : packetTooLarge(this.#output.maximumPacketSize);
    } catch (error) {
      return error;
    }
  }

  /** One Reason Code for each filter, then it is over; else it is no answer to this request. */
  #end(
    packet: SubackPacket | UnsubackPacket,
    filters: readonly unknown[],
  ): ProtocolError | undefined {
    const { type, packetIdentifier, reasonCodes } = packet;
    if (reasonCodes.length !== filters.length) {
      const counts = `${reasonCodes.length} Reason Codes for ${filters.length} filters`;
      return new ProtocolError(`${type} has ${counts}`);
    }
    this.#remove(packetIdentifier);
    return undefined;
  }

  #remove(packetIdentifier: number): void {
    this.#unanswered.delete(packetIdentifier);
    this.#outgoing.giveBackIdentifier(packetIdentifier);
  }
}

function answersNothing({ type, packetIdentifier }: SubackPacket | UnsubackPacket): ProtocolError {
  return new ProtocolError(`${type} answers nothing (${packetIdentifier})`);
}
