/** Aedes from npm, in this process, with its defaults. It speaks MQTT 3.1.1 and no 5.0. */
import { createServer } from "node:net";

import { Aedes } from "aedes";

import type { Target } from "../runner.ts";
import type { ServerNeeds } from "../scenario.ts";
import { ServerPool, type StartedServer } from "./server-pool.ts";

/** Starts aedes servers; it has none of the options that scenarios need beside being alone. */
export function aedesTarget(): Target {
  const pool = new ServerPool(startAedes);
  return {
    name: "aedes",
    versions: ["3.1.1"],
    provide: (needs) => pool.provide(needs),
    close: () => pool.close(),
  };
}

async function startAedes(needs: ServerNeeds): Promise<StartedServer | string> {
  const unmet = Object.keys(needs).filter((name) => name !== "alone");
  if (unmet.length > 0) return `aedes has no option for ${unmet.join(", ")}`;
  const broker = await Aedes.createBroker();
  const server = createServer({ noDelay: true }, broker.handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return {
    address: { host: "127.0.0.1", port },
    stop: async () => {
      await new Promise<void>((resolve) => broker.close(resolve));
      server.close();
    },
  };
}
