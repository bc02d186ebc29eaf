import type { Framer } from "@anax/protocol";

/** Puts packets back that were read, before all that was not: they are read again. */
export function putBack(framer: Framer, packets: Uint8Array): void {
  if (packets.length === 0) return;
  framer.release();
  const unread = framer.bytes.subarray(framer.position, framer.limit);
  const bytes = new Uint8Array(packets.length + unread.length);
  bytes.set(packets);
  bytes.set(unread, packets.length);
  framer.skipTo(framer.limit);
  framer.push(bytes);
}
