/** Which shard a client's session is in, for ever: all connections of a Client Identifier meet there. */
export function shardOf(clientId: string, shards: number): number {
  return hash(clientId, 0) % shards;
}

/**
 * Nodes in the order in which they are to have a shard (rendezvous hashing): each node that comes or goes moves only what it
 * gets or had. All who know the same nodes come to the same order.
 */
export function candidatesFor(shard: number, nodes: Iterable<string>): string[] {
  const weighed = Array.from(nodes, (node) => ({ node, weight: hash(node, shard + 1) }));
  weighed.sort((one, other) => other.weight - one.weight || (one.node < other.node ? -1 : 1));
  return weighed.map(({ node }) => node);
}

/** FNV-1a over UTF-16 units, with a last mixing: its lowest bits alone are too regular for a remainder. Never to be changed. */
function hash(text: string, seed: number): number {
  let value = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    value = Math.imul(value ^ (unit & 0xff), 0x01000193);
    value = Math.imul(value ^ (unit >>> 8), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
