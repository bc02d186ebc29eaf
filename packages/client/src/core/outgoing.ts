/**
 * Messages on their way to the server: what waits, what is in flight, and what is sent again when a
 * Session resumes. It outlives Network Connections.
 *
 * A message waits while there is no connection, while the server's Receive Maximum is used up, and while
 * others wait before it; so the order of the caller is kept for each QoS.
 */
import { MqttConfigurationError, SendQuota, Sender } from "@anax/protocol";
import type { PubackPacket, PubcompPacket, PubrecPacket } from "@anax/protocol";
import { packetTooLarge, publishFault, topicAliasFault } from "./capabilities.ts";
import type { ConnectResult } from "./connect-result.ts";
import {
  MqttDisconnectedError,
  MqttNotSupportedError,
  MqttReasonError,
  serverError,
} from "./errors.ts";
import type { Output } from "./output.ts";
import { PublishOutput } from "./publish-output.ts";
import type { PublishAcknowledgement, PublishRequest } from "./requests.ts";
import { WaitingMessages } from "./waiting-messages.ts";
import type { WaitingLimits } from "./waiting-messages.ts";

/** Some identifiers are left for SUBSCRIBE and UNSUBSCRIBE, which must not wait behind messages. */
const IN_FLIGHT_MAX = 65_000;

/** While so much waits for a slow connection, further messages stay in the queue, which is limited. */
const OUTPUT_BYTES_HIGH = 1_048_576;

/** Limits of what the client holds for the server. */
export interface OutgoingLimits extends WaitingLimits {
  /** Topic Aliases to use at most, when the server offers any; 0 uses none of our own accord. */
  readonly topicAliasesMax: number;
}

/** Messages on their way to the server. */
export class OutgoingMessages {
  readonly #output: Output;
  readonly #topicAliasesMax: number;
  readonly #sender: Sender<PublishRequest> = new Sender();
  readonly #quota: SendQuota = new SendQuota();
  readonly #waiting: WaitingMessages;
  #publishOutput: PublishOutput;
  /** Undefined while there is no connection. */
  #server: ConnectResult | undefined;
  /** Identifiers of QoS 1 messages that ended with the Session: their PUBACK may still come, for whatever has the identifier now. */
  readonly #lateIdentifiers: Set<number> = new Set();
  /** In-flight messages of an earlier connection that this one has yet to repeat. */
  #repetitions: PublishRequest[] = [];
  /**
   * What the caller's Topic Aliases stand for. A message takes its topic from here when it is published, because it
   * may be sent on a later connection, where the alias means nothing.
   */
  readonly #callersAliases: Map<number, string> = new Map();

  constructor(output: Output, limits: OutgoingLimits) {
    this.#output = output;
    this.#topicAliasesMax = limits.topicAliasesMax;
    this.#publishOutput = new PublishOutput(output, 0, 0);
    this.#waiting = new WaitingMessages(limits);
  }

  /** How many messages wait to be sent. */
  get waiting(): number {
    return this.#waiting.length + this.#repetitions.length;
  }

  /** How many QoS 1 and 2 exchanges are open. */
  get inFlight(): number {
    return this.#sender.inFlight;
  }

  /** Whether a QoS 0 message would leave at once. */
  get isOpen(): boolean {
    return (
      this.#server !== undefined &&
      this.#waiting.length === 0 &&
      this.#output.length < OUTPUT_BYTES_HIGH
    );
  }

