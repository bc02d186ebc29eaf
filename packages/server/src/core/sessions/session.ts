import { Receiver, Sender } from "@anax/protocol";
import type { HeldBytes } from "@anax/protocol";
import type { ClientAccess } from "../access/client-access.ts";
import type { Connection } from "../connection/connection.ts";
import type { Deadline } from "../deadlines.ts";
import { AddressBook } from "../owed/address-book.ts";
import type { Owed } from "../owed/delivery.ts";
import { DeliveryQueue } from "../owed/delivery-queue.ts";
import type { Stall } from "../delivering/window-watch.ts";
import type { QueueShare } from "../rates/queue-shares.ts";
import type { SessionItems } from "../hooks/client-context.ts";
import type { MessageReceiver } from "../owed/message-receiver.ts";
import type { DeliveryWatch } from "../owed/delivery-watch.ts";
import type { Claim } from "../publishing/claim.ts";
import type { RetainedReplay } from "../retained/retained-replay.ts";
import type { Subscription } from "../routing/subscription.ts";
import { SessionSubscriptions } from "./session-subscriptions.ts";
import type { PendingWill } from "../endings/will.ts";

/** Of all that have none; nothing is put into them. */
const NO_SUBSCRIPTIONS = new SessionSubscriptions();
const NO_QUEUE = new DeliveryQueue();

/**
 * Session State: what the server remembers of one Client Identifier, whether or not it is connected.
 * A session holds state and answers questions about it; what happens to it is decided elsewhere
 * (`delivering`, `connecting`, `closing`).
 */
export class Session {
  readonly clientId: string;
  /** Its number in the journal; 0 if nothing of the session is stored. */
  number = 0;
  readonly createdAtMs: number;
  userName: string | undefined;
  /** True if `userName` is that of a user whom the server has asked about: the session is its own then. */
  isOwned = false;
  connection: Connection | undefined;
  /** What the client of now, or of last, may do; undefined if nothing is asked, or it has not come since the start. */
  access: ClientAccess | undefined;
  /** Number of the rules by which its subscriptions were judged last. */
  accessEpoch = 0;
  /** True if a subscription is narrowed: each message is judged. */
  isNarrowed = false;
  /** True while messages in the queue are from before a change of the rules: each is judged when it is sent. */
  isQueueJudged = false;
  /** Where its queue is counted together with others; undefined if nowhere. */
  queueShares: readonly QueueShare[] | undefined;
  /** Seconds that the session outlives its connection. */
  expiryIntervalSeconds = 0;
  /** When the client went; undefined while it is connected. */
  disconnectedAtMs: number | undefined;
  /** Retained messages still owed to new subscriptions, by filter; undefined while none ever was. */
  replays: Map<string, RetainedReplay> | undefined;
  /** True if a shared subscription is among the subscriptions. */
  isInGroup = false;
  will: PendingWill | undefined;
  /** The PUBLISH of its client with an identifier that waits for handlers; what comes after it waits behind it. */
  held: Claim | undefined;
  expiryDeadline: Deadline | undefined;
  isDeleted = false;
  /** It is looked after whether its client acknowledges anything. */
  isWindowWatched = false;
  /** The last time that its client acknowledged nothing for long. */
  stall: Stall | undefined;
  /** Tells whether the session is among the recipients already while a route is made. */
  routeMark = 0;
  /** Takes the messages in place of a client, for a subscription of the embedding program. */
  messageReceiver: MessageReceiver | undefined;
  /** Who waits for the acknowledgement of a message, by Packet Identifier. */
  watches: Map<number, DeliveryWatch> | undefined;
  // Most sessions never need most of these, and there may be very many sessions: each is made when it is first used.
  #items: SessionItems | undefined;
  #subscriptions: SessionSubscriptions | undefined;
  #queue: DeliveryQueue | undefined;
  #sender: Sender<Owed> | undefined;
  #receiver: Receiver | undefined;
  #addresses: AddressBook | undefined;

