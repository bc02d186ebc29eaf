/** A number that tells messages apart by topic and payload, to be kept where the message cannot be. */

const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

/** FNV-1a of both. Not of properties: aliases and expiry change from one delivery to the next. */
export function contentDigest(topic: string, payload: Uint8Array): number {
  let digest = FNV_OFFSET;
  for (let index = 0; index < topic.length; index += 1) {
    digest = Math.imul(digest ^ topic.charCodeAt(index), FNV_PRIME);
  }
  // No topic has this character, so none can pass for the beginning of a payload.
  digest = Math.imul(digest ^ 0, FNV_PRIME);
  for (const byte of payload) digest = Math.imul(digest ^ byte, FNV_PRIME);
  return digest;
}
