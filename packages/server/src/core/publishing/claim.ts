import type { PublishPacket, QoS } from "@anax/protocol";
import { Resumption } from "../connection/resumption.ts";
import type { Connection } from "../connection/connection.ts";
import type { PublishingContext } from "./publishing-context.ts";
import type { Session } from "../sessions/session.ts";
import type { Work } from "../works/work.ts";

/**
 * What a PUBLISH of a client has a right to: its Packet Identifier in the session, and an acknowledgement on a connection.
 * While handlers are waited for, the identifier is *held* in memory; it is stored with the message, not before.
 */
export class Claim {
  readonly qos: QoS;
  /** 0 at QoS 0. */
  readonly packetIdentifier: number;
  /** Undefined once the session has ended, or the client uses the identifier for another message: the message goes on alone. */
  session: Session | undefined;
  /** Which sent it last, and gets the acknowledgement if the session is still its own. */
  connection: Connection;
  /** Digest of the message, by which a repetition is told from another message. */
  readonly #content: number;
  #isRecorded = false;

  constructor(
    connection: Connection,
    session: Session,
    {
      qos,
      packetIdentifier = 0,
      content = 0,
    }: { readonly qos: QoS; readonly packetIdentifier?: number; readonly content?: number },
  ) {
    this.connection = connection;
    this.session = session;
    this.qos = qos;
    this.packetIdentifier = packetIdentifier;
    this.#content = content;
  }

  /** True if nothing can be received without a store that takes it. */
  get needsStore(): boolean {
    return this.qos === 2 && this.session?.isDurable === true;
  }

  /** The connection that is told what becomes of the message; undefined if none is. */
  get told(): Connection | undefined {
    const { connection, session } = this;
    return session !== undefined && session.connection === connection ? connection : undefined;
  }

  /** Handlers are waited for from now on. */
  hold(core: PublishingContext): Work {
    if (this.qos > 0 && this.session !== undefined) this.session.held = this;
    return core.works.begin(this.connection.clientId, "PUBLISH");
  }

  /**
   * True for a repetition of this very message, sent again since its acknowledgement is missing [MQTT-4.4.0-1]. Clients that keep no
   * Session State use the identifier of QoS 2 for another message, whose digest `content` gives.
   */
  isRepeatedBy({ qos, duplicate }: PublishPacket, content: () => number): boolean {
    if (qos !== this.qos || duplicate) return qos === this.qos;
    return qos === 2 && content() === this.#content;
  }

  /** The identifier is received: to be called in the step that stores the message, or decides that there is none. */
  record(core: PublishingContext): void {
    const { session, qos, packetIdentifier } = this;
    if (qos !== 2 || session === undefined || this.#isRecorded) return;
    this.#isRecorded = true;
    recordReceived(core, this.connection, session, packetIdentifier, this.#content);
  }

  /** Nothing waits any more, and the identifier is no longer held. */
  release(): void {
    if (this.session?.held === this) this.session.held = undefined;
  }

  /** From now on the message is nobody's: it goes on without identifier and acknowledgement. */
  detach(): void {
    this.release();
    this.session = undefined;
  }
}

/** A QoS 2 message of the client was received: its identifier awaits PUBREL [MQTT-4.3.3-10]. */
export function recordReceived(
  core: PublishingContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
  content: number,
): void {
  const { receiver } = session;
  // One that is received already is that of another message now.
  if (!receiver.receive(packetIdentifier, content)) {
    receiver.replaceContent(packetIdentifier, content);
    connection.resumption?.unreleased.delete(packetIdentifier);
  }
  const present = session.connection;
  // To a client that has come back since, it is one that an earlier connection has left open.
  if (present !== undefined && present !== connection)
    (present.resumption ??= new Resumption()).unreleased.add(packetIdentifier);
  if (session.isDurable) core.journal?.seen(session, packetIdentifier, content);
}

/**
 * How many QoS 2 messages of this connection are open, of which Receive Maximum is the limit. What an earlier connection left
 * open counts from when it is sent again: the quota of a client begins anew with each connection [MQTT-3.3.4-7].
 */
export function openMessages({ resumption }: Connection, { receiver }: Session): number {
  return receiver.size - (resumption?.unreleased.size ?? 0);
}