  /** Sends the message, or lets it wait for its turn; a refusal is told to the request. */
  publish(request: PublishRequest): void {
    const fault = this.#resolveTopicAlias(request);
    if (fault !== undefined) request.failed(fault);
    else if (this.isOpen && this.#hasQuota(request)) this.#send(request);
    else {
      const full = this.#waiting.push(request);
      if (full !== undefined) request.failed(full);
    }
  }

  /** Nobody waits for this message any more: it is not sent if it was not, nor begun anew. */
  giveUp(request: PublishRequest): void {
    request.isAbandoned = true;
    this.#waiting.giveUp(request);
  }

  /** Gives the message its topic if an alias stands for it; the error if it stands for none. */
  #resolveTopicAlias(request: PublishRequest): Error | undefined {
    const alias = request.properties?.topicAlias;
    if (alias === undefined) return undefined;
    if (request.topic !== "") this.#callersAliases.set(alias, request.topic);
    const topic = this.#callersAliases.get(alias);
    if (topic === undefined) {
      return new MqttConfigurationError(`Topic Alias ${alias} stands for no topic yet`);
    }
    request.topic = topic;
    return topicAliasFault(alias, this.#server);
  }

  /** Sends what may go by now. */
  pump(): void {
    if (this.#server === undefined) return;
    while (this.#repetitions.length > 0 && this.#quota.take()) this.#repeat();
    while (this.#output.length < OUTPUT_BYTES_HIGH) {
      const request = this.#waiting.peek();
      if (request === undefined || !this.#hasQuota(request)) return;
      this.#send(request);
      this.#waiting.shift();
    }
  }

  /** A connection is up. What the server still knows is sent again, the rest is begun anew. */
  connected(server: ConnectResult, isResumed: boolean): void {
    this.#server = server;
    this.#quota.reset(server.receiveMaximum);
    const { topicAliasMaximum } = server;
    this.#publishOutput = new PublishOutput(this.#output, topicAliasMaximum, this.#topicAliasesMax);
    if (isResumed) this.#resume();
    else this.discard();
  }

  /** The connection is gone; what is in flight stays for the next one. */
  disconnected(): void {
    this.#lateIdentifiers.clear();
    this.#server = undefined;
    this.#repetitions = [];
  }

  /**
   * Nobody will wait any longer. What is in flight stays known, because the server may still
   * know it when a later connection resumes the Session.
   */
  abandon(error: unknown): void {
    for (const { item } of this.#sender.resume()) {
      if (item !== undefined) abandonRequest(item, error);
    }
    for (const request of this.#waiting.takeAll()) abandonRequest(request, error);
  }

  /**
   * The server has no Session, so ours is void [MQTT-3.2.2-5]. A QoS 1 message is asked for anew: to be delivered
   * twice is within its promise, to be lost is not. A QoS 2 message cannot be: its caller decides.
   */
  discard(): void {
    const again: PublishRequest[] = [];
    for (const { identifier, state, item } of this.#sender.resume()) {
      if (state === "awaitingPuback") this.#lateIdentifiers.add(identifier);
      if (item === undefined || item.isAbandoned) continue;
      item.duplicate = false;
      if (item.qos === 1) again.push(item);
      else item.failed(new MqttDisconnectedError("the Session was lost"));
    }
    this.#sender.clear();
    if (again.length > 0) this.#waiting.prepend(again);
  }

  /** Takes an identifier for SUBSCRIBE or UNSUBSCRIBE; 0 if all are in use. */
  lendIdentifier(): number {
    return this.#sender.lend();
  }

  /** Gives it back. */
  giveBackIdentifier(identifier: number): void {
    this.#sender.giveBack(identifier);
  }

  /** PUBACK ends a QoS 1 exchange; one that nobody waits for is of no effect. */
  puback(packet: PubackPacket): void {
    const { packetIdentifier } = packet;
    if (this.#sender.puback(packetIdentifier)) this.#finish(packet);
    else if (this.#sender.state(packetIdentifier) === "awaitingPubrec") {
      const isLate = this.#lateIdentifiers.delete(packetIdentifier);
      if (!isLate) this.#endWithoutQos2(packetIdentifier);
    }
  }

  /** PUBREC is answered by PUBREL, or ends the exchange if it refuses [MQTT-4.3.3-4]. */
  pubrec(packet: PubrecPacket): void {
    const { packetIdentifier, reasonCode } = packet;
    const result = this.#sender.pubrec(packetIdentifier, reasonCode);
    if (result === "release" && (reasonCode !== 0 || packet.properties !== undefined)) {
      const request = this.#sender.item(packetIdentifier);
      if (request !== undefined) request.pubrec = packet;
    }
    if (result === "finished") this.#finish(packet);
    else if (reasonCode < 0x80) this.#release(packetIdentifier, result === "release" ? 0 : 0x92);
  }

  /** PUBCOMP ends a QoS 2 exchange; one that nobody waits for is of no effect. */
  pubcomp(packet: PubcompPacket): void {
    if (this.#sender.pubcomp(packet.packetIdentifier)) this.#finish(packet);
  }

  /** Servers without QoS 2 answer it by PUBACK, and PUBREC never comes. */
  #endWithoutQos2(packetIdentifier: number): void {
    this.#sender.pubrec(packetIdentifier, 0x80);
    this.#quota.giveBack();
    const request = this.#sender.finished;
    this.#sender.finished = undefined;
    const message = "the server answered QoS 2 by PUBACK, as if it were QoS 1: publish with QoS 1";
    request?.failed(new MqttNotSupportedError(message, { reasonCode: 0x9b }));
  }

  /** 0x92, Packet Identifier not found, helps a server to end an exchange that the client has forgotten. */
  #release(packetIdentifier: number, reasonCode: 0 | 0x92): void {
    this.#output.send({ type: "pubrel", packetIdentifier, reasonCode });
  }

  #finish(packet: NonNullable<PublishAcknowledgement>): void {
    this.#quota.giveBack();
    const request = this.#sender.finished;
    this.#sender.finished = undefined;
    if (request === undefined) return;
    if (packet.reasonCode < 0x80) request.acknowledged(withPubrec(request.pubrec, packet));
    else if (packet.type === "pubcomp" && request.duplicate && packet.reasonCode === 0x92) {
      // The server had it all when it lost sight of the exchange; 0x92 is no error then [3.7.2.1].
      request.acknowledged(withPubrec(request.pubrec, { ...packet, reasonCode: 0 }));
    } else {
      const what = `refused the message to ${request.topic}`;
      request.failed(serverError(MqttReasonError, what, packet));
    }
  }

  /** New messages also wait behind those that are to be repeated. */
  #hasQuota(request: PublishRequest): boolean {
    if (request.qos === 0) return true;
    return (
      this.#quota.available > 0 &&
      this.#repetitions.length === 0 &&
      this.#sender.inFlight < IN_FLIGHT_MAX
    );
  }

  #send(request: PublishRequest): void {
    const fault = this.#server === undefined ? undefined : publishFault(request, this.#server);
    if (fault !== undefined) request.failed(fault);
    else if (request.qos !== 0) this.#sendAndExpect(request, request.qos);
    else if (this.#encode(request)) request.acknowledged(undefined);
  }

  #sendAndExpect(request: PublishRequest, qos: 1 | 2): void {
    const identifier = this.#sender.begin(qos, request);
    request.packetIdentifier = identifier;
    if (this.#encode(request)) {
      this.#quota.take();
      return;
    }
    // Nothing was sent, so the exchange ends before it began.
    if (qos === 1) this.#sender.puback(identifier);
    else this.#sender.pubrec(identifier, 0x80);
    this.#sender.finished = undefined;
  }

  /** Appends the packet; false when it cannot be sent, which the request has been told. */
  #encode(request: PublishRequest): boolean {
    try {
      if (this.#publishOutput.send(request)) return true;
      request.failed(packetTooLarge(this.#output.maximumPacketSize));
    } catch (error) {
      request.failed(error);
    }
    return false;
  }

  /** Sends the first of the repetitions; its quota has been taken. */
  #repeat(): void {
    const request = this.#repetitions.shift();
    if (request === undefined) return;
    // A strange server may have acknowledged it before it was repeated.
    if (this.#sender.item(request.packetIdentifier) !== request) {
      this.#quota.giveBack();
      return;
    }
    request.duplicate = true;
    const fault = this.#server === undefined ? undefined : publishFault(request, this.#server);
    if (fault !== undefined) request.failed(fault);
    else if (this.#encode(request)) return;
    this.#endExchange(request);
  }

  /**
   * This server does not take what an earlier one was sent, so the exchange ends. At QoS 2 it may know the identifier, and
   * would take another message for the same: PUBREL has it forget.
   */
  #endExchange({ packetIdentifier, qos }: PublishRequest): void {
    if (qos === 1) {
      this.#sender.puback(packetIdentifier);
      this.#sender.finished = undefined;
      this.#quota.giveBack();
      return;
    }
    this.#sender.pubrec(packetIdentifier, 0);
    this.#sender.replaceItem(packetIdentifier, undefined);
    this.#release(packetIdentifier, 0);
  }

  /** PUBREL goes at once, it never waits for the quota; PUBLISH in its first order [MQTT-4.6.0-1]. */
  #resume(): void {
    for (const { identifier, state, item } of this.#sender.resume()) {
      if (state === "awaitingPubcomp") {
        this.#quota.takeForPubrel();
        if (item !== undefined) item.duplicate = true;
        this.#release(identifier, 0);
      } else if (item !== undefined) this.#repetitions.push(item);
    }
  }
}

/** Whether anybody has subscribed is told by PUBREC, so the caller gets what both have said. */
function withPubrec(
  pubrec: PubrecPacket | undefined,
  packet: NonNullable<PublishAcknowledgement>,
): NonNullable<PublishAcknowledgement> {
  if (pubrec === undefined) return packet;
  const userProperties = [pubrec, packet].flatMap(
    ({ properties }) => properties?.userProperties ?? [],
  );
  const properties = {
    ...pubrec.properties,
    ...packet.properties,
    ...(userProperties.length > 0 ? { userProperties } : {}),
  };
  return { ...packet, reasonCode: packet.reasonCode || pubrec.reasonCode, properties };
}

function abandonRequest(request: PublishRequest, error: unknown): void {
  if (request.isAbandoned) return;
  request.isAbandoned = true;
  request.failed(error);
}