  readonly #inFlight: HeldBytes | undefined;

  /** `inFlight`: where the bytes in flight of all sessions are added up. */
  constructor(fields: {
    clientId: string;
    createdAtMs: number;
    items?: SessionItems | undefined;
    inFlight?: HeldBytes;
  }) {
    this.#inFlight = fields.inFlight;
    this.clientId = fields.clientId;
    this.createdAtMs = fields.createdAtMs;
    this.#items = fields.items;
  }

  get items(): SessionItems {
    return (this.#items ??= new Map());
  }

  /** What waits for the client. */
  get queue(): Omit<DeliveryQueue, "push"> {
    return this.#queue ?? NO_QUEUE;
  }

  /** Puts one more at the end of `queue`; `bytes` is the size of its message. */
  enqueue(owed: Owed, bytes: number, payloadBytes: number): void {
    (this.#queue ??= new DeliveryQueue()).push(owed, bytes, payloadBytes);
  }

  /** By filter as the client wrote it. */
  get subscriptions(): Pick<SessionSubscriptions, "size" | "levels" | "get" | "has" | "values"> {
    return this.#subscriptions ?? NO_SUBSCRIPTIONS;
  }

  addSubscription(subscription: Subscription): void {
    (this.#subscriptions ??= new SessionSubscriptions()).set(subscription);
  }

  deleteSubscription(filter: string): void {
    this.#subscriptions?.delete(filter);
  }

  /** QoS 1 and 2 exchanges towards the client. */
  get sender(): Sender<Owed> {
    return (this.#sender ??= new Sender(this.#inFlight));
  }

  /** How many of these are open. */
  get inFlight(): number {
    return this.#sender === undefined ? 0 : this.#sender.inFlight;
  }

  /** How many messages of the client await PUBREL. */
  get unreleased(): number {
    return this.#receiver === undefined ? 0 : this.#receiver.size;
  }

  /** QoS 2 identifiers of the client that await PUBREL. */
  get receiver(): Receiver {
    return (this.#receiver ??= new Receiver());
  }

  /** What the numbers in `sender` and `queue` mean. */
  get addresses(): AddressBook {
    return (this.#addresses ??= new AddressBook());
  }

  /** To be called when nothing in `sender` and `queue` is a number. */
  forgetAddresses(): void {
    this.#addresses?.beginAnew();
  }

  /** Forgets all exchanges in both directions. */
  clearExchanges(): void {
    this.#sender?.clear();
    this.#receiver?.clear();
  }

  /** True if what happens to the session is written to the journal. */
  get isDurable(): boolean {
    return this.number !== 0;
  }

  /** True if the state outlives the connection. */
  get isPersistent(): boolean {
    return this.expiryIntervalSeconds > 0;
  }

  /** True if one more QoS 1 or 2 message could leave at once. */
  get isReady(): boolean {
    return this.messageReceiver !== undefined || (this.queue.length === 0 && this.freeQuota > 0);
  }

  /**
   * QoS 1 and 2 messages that may be sent now: 0 while nobody is connected, the client does not read,
   * its Receive Maximum is used up [MQTT-4.9.0-2], or what it is owed from before goes first.
   */
  get freeQuota(): number {
    const connection = this.connection;
    if (connection === undefined || !connection.takesMessages) return 0;
    if (connection.resumption?.isResending === true) return 0;
    return this.holdsTooMuch ? 0 : connection.sendMaximum - this.inFlight;
  }

  /** True if the bytes in flight to its client are as many as may be. */
  get holdsTooMuch(): boolean {
    const held = this.#sender === undefined ? 0 : this.#sender.heldBytes;
    return held > 0 && this.connection?.inFlight?.hasRoomFor(held) === false;
  }

  /** True if messages that were sent must be kept until they are acknowledged, to be sent again. */
  get keepsInFlight(): boolean {
    return this.expiryIntervalSeconds > 0 || this.isInGroup;
  }
}
