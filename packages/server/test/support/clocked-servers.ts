import type { MqttServer } from "../../src/index.ts";
import type { ManualClock } from "./manual-clock.ts";
import { turns } from "./turns.ts";

/** A server whose time a test makes. */
export interface ClockedServer {
  readonly server: MqttServer;
  readonly clock: ManualClock;
}

/** Stops all of them and empties the list. */
export async function stopAll(servers: ClockedServer[]): Promise<void> {
  for (const { server, clock } of servers.splice(0)) {
    const stopped = server.stop({ deadlineMs: 1 });
    await turns();
    clock.advance(1);
    await stopped;
  }
}
