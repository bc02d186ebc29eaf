import { readU16 } from "../numbers.ts";
import { decodePacket, decodeVarint, PeerError } from "@anax/protocol";
import type { Framer, Packet, ProtocolVersion } from "@anax/protocol";
import type { RoutingContext } from "../routing/routing-context.ts";
import { hasBytesAt } from "../same-bytes.ts";
import { messageFromPacket } from "./message.ts";

const TOPIC_ALIAS = 0x23;
/** Bytes of a Topic Alias among the properties: its identifier and a number. */
const TOPIC_ALIAS_BYTES = 3;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Properties of PUBLISH packets that the codec has found to be valid, or that need no codec. */
export interface KnownProperties {
  /** Bytes of property length and properties in the packet. */
  readonly size: number;
  /** Property length and properties as they came; empty if the alias is all that there is. */
  readonly received: Uint8Array;
  /** The same as receivers of MQTT 5.0 get them: a Topic Alias belongs to one Network Connection [MQTT-3.3.2-7]. */
  readonly sent: Uint8Array;
  /** True if the packet has a Topic Alias. */
  readonly hasAlias: boolean;
  /** The alias; 0 if there is none, or if it is to be read from the packet. */
  readonly topicAlias: number;
}

const LENGTH_ZERO = Uint8Array.of(0);
/** What packets before MQTT 5.0 have. */
export const BEFORE_PROPERTIES: KnownProperties = make({ size: 0 });
const NO_PROPERTIES = make({ size: 1 });
/** Nothing but an alias, whichever: what differs is not kept, so that a publisher to many topics costs no object each. */
const ONLY_ALIAS = make({ size: 1 + TOPIC_ALIAS_BYTES, hasAlias: true });

/** The one place that makes them, so that all are of one shape to the engine. */
function make(fields: Partial<KnownProperties> & Pick<KnownProperties, "size">): KnownProperties {
  const {
    size,
    received = NO_BYTES,
    sent = LENGTH_ZERO,
    hasAlias = false,
    topicAlias = 0,
  } = fields;
  return { size, received, sent, hasAlias, topicAlias };
}

/** What of a connection is about the properties that it sends. */
interface Publisher {
  readonly framer: Framer;
  readonly version: ProtocolVersion;
  /** Those of its last PUBLISH. */
  lastProperties: KnownProperties | undefined;
}

/**
 * The properties at `at` of the packet that the framer has found; undefined if they are not for the hot path.
 * They are checked by the codec the first time, and then taken as long as they are the same bytes.
 */
export function propertiesAt(
  core: RoutingContext,
  connection: Publisher,
  at: number,
): KnownProperties | undefined {
  const { bytes, end } = connection.framer;
  if (at >= end) return undefined;
  if (bytes[at] === 0) return NO_PROPERTIES;
  if (bytes[at] === TOPIC_ALIAS_BYTES && bytes[at + 1] === TOPIC_ALIAS)
    return at + ONLY_ALIAS.size > end ? undefined : ONLY_ALIAS;
  if (core.options.checkPayloadFormat) return undefined;
  const header = decodeVarint(bytes, at, end);
  const size = (header & 7) + (header >>> 3);
  if (header === 0 || at + size > end) return undefined;
  const known = connection.lastProperties;
  if (known?.size === size && hasBytesAt(known.received, bytes, at)) return known;
  return learnProperties(core, connection, at, size);
}

/** The alias of a packet with these properties, which begin at `at`; 0 if there is none. */
export function topicAliasAt(known: KnownProperties, bytes: Uint8Array, at: number): number {
  return known === ONLY_ALIAS ? readU16(bytes, at + 2) : known.topicAlias;
}

/** Has the codec check the packet's properties, and remembers them unless no client may send them. */
function learnProperties(
  core: RoutingContext,
  connection: Publisher,
  at: number,
  size: number,
): KnownProperties | undefined {
  const { framer, version } = connection;
  const { firstByte, bytes, bodyStart, end } = framer;
  const packet = decodedOr(undefined, () =>
    decodePacket(firstByte, bytes, bodyStart, end, version, core.decodeLimits),
  );
  if (packet?.type !== "publish") return undefined;
  const { topicAlias, subscriptionIdentifiers } = packet.properties ?? {};
  if (subscriptionIdentifiers !== undefined) return undefined;
  // A plain copy: the `slice` of a Node Buffer would be a view of memory that is read into again.
  const received = new Uint8Array(bytes.subarray(at, at + size));
  const hasAlias = topicAlias !== undefined;
  let sent: Uint8Array = received;
  if (hasAlias) {
    // A message's bytes have the properties that travel. Its topic does not matter here, but an empty one is none.
    const message = messageFromPacket({ ...packet, topic: "a", payload: NO_BYTES }, "", core.now);
    sent = message.bytes.subarray(message.topicEnd);
  }
  connection.lastProperties = make({ size, received, sent, hasAlias, topicAlias: topicAlias ?? 0 });
  return connection.lastProperties;
}

/** What is wrong with a packet is for the general path to say, which may have an answer to it. */
function decodedOr<Other>(other: Other, decode: () => Packet): Packet | Other {
  try {
    return decode();
  } catch (error) {
    if (error instanceof PeerError) return other;
    throw error;
  }
}
