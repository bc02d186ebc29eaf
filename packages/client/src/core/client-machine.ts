/**
 * An MQTT client without input and output: bytes in, bytes out, events as values, time an argument.
 *
 * It has no socket, no timer and no promise; whoever runs it
 * - calls `start` when a Network Connection is open, and `connectionLost` when it is gone,
 * - gives the bytes that come to `receive`, and sends what `takeOutput` gives,
 * - calls `handleTimeout` at `deadlineMs`,
 * - and after each of these calls deals with `events` and empties it.
 *
 * The machine outlives Network Connections, because the Session does.
 */
import { PlainReader } from "#hot-path";
import {
  ClientKeepAlive,
  Framer,
  MalformedPacketError,
  PeerError,
  ProtocolError,
  decodeServerPacket,
  showValue,
} from "@anax/protocol";
import type {
  AuthPacket,
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  PublishPacket,
  ServerPacket,
} from "@anax/protocol";
import { packetTooLarge } from "./capabilities.ts";
import { connectResult } from "./connect-result.ts";
import type { ConnectResult } from "./connect-result.ts";
import {
  MqttConnectError,
  MqttDisconnectedError,
  MqttServerFaultError,
  MqttTimeoutError,
  serverError,
} from "./errors.ts";
import type { MqttError } from "./errors.ts";
import { IncomingMessages } from "./incoming.ts";
import type { AcknowledgeMode } from "./incoming.ts";
import type { AuthWords, MachineEvent, MachineStatus } from "./machine-event.ts";
import { isOldConnack, oldServerError } from "./old-server.ts";
import { Output } from "./output.ts";
import type { PacketInspector } from "./output.ts";
import { problemInformationFault, requirePacketAllowed } from "./packet-rules.ts";
import { publishHead } from "./publish-head.ts";
import { RequestTable } from "./request-table.ts";
// Behind the table, which a bundle then has right before what is built alike.
import { OutgoingMessages } from "./outgoing.ts";
import type { OutgoingLimits } from "./outgoing.ts";
import type { PublishRequest, SubscribeRequest, UnsubscribeRequest } from "./requests.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** The protocol's own limit: the largest Remaining Length, and the fixed header. */
const PACKET_BYTES_MAX = 268_435_460;
const CONTINUE_AUTHENTICATION = 0x18;
const RECEIVE_MAXIMUM_EXCEEDED = 0x93;
const PUBLISH = 3;
/** What the return codes of CONNACK before MQTT 5.0 are decoded to, by their number. */
const RETURN_CODES: readonly number[] = [0, 0x84, 0x85, 0x88, 0x86, 0x87];

/**
 * A message with many User Properties was made by another client and passed by the server, so it must
 * not cost us the connection, again and again; `maximumPacketSize` is the limit that a client sets.
 */
const DECODE_LIMITS = { userPropertiesMax: 65_536, userPropertyBytesMax: PACKET_BYTES_MAX };

/** How a machine works. */
export interface MachineOptions extends OutgoingLimits {
  /** Who acknowledges messages. */
  readonly acknowledgeMode: AcknowledgeMode;
  /** Whether a fault of the server always ends the connection. */
  readonly isStrict: boolean;
  /** How long the answer to PINGREQ may take, in milliseconds. */
  readonly pingrespTimeoutMs: number;
}

