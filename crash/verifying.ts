import { checkRetained } from "./clients/retained-check.ts";
import type { Subscriber } from "./clients/subscriber.ts";
import type { Stream } from "./ledger/stream.ts";
import type { Population } from "./population.ts";
import { until, untilStill } from "./waiting.ts";

/**
 * Lets everything come to rest and calls lost what should have come and has not. A marker that is published behind all
 * else tells each session that its turn is over. Nothing must be published meanwhile.
 * @param patienceMs a server that has done nothing for so long will not do anything more
 */
export async function verify(
  population: Population,
  port: number,
  patienceMs: number,
): Promise<void> {
  const { ledger, publishers, control } = population;
  const progress = (): number => ledger.counts.delivered + ledger.counts.acknowledged;
  for (const publisher of publishers) publisher.rest();
  if (!(await untilStill(() => publishers.every(({ isIdle }) => isIdle), progress, patienceMs))) {
    ledger.complain("refused", "a publisher waits for an answer that does not come");
  }
  const online = [...population.subscribers.keys()].filter(({ isOnline }) => isOnline);
  if (!(await until(() => online.every(({ isSettled }) => isSettled), patienceMs))) {
    ledger.complain("refused", "a subscriber waits for an answer that does not come");
  }
  const markers = online.map((subscriber) => {
    const { sequence } = control.publishTo(subscriber.marker);
    return { subscriber, sequence };
  });
  const hasMarker = (): boolean =>
    markers.every(({ subscriber, sequence }) => subscriber.lastMarker >= sequence);
  await untilStill(hasMarker, progress, patienceMs);
  await settleSessions(population, online, patienceMs);
  await settleGroup(population, patienceMs);
  await checkRetained(ledger, {
    port,
    filter: "retained/#",
    streams: population.retainedStreams,
    patienceMs,
  });
}

/** Wills are not behind the marker: they come when the server finds that a connection has ended. */
async function settleSessions(
  population: Population,
  online: readonly Subscriber[],
  patienceMs: number,
): Promise<void> {
  const records = online.map(({ record }) => record);
  for (const record of records) record.settle((stream) => !population.isWill(stream));
  const isDue = (stream: Stream): boolean => population.isWill(stream);
  await until(() => records.every((record) => !record.isOwed(isDue)), patienceMs);
  for (const record of records) record.settle(isDue);
}

/** What a group is owed may be with any of its members. */
async function settleGroup(population: Population, patienceMs: number): Promise<void> {
  const { group } = population;
  if (!population.with("member").every(({ isOnline }) => isOnline)) return;
  const everything = (): boolean => true;
  await until(() => !group.isOwed(everything), patienceMs);
  group.settle(everything);
}
