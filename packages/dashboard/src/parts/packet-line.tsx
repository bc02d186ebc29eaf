import { packetFields } from "../state/packet-fields.ts";
import type { PacketItem } from "../state/packet-fields.ts";

/** A packet: its type, its topic, and all else that it says. */
export function PacketLine({ packet }: { readonly packet: PacketItem }) {
  const { type, topic } = packet;
  return (
    <>
      <strong>{String(type).toUpperCase()}</strong>{" "}
      {typeof topic === "string" && topic !== "" && <code>{topic}</code>}{" "}
      <span class="soft">{packetFields(packet)}</span>
    </>
  );
}
