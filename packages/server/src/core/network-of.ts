const GROUPS = 8;
/** A customer of IPv6 gets a network of 64 bits, and may have as many addresses in it as he likes. */
const NETWORK_GROUPS = 4;

/** IPv4 as sockets of IPv6 show it. */
const MAPPED = /^::ffff:(?=\d+\.)/iu;

/** What counts as one address: the address itself, or of IPv6 its first 64 bits. */
export function networkOf(address: string): string {
  const [plain = ""] = address.replace(MAPPED, "").split("%");
  if (!plain.includes(":") || plain.includes(".")) return plain;
  const [head = "", tail] = plain.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from(
    { length: Math.max(0, GROUPS - before.length - after.length) },
    () => "0",
  );
  const groups = [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS);
  // 0db8 and DB8 are one.
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
