import { createHash } from "node:crypto";

/*
 * Keys of the tables. LMDB orders keys by their bytes, so numbers are written with the highest byte first. Every key
 * of a topic begins with a byte that says what follows: the topic itself, or, if LMDB has no room for it, its hash.
 */

/** LMDB takes keys of at least this length, however it was built. */
const KEY_BYTES_MAX = 511;
const WHOLE_TOPIC = 0;
const HASHED_TOPIC = 1;

/** Gives the same bytes for the same topic, and hardly ever for another one. */
export type TopicHash = (topic: Uint8Array) => Uint8Array;

export const sha256: TopicHash = (topic) => createHash("sha256").update(topic).digest();

/**
 * The key of a whole number from 0 to 2^53 - 1.
 * @throws RangeError for anything else
 */
export function numberKey(value: number): Uint8Array {
  if (!(Number.isSafeInteger(value) && value >= 0)) throw new RangeError(`${value} is no key`);
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(Math.floor(value / 0x1_0000_0000), 0);
  key.writeUInt32BE(value % 0x1_0000_0000, 4);
  return key;
}

export function numberOfKey(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return view.getUint32(0) * 0x1_0000_0000 + view.getUint32(4);
}

/** The key of a topic, given as UTF-8. */
export function topicKey(topic: Uint8Array, hash: TopicHash): Uint8Array {
  return topic.length < KEY_BYTES_MAX
    ? Buffer.concat([Uint8Array.of(WHOLE_TOPIC), topic])
    : Buffer.concat([Uint8Array.of(HASHED_TOPIC), hash(topic)]);
}

/** Whether several topics may share a key, so that their names are kept with their rows. */
export function isHashed(key: Uint8Array): boolean {
  return key[0] === HASHED_TOPIC;
}

/** The topic of a key that is not hashed. */
export function topicOfKey(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset + 1, key.byteLength - 1).toString("utf8");
}
