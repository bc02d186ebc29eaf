import type { QoS } from "@anax/protocol";
import type { DeliveryWatch } from "./delivery-watch.ts";
import type { Message } from "../message/message.ts";
import type { SharedGroup } from "../routing/shared-subscriptions.ts";

/** What one session's subscriptions make of a message. */
export interface Address {
  /** The lower of the published and the granted QoS [MQTT-3.8.4-8]. */
  readonly qos: QoS;
  /** RETAIN flag of the outgoing PUBLISH. */
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  /** The shared subscription that chose this session, whose other members get the message if this session ends. */
  readonly group: SharedGroup | undefined;
}

/** A message on its way to one session. */
export interface Delivery extends Address {
  readonly message: Message;
  /** Told how the delivery ends, if it does not end with being given here. */
  readonly watch?: DeliveryWatch;
}

/** What became of one attempt to deliver. */
export type DeliveryOutcome = "sent" | "queued" | "dropped";

/**
 * A delivery as it is kept while it waits or is in flight: as it is, or, where its message is in the journal or waits in a
 * queue, as one number of the session's `AddressBook`.
 */
export type Owed = Delivery | number;
