import { BlockList, isIP } from "node:net";

/** IP addresses and ranges that are kept out. An IPv4 address that came over IPv6 is the same. */
export class BannedAddresses {
  readonly #list = new BlockList();
  #size = 0;

  add(value: string): void {
    const [address = "", bits] = value.split("/");
    const family = familyOf(address);
    if (bits === undefined) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, Number(bits), family);
    this.#size += 1;
  }

  has(address: string): boolean {
    if (this.#size === 0 || isIP(address) === 0) return false;
    return this.#list.check(address, familyOf(address));
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
