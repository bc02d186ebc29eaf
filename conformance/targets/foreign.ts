/** A broker that somebody else started: as it is, without special options. */
import type { Target } from "../runner.ts";
import type { ServerNeeds } from "../scenario.ts";

/** The broker at `url` (`mqtt://host:port`). Throws `TypeError` for any other scheme. */
export function foreignTarget(url: string): Target {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "mqtt:") throw new TypeError(`${url} is not an mqtt:// address`);
  const address = { host: hostname, port: Number(port === "" ? "1883" : port) };
  return {
    name: url,
    versions: ["3.1.1", "5.0"],
    provide: async (needs) => unmetNeed(needs) ?? { address },
    close: async () => {},
  };
}

function unmetNeed(needs: ServerNeeds): string | undefined {
  const names = Object.keys(needs);
  return names.length === 0 ? undefined : `needs a server with ${names.join(", ")}`;
}
