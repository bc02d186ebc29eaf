/** The packets of the test client of this page. */
import type { PacketEvent } from "@anax/client";
import type { PacketItem } from "./packet-fields.ts";
import { RecentList } from "./recent-list.ts";

export interface ShownPacket {
  readonly id: number;
  readonly atMs: number;
  readonly direction: "in" | "out";
  readonly packet: PacketItem;
}

/** Packets that are kept. */
export const PACKETS_MAX = 200;

export const packets: RecentList<ShownPacket> = new RecentList(PACKETS_MAX);

let lastId = 0;

export function keepPacket({ direction, packet }: PacketEvent): void {
  lastId += 1;
  packets.add({ id: lastId, atMs: Date.now(), direction, packet: { ...packet } });
}
