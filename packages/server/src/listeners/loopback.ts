import { isIP } from "node:net";

/** True for an address, or a name, that only this machine can be reached by. */
export function isLoopbackHost(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(address) === 4) return address.startsWith("127.");
  if (isIP(address) === 6) return address === "::1" || address.startsWith("::ffff:127.");
  return address === "localhost" || address.endsWith(".localhost");
}

/** The same of an Origin header, such as "http://localhost:5173". "null" is that of a page nobody knows. */
export function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname);
}

/** The same of a Host header, such as "127.0.0.1:8083". */
export function isLoopbackHostHeader(host: string): boolean {
  return isLoopbackOrigin(`http://${host}`);
}
