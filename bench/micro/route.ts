import { DirectServer } from "./direct-server.ts";
import type { MicroCase, MicroGroup } from "./micro-case.ts";
import { publishesTo } from "./publishes.ts";

const PACKETS_PER_READ = 500;
/** More than the routes that a server remembers (`docs/guide/limits.md`, `SLOTS`). */
const DEVICES = 40_000;
/** A session may have 10 000 subscriptions. */
const DEVICES_PER_SUBSCRIBER = 8_000;

const topicOf = (device: number): string => `site/${device % 100}/device-${device}/temperature`;

/** Each call of `run` publishes to the next so many of `devices`, each time another topic. */
function publishing(server: DirectServer, name: string, devices: number): MicroCase {
  const reads: Uint8Array[] = [];
  for (let first = 0; first < devices; first += PACKETS_PER_READ) {
    const topics = Array.from({ length: PACKETS_PER_READ }, (_none, at) => topicOf(first + at));
    reads.push(publishesTo(topics));
  }
  const publisher = server.listener.connect(`publisher-${name}`);
  let next = 0;
  const run = (): Promise<void> => {
    const wanted = server.statistics.publishesSent + PACKETS_PER_READ;
    const read = reads[next];
    next = (next + 1) % reads.length;
    if (read !== undefined) publisher.receive(read);
    return server.sent(wanted);
  };
  return { name, run, times: PACKETS_PER_READ };
}

/** From a topic to its receiver among many: QoS 0 messages that share their topic with no neighbour, so each is routed. */
export const ROUTE: MicroGroup = {
  name: "route",
  async measure(cases) {
    const server = await DirectServer.start();
    for (let first = 0; first < DEVICES; first += DEVICES_PER_SUBSCRIBER) {
      const filters = Array.from({ length: DEVICES_PER_SUBSCRIBER }, (_none, at) =>
        topicOf(first + at),
      );
      await server.subscriber(`subscriber-${first}`, filters);
    }
    await cases([
      publishing(server, "to 500 topics in turn, remembered", PACKETS_PER_READ),
      publishing(server, `to ${DEVICES} topics in turn, found anew`, DEVICES),
    ]);
    await server.stop();
  },
};
