import { ProtocolError, showValue } from "@anax/protocol";
import type { AuthPacket } from "@anax/protocol";
import type { PeerName } from "../sessions/peer-session.ts";

/*
 * What is said on a link that MQTT has no packet for. Links have no authentication of MQTT's, so AUTH carries it: its
 * Authentication Method tells that it is one of these, its User Properties what it says.
 */

const METHOD = "anax-link-1";
const CONTINUE_AUTHENTICATION = 0x18;
const DIGITS = /^\d{1,15}$/;

/** Who is at this end of a link. */
export interface Hello extends PeerName {
  /** Servers of other clusters are not linked. */
  readonly cluster: string;
  /** How many shards the cluster has. */
  readonly shards: number;
}

/** `interestBegins` to `interestEnds`: the filters of every SUBSCRIBE between are all that are wanted. */
export type LinkFrame =
  | ({ readonly type: "hello" } & Hello)
  | { readonly type: "interestBegins" | "interestEnds" };

export function writeFrame(frame: LinkFrame): AuthPacket {
  const userProperties = Object.entries(frame).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return {
    type: "auth",
    reasonCode: CONTINUE_AUTHENTICATION,
    properties: { authenticationMethod: METHOD, userProperties },
  };
}

/** @throws ProtocolError if it is none. */
export function readFrame({ properties }: AuthPacket): LinkFrame {
  const method = properties?.authenticationMethod ?? "";
  if (method !== METHOD)
    throw new ProtocolError(`a link speaks ${METHOD}, and not ${showValue(method)}`);
  const fields = new Map(properties?.userProperties);
  const type = fields.get("type") ?? "";
  if (type === "interestBegins" || type === "interestEnds") return { type };
  if (type !== "hello") throw new ProtocolError(`${showValue(type)} is no frame of a link`);
  const cluster = fields.get("cluster") ?? "";
  const [shard, epoch, shards] = ["shard", "epoch", "shards"].map((name) => numberIn(fields, name));
  return { type, cluster, shard: shard ?? 0, epoch: epoch ?? 0, shards: shards ?? 0 };
}

function numberIn(fields: ReadonlyMap<string, string>, name: string): number {
  const text = fields.get(name) ?? "";
  if (!DIGITS.test(text)) throw new ProtocolError(`${name} is ${showValue(text)}, and no number`);
  return Number(text);
}
