/*
 * A number of 32 bits for topic and payload of a message, by which one is told from another where the messages themselves
 * are not kept. Properties are not in it: aliases and expiry change from one sending to the next. The digest is stored,
 * so it never changes. It protects nobody: who makes two messages with one digest loses his own.
 */

const FIRST = 0x9e3779b9;

/** Of the topic in `bytes[start, end)`, to be gone on with. */
export function topicDigest(bytes: Uint8Array, start: number, end: number): number {
  return mixBytes(FIRST, bytes, start, end);
}

/** Of a message, by the digest of its topic and the payload in `bytes[start, end)`. Never 0, which says that it is not known. */
export function contentDigest(
  ofTopic: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let digest = mixBytes(ofTopic, bytes, start, end);
  digest = Math.imul(digest ^ (digest >>> 16), 0x85ebca6b);
  digest = Math.imul(digest ^ (digest >>> 13), 0xc2b2ae35);
  digest = (digest ^ (digest >>> 16)) >>> 0;
  return digest === 0 ? 1 : digest;
}

/** Four bytes a time, as MurmurHash3 does: a hash of single bytes would cost four times as much. */
function mixBytes(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let digest = seed;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    digest = mixWord(digest, word);
  }
  let rest = 0;
  for (; at < end; at += 1) rest = (rest << 8) | (bytes[at] ?? 0);
  return mixWord(mixWord(digest, rest), end - start);
}

function mixWord(digest: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  const next = digest ^ mixed;
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}