/** An MQTT client without input and output. */
export class ClientMachine {
  /** What happened since it was emptied last. */
  readonly events: MachineEvent[] = [];
  readonly #options: MachineOptions;
  readonly #output: Output = new Output();
  readonly #outgoing: OutgoingMessages;
  readonly #incoming: IncomingMessages;
  readonly #requests: RequestTable;
  readonly #plain: PlainReader;
  #status: MachineStatus = "closed";
  #framer: Framer = new Framer(PACKET_BYTES_MAX);
  #connect: ConnectPacket | undefined;
  #connack: ConnackPacket | undefined;
  #keepAlive: ClientKeepAlive | undefined;
  #isReauthenticating = false;
  /** Faults of the server on this connection that were let pass and told, by their Reason Code and packet type. */
  readonly #told: Set<string> = new Set();
  /** Whether CONNACK was told and `readOn` is awaited. */
  #isHolding = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#outgoing = new OutgoingMessages(this.#output, options);
    this.#incoming = new IncomingMessages(
      this.#output,
      options.acknowledgeMode,
      (fault, mayThrow) => (mayThrow ? this.#tolerate(fault) : this.#tell(fault)),
    );
    this.#requests = new RequestTable(this.#output, this.#outgoing);
    this.#plain = new PlainReader(this.#output, this.#outgoing, this.events);
  }

  /** When `handleTimeout` is to be called, in milliseconds; Infinity for never. */
  get deadlineMs(): number {
    return this.#keepAlive?.deadlineMs ?? Infinity;
  }

  /** Whether a QoS 0 message would go into the output at once. */
  get isOpen(): boolean {
    return this.#outgoing.isOpen;
  }

  /** How many messages wait to be sent. */
  get waitingMessages(): number {
    return this.#outgoing.waiting;
  }

  /** How many bytes wait in the output. */
  get outputBytes(): number {
    return this.#output.length;
  }

  /** How many QoS 1 and 2 messages are sent and not acknowledged. */
  get inFlight(): number {
    return this.#outgoing.inFlight;
  }

  /** Has each packet shown to this function; undefined for none. */
  set inspect(inspect: PacketInspector | undefined) {
    this.#output.inspect = inspect;
  }

  /** Calls this when the application has acknowledged a message, so that the output is looked at. */
  set wake(wake: () => void) {
    this.#output.wake = wake;
  }

  /** A Network Connection is open: the first packet is CONNECT [MQTT-3.1.0-1]. */
  start(connect: ConnectPacket): void {
    this.#connect = connect;
    this.#told.clear();
    this.#output.clear();
    this.#output.version = connect.protocolVersion;
    this.#output.maximumPacketSize = Infinity;
    this.#framer = new Framer(connect.properties?.maximumPacketSize ?? PACKET_BYTES_MAX);
    if (connect.cleanStart) {
      this.#outgoing.discard();
      this.#incoming.discard();
    }
    this.#incoming.connecting(connect);
    this.#status = "connecting";
    this.#output.send(connect);
  }

  /** Bytes came. */
  receive(chunk: Uint8Array, nowMs: number): void {
    if (this.#status === "closed" || this.#status === "closing") return;
    this.#framer.push(chunk);
    this.#keepAlive?.bytesReceived(nowMs);
    this.#read(nowMs);
  }

  /** The Network Connection is gone. */
  connectionLost(): void {
    this.#leave("closed");
    this.#output.clear();
  }

  /** Hands out the bytes to be sent now; undefined when there are none. */
  takeOutput(nowMs: number): Uint8Array | undefined {
    this.#outgoing.pump();
    const bytes = this.#output.take();
    if (bytes !== undefined) this.#keepAlive?.packetSent(nowMs, bytes.length);
    return bytes;
  }

  /** The transport has sent some of what it had too much of. */
  transportDrained(nowMs: number): void {
    this.#keepAlive?.transportDrained(nowMs);
  }

  /** Whether the answer to PINGREQ is overdue, so that `handleTimeout` would close the connection. */
  isServerSilent(nowMs: number): boolean {
    return this.#keepAlive?.isOverdue(nowMs) ?? false;
  }

  /** The time of `deadlineMs` has come; an early call does no harm. */
  handleTimeout(nowMs: number): void {
    const action = this.#keepAlive?.due(nowMs);
    if (action === "ping") this.#output.send({ type: "pingreq" });
    else if (action === "close") {
      const seconds = this.#options.pingrespTimeoutMs / 1_000;
      this.#close(new MqttTimeoutError(`no answer within ${seconds} s to PINGREQ`));
    }
  }

  /** Publishes a message, now or as soon as it may be sent. */
  publish(request: PublishRequest): void {
    this.#outgoing.publish(request);
  }

  /** Nobody waits for this message any more: it is not sent if it was not. */
  giveUp(request: PublishRequest): void {
    this.#outgoing.giveUp(request);
  }

  /** Sends SUBSCRIBE or UNSUBSCRIBE, now or on the next connection. */
  request(request: SubscribeRequest | UnsubscribeRequest): void {
    this.#requests.add(request);
  }

  /** Whether the answer to a PINGREQ is awaited. */
  get isPinging(): boolean {
    return this.#keepAlive?.isAwaiting ?? false;
  }

  /** Sends PINGREQ. When no answer comes in time, the connection is closed, whatever the Keep Alive. */
  ping(nowMs: number): void {
    this.#keepAlive?.pingSent(nowMs);
    this.#output.send({ type: "pingreq" });
  }

  /**
   * Begins a re-authentication [MQTT-4.12.1-1].
   * @throws MqttNotSupportedError when the packet is larger than the server takes
   */
  reauthenticate(words: AuthWords): void {
    this.#sendAuth(0x19, words);
    this.#isReauthenticating = true;
  }

  /**
   * Answers a challenge of the server [MQTT-4.12.0-3].
   * @throws MqttNotSupportedError when the packet is larger than the server takes
   */
  authenticate(words: AuthWords): void {
    this.#sendAuth(CONTINUE_AUTHENTICATION, words);
  }

  /** The server has proved who it is, so the connection that it accepted may be used. */
  acceptServer(nowMs: number): void {
    if (this.#status !== "verifying") return;
    this.#connected(nowMs);
  }

  /** Goes on with what came behind CONNACK; whoever waits for the connection is ready for it now. */
  readOn(nowMs: number): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#read(nowMs);
  }

  /** Ends the connection in order: what may be sent goes first, DISCONNECT is the last packet. */
  disconnect(packet: DisconnectPacket): void {
    if (this.#status === "closed" || this.#status === "closing") return;
    this.#outgoing.pump();
    if (!this.#output.send(packet)) this.#output.send(withoutWords(packet));
    this.#leave("closing");
  }

  /** Tells all requests that nobody will wait any longer. */
  abandon(error: unknown): void {
    this.#outgoing.abandon(error);
    this.#requests.abandon(error);
  }

  #read(nowMs: number): void {
    const framer = this.#framer;
    try {
      while (this.#isReading() && framer.next()) {
        const isRead = this.#status === "connected" && this.#plain.read(framer);
        if (!isRead) this.#readPacket(framer, nowMs);
      }
      framer.release();
    } catch (error) {
      if (!(error instanceof MalformedPacketError || error instanceof ProtocolError)) throw error;
      this.#blame(error);
    }
  }

  /** What comes behind CONNACK stays where it is until the server is verified and `readOn` called. */
  #isReading(): boolean {
    if (this.#isHolding) return false;
    return this.#status === "connected" || this.#status === "connecting";
  }

  #readPacket(framer: Framer, nowMs: number): void {
    try {
      this.#readChecked(framer, nowMs);
    } catch (error) {
      this.#dropOrThrow(framer, error);
    }
  }

  /**
   * One bad message must not cost the connection: the server would send it again on each one. Only where nothing can
   * be said of the message, or it shows that the two sides have lost each other, the connection has to end.
   */
  #dropOrThrow(framer: Framer, error: unknown): void {
    const isMessage = framer.firstByte >> 4 === PUBLISH && this.#status === "connected";
    if (this.#options.isStrict || !isMessage || !(error instanceof PeerError)) throw error;
    const head = publishHead(framer);
    const isAlias = head?.topic === "" && this.#output.version === 5;
    const isLost = isAlias || error.reasonCode === RECEIVE_MAXIMUM_EXCEEDED;
    if (head === undefined || isLost) throw error;
    this.#incoming.drop(head);
    const { topic } = head;
    const message = `a message to ${showValue(topic)} was dropped: ${error.message}`;
    this.#fault(message, error, topic);
  }

  /** A fault that does no harm ends the connection of a strict client; others tell it, once for each connection. */
  #tolerate(fault: ProtocolError, type?: string): void {
    if (this.#options.isStrict) throw fault;
    this.#tell(fault, type);
  }

  #tell(fault: ProtocolError, type?: string): void {
    const key = `${type} ${fault.reasonCode}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#fault(`the server broke the protocol, which was let pass: ${fault.message}`, fault);
  }

  #fault(message: string, cause: PeerError, topic?: string): void {
    const error = new MqttServerFaultError(message, { reasonCode: cause.reasonCode, cause, topic });
    this.events.push({ type: "fault", error });
  }

  #readChecked({ firstByte, bytes, bodyStart, end }: Framer, nowMs: number): void {
    const { inspect, version } = this.#output;
    // A strict client tells the server what it thinks of such a packet.
    const mayBeOld = this.#status === "connecting" && version === 5 && !this.#options.isStrict;
    if (mayBeOld && isOldConnack(firstByte, end - bodyStart)) {
      return this.#close(oldServerError(bytes[bodyStart + 1] ?? 1));
    }
    const packet = decodeServerPacket(firstByte, bytes, bodyStart, end, version, DECODE_LIMITS);
    if (inspect !== undefined) inspect("in", packet);
    if (packet.type === "publish" && this.#status === "connected") {
      this.#plain.learn(packet.topic, bytes, bodyStart);
      this.#publish(packet);
    } else if (this.#connect !== undefined) {
      requirePacketAllowed(packet, this.#status, this.#connect);
      const fault = problemInformationFault(packet, this.#connect);
      if (fault !== undefined) this.#tolerate(fault, packet.type);
      this.#control(packet, nowMs);
    }
  }

  #publish(packet: PublishPacket): void {
    const topic = this.#incoming.topicOf(packet);
    this.#requests.requireGiven(packet);
    const message = this.#incoming.publish(topic, packet);
    if (message !== undefined) this.events.push(message);
  }

  /** The one switch over packet types; what may not come, or not now, was refused before. */
  #control(packet: ServerPacket, nowMs: number): void {
    switch (packet.type) {
      case "connack":
        return this.#connackReceived(packet, nowMs);
      case "puback":
        return this.#outgoing.puback(packet);
      case "pubrec":
        return this.#outgoing.pubrec(packet);
      case "pubrel":
        return this.#incoming.pubrel(packet);
      case "pubcomp":
        return this.#outgoing.pubcomp(packet);
      case "suback":
        return this.#answered(this.#requests.suback(packet));
      case "unsuback":
        return this.#answered(this.#requests.unsuback(packet));
      case "pingresp":
        this.#keepAlive?.pingrespReceived(nowMs);
        this.events.push({ type: "pong" });
        return;
      case "disconnect":
        return this.#close(serverError(MqttDisconnectedError, "ended the connection", packet));
      case "auth":
        return this.#authReceived(packet);
      default:
        throw new ProtocolError(`${packet.type} must not come before CONNACK`);
    }
  }

  /** An answer of the last connection may come late; nobody waits for it. */
  #answered(fault: ProtocolError | undefined): void {
    if (fault !== undefined) this.#tolerate(fault, "answer");
  }

  #connackReceived(packet: ConnackPacket, nowMs: number): void {
    if (packet.reasonCode >= 0x80) {
      const returnCode = RETURN_CODES.indexOf(packet.reasonCode);
      const code = this.#output.version === 5 ? undefined : `return code ${returnCode}`;
      this.#close(serverError(MqttConnectError, "refused the connection", packet, code));
      return;
    }
    this.#connack = packet;
    if (this.#connect?.properties?.authenticationMethod === undefined) this.#connected(nowMs);
    else {
      this.#status = "verifying";
      this.events.push({ type: "authenticated", packet });
    }
  }

  #connected(nowMs: number): void {
    if (this.#connect === undefined || this.#connack === undefined) return;
    const result: ConnectResult = connectResult(this.#connect, this.#connack);
    this.#status = "connected";
    this.#isHolding = true;
    this.#output.maximumPacketSize = result.maximumPacketSize ?? Infinity;
    const { keepAliveSeconds } = result;
    const { pingrespTimeoutMs } = this.#options;
    this.#keepAlive = new ClientKeepAlive({ keepAliveSeconds, pingrespTimeoutMs }, nowMs);
    const isResumed = result.sessionPresent || mayHaveOldSession(this.#connect);
    if (!isResumed) this.#incoming.discard();
    this.#outgoing.connected(result, isResumed);
    this.#requests.connected(result, isResumed);
    this.events.push({ type: "connected", result });
  }

  #authReceived(packet: AuthPacket): void {
    if (packet.reasonCode === CONTINUE_AUTHENTICATION) {
      this.events.push({ type: "challenged", packet });
      return;
    }
    if (!this.#isReauthenticating) throw new ProtocolError("AUTH ends what did not begin");
    this.#isReauthenticating = false;
    this.events.push({ type: "authenticated", packet });
  }

  /** The server broke the rules: it is told which, and left [MQTT-4.13.1-1]. */
  #blame(error: MalformedPacketError | ProtocolError): void {
    const { reasonCode } = error;
    const isConnecting = this.#status === "connecting";
    if (this.#output.version === 5) this.#output.send({ type: "disconnect", reasonCode });
    const details = { reasonCode, cause: error };
    const message = `the server broke the protocol: ${error.message}`;
    const Kind = isConnecting ? MqttConnectError : MqttDisconnectedError;
    this.#close(new Kind(message, details));
  }

  #close(error: MqttError): void {
    this.#leave("closing");
    this.events.push({ type: "close", error });
  }

  /** What belongs to the connection ends; what belongs to the Session stays. */
  #leave(status: MachineStatus): void {
    this.#status = status;
    this.#keepAlive = undefined;
    this.#connack = undefined;
    this.#isHolding = false;
    this.#isReauthenticating = false;
    this.#outgoing.disconnected();
    this.#requests.disconnected();
  }

  #sendAuth(reasonCode: number, { data: authenticationData, ...words }: AuthWords): void {
    const authenticationMethod = this.#connect?.properties?.authenticationMethod ?? "";
    const properties = withoutUndefined({ authenticationMethod, authenticationData });
    // Words that do not fit are left out [MQTT-3.15.2-2] [MQTT-3.15.2-3].
    const isSent =
      this.#output.send({
        type: "auth",
        reasonCode,
        properties: { ...properties, ...withoutUndefined(words) },
      }) || this.#output.send({ type: "auth", reasonCode, properties });
    if (!isSent) throw packetTooLarge(this.#output.maximumPacketSize);
  }
}

/** What a DISCONNECT does, without what it says, which may be too long for the server [MQTT-3.14.2-3]. */
function withoutWords({ reasonCode, properties }: DisconnectPacket): DisconnectPacket {
  const { sessionExpiryIntervalSeconds } = properties ?? {};
  return {
    type: "disconnect",
    reasonCode,
    properties: withoutUndefined({ sessionExpiryIntervalSeconds }),
  };
}

/** CONNACK of MQTT 3.1 does not tell: who asked for the old Session goes on as if it were there. */
function mayHaveOldSession({ protocolVersion, cleanStart }: ConnectPacket): boolean {
  return protocolVersion === 3 && !cleanStart;
}
