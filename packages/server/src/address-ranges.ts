import { BlockList, isIP, SocketAddress } from "node:net";

/** IPv4 as IPv6 sockets show it. */
const MAPPED = /^::ffff:(?=\d+\.)/iu;

/** What is wrong with an address or range; undefined if nothing is. */
export function addressRangeFault(text: string): string | undefined {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  const wrong = `"${text}" is no IP address or range such as 10.0.0.0/8`;
  if (version === 0 || rest.length > 0) return wrong;
  if (prefix === undefined) return undefined;
  return /^\d+$/u.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128) ? undefined : wrong;
}

/** One way to write an address: `2001:DB8:0::1` and `2001:db8::1` are the same. What is no address stays as it is. */
export function plainAddress(text: string): string {
  if (isIP(text) !== 6) return text;
  const [address = ""] = text.split("%");
  return new SocketAddress({ address, family: "ipv6" }).address.replace(MAPPED, "");
}

/** Addresses and ranges, as `addressRangeFault` takes them. */
export class AddressRanges {
  readonly #list: BlockList = new BlockList();

  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = "", prefix] = range.split("/");
      const family = isIP(address) === 4 ? "ipv4" : "ipv6";
      if (prefix === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(prefix), family);
    }
  }

  includes(address: string | undefined): boolean {
    const plain = address?.replace(MAPPED, "") ?? "";
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 4 ? "ipv4" : "ipv6");
  }
}
