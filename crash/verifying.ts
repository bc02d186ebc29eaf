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
  const { ledger, subscribers, retainedStreams: streams } = population;
  for (const subscriber of subscribers.keys()) subscriber.isHurried = true;
  await settlePublishers(population, patienceMs);
  const online = [...subscribers.keys()].filter(({ isOnline }) => isOnline);
  if (!(await until(() => online.every(({ isSettled }) => isSettled), patienceMs))) {
    ledger.complain("refused", "a subscriber waits for an answer that does not come");
  }
  await passMarkers(population, online, patienceMs);
  await settleSessions(population, online, patienceMs);
  await settleGroup(population, patienceMs);
  await checkRetained(ledger, { port, filter: "retained/#", streams, patienceMs });
  for (const subscriber of subscribers.keys()) subscriber.isHurried = false;
}

function progressOf({ ledger }: Population): () => number {
  return () => ledger.counts.delivered + ledger.counts.acknowledged;
}

async function settlePublishers(population: Population, patienceMs: number): Promise<void> {
  const { ledger, publishers } = population;
  for (const publisher of publishers) publisher.rest();
  const areIdle = (): boolean => publishers.every(({ isIdle }) => isIdle);
  if (await untilStill(areIdle, progressOf(population), patienceMs)) return;
  ledger.complain("refused", "a publisher waits for an answer that does not come");
}

async function passMarkers(
  population: Population,
  online: readonly Subscriber[],
  patienceMs: number,
): Promise<void> {
  const markers = online.map((subscriber) => {
    const { sequence } = population.control.publishTo(subscriber.marker);
    return { subscriber, sequence };
  });
  const haveCome = (): boolean =>
    markers.every(({ subscriber, sequence }) => subscriber.lastMarker >= sequence);
  await untilStill(haveCome, progressOf(population), patienceMs);
}

/** Wills are not behind the marker: they come when the server finds that a connection has ended. */
async function settleSessions(
  population: Population,
  online: readonly Subscriber[],
  patienceMs: number,
): Promise<void> {
  const records = online.map(({ record }) => record);
  const { ledger } = population;
  for (const record of records) ledger.settle(record, (stream) => !population.isWill(stream));
  const isDue = (stream: Stream): boolean => population.isWill(stream);
  await until(() => records.every((record) => !record.isOwed(isDue)), patienceMs);
  for (const record of records) ledger.settle(record, isDue);
}

/** What a group is owed may be with any of its members. */
async function settleGroup(population: Population, patienceMs: number): Promise<void> {
  const { group } = population;
  if (!population.with("member").every(({ isOnline }) => isOnline)) return;
  const everything = (): boolean => true;
  await until(() => !group.isOwed(everything), patienceMs);
  population.ledger.settle(group, everything);
}
