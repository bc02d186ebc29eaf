/** A message that was not sent to a client since its packet is larger than the client takes. */
export interface OversizeMessage {
  readonly clientId: string;
  readonly topic: string;
  /** Bytes of the PUBLISH packet. */
  readonly packetSize: number;
  /** The client's Maximum Packet Size. */
  readonly maximumPacketSize: number;
}

/** A client that has acknowledged nothing for a minute, although as much is in flight as it may be, and more waits. */
export interface StalledWindow {
  readonly clientId: string;
  readonly inFlightMessages: number;
  readonly queuedMessages: number;
}

/** A PUBLISH that is not taken, of a client that is not told so: before MQTT 5.0 and at QoS 0 there is no way to. */
export interface DroppedPublish {
  readonly clientId: string;
  readonly topic: string;
  readonly reasonCode: number;
  readonly reasonString: string | undefined;
}

/**
 * Why a message was dropped for one client: its queue was full; its backlog was, since it reads too slowly; the backlogs of all
 * clients together were; it is away, and the message of QoS 0.
 */
export type DropReason = "queue" | "backlog" | "total" | "away";

/** What a client wanted to do and may not. */
export interface DeniedAccess {
  readonly action: "publish" | "subscribe" | "receive" | "keep subscription";
  readonly clientId: string;
  readonly userName: string | undefined;
  /** The topic, or the filter. */
  readonly topic: string;
}

/** Told of what is not delivered, or not going on, where neither end of the connection would show it. */
export interface DeliveryNotices {
  readonly tooLarge: (message: OversizeMessage) => void;
  readonly droppedPublish: (publish: DroppedPublish) => void;
  readonly dropped: (clientId: string, reason: DropReason, count: number) => void;
  /** A client has kept publishers waiting for as long as it may: its queue overflows. So many messages waited for it. */
  readonly slow: (clientId: string, messages: number) => void;
  readonly stalled: (window: StalledWindow) => void;
  readonly denied: (access: DeniedAccess) => void;
}
