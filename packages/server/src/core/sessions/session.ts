import { Receiver, Sender } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { Deadline } from "../deadlines.ts";
import { AddressBook } from "../delivering/address-book.ts";
import type { Owed } from "../delivering/owed.ts";
import { DeliveryQueue } from "../delivering/delivery-queue.ts";
import type { SessionItems } from "../hooks/client-context.ts";
import type { MessageSink } from "../management/internal-subscription.ts";
import type { DeliveryWatch } from "../management/delivery-watch.ts";
import type { RetainedReplay } from "../retained/retained-replay.ts";
import type { Subscription } from "../routing/subscription.ts";
import type { PendingWill } from "./will.ts";

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
  readonly items: SessionItems;
  userName: string | undefined;
  connection: Connection | undefined;
  /** Seconds that the session outlives its connection. */
  expiryIntervalSeconds = 0;
  /** When the client went; undefined while it is connected. */
  disconnectedAtMs: number | undefined;
  /** By filter as the client wrote it. */
  readonly subscriptions: Map<string, Subscription> = new Map();
  /** QoS 1 and 2 exchanges towards the client. */
  readonly sender: Sender<Owed> = new Sender();
  /** QoS 2 identifiers of the client that await PUBREL. */
  readonly receiver: Receiver = new Receiver();
  readonly queue: DeliveryQueue = new DeliveryQueue();
  /** What the numbers in `sender` and `queue` mean. */
  readonly addresses: AddressBook = new AddressBook();
  /** Retained messages still owed to new subscriptions, by filter. */
  readonly replays: Map<string, RetainedReplay> = new Map();
  /** True if a shared subscription is among the subscriptions. */
  isInGroup = false;
  will: PendingWill | undefined;
  expiryDeadline: Deadline | undefined;
  isDeleted = false;
  /** Takes the messages in place of a client, for a subscription of the embedding program. */
  sink: MessageSink | undefined;
  /** Who waits for the acknowledgement of a message, by Packet Identifier. */
  watches: Map<number, DeliveryWatch> | undefined;

  constructor(fields: { clientId: string; createdAtMs: number; items: SessionItems }) {
    this.clientId = fields.clientId;
    this.createdAtMs = fields.createdAtMs;
    this.items = fields.items;
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
    return this.sink !== undefined || (this.queue.length === 0 && this.freeQuota > 0);
  }

  /**
   * QoS 1 and 2 messages that may be sent now: 0 while nobody is connected, the client does not read,
   * its Receive Maximum is used up [MQTT-4.9.0-2], or what it is owed from before goes first.
   */
  get freeQuota(): number {
    const connection = this.connection;
    if (connection === undefined || !connection.takesMessages || connection.resuming !== undefined)
      return 0;
    return connection.sendMaximum - this.sender.inFlight;
  }

  /** True if messages that were sent must be kept until they are acknowledged, to be sent again. */
  get keepsInFlight(): boolean {
    return this.expiryIntervalSeconds > 0 || this.isInGroup;
  }
}
