import { setTimeout as delay } from "node:timers/promises";
import type { Population } from "./population.ts";
import type { Random } from "./random.ts";

/** Longest pause between two acts. */
const PAUSE_MS_MAX = 6;

/** Lets clients come, go, change their minds and break, one act after the other, until `isOver`. */
export async function makeMischief(
  population: Population,
  port: number,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    act(population, port, random);
    await delay(random.between(0, PAUSE_MS_MAX));
  }
}

function act(population: Population, port: number, random: Random): void {
  const dice = random.between(1, 100);
  if (dice <= 30) changeSubscription(population, random);
  else if (dice <= 50) comeOrGo(population, port, random);
  else if (dice <= 65) reconnect(population, port, random);
  else if (dice <= 72) renew(population, port, random);
  else if (dice <= 95) liveOrDie(population, port, random);
  else if (dice <= 97) depart(population, port);
}

function changeSubscription(population: Population, random: Random): void {
  const subscriber = random.pick(population.with("changing"));
  const wish = random.pick(population.filters);
  const has = subscriber.wishes.some(({ filter }) => filter === wish.filter);
  if (has) subscriber.unwant(wish.filter);
  else subscriber.want(wish);
}

/** Members of the group go too: what the group's queues hold for them outlives the server. */
function comeOrGo(population: Population, port: number, random: Random): void {
  const guest = random.pick([...population.with("roaming"), ...population.with("member")]);
  if (!guest.isOnline) void guest.connect(port);
  else if (random.chance(0.5)) guest.drop();
  else guest.leave();
}

/** Somebody who should be there loses the connection and is back at once. */
function reconnect(population: Population, port: number, random: Random): void {
  const { publishers } = population;
  const client = random.pick([
    ...population.with("steady"),
    ...population.with("member"),
    ...publishers,
  ]);
  client.drop();
  void client.connect(port);
}

function renew(population: Population, port: number, random: Random): void {
  const subscriber = random.pick(population.with("renewing"));
  subscriber.drop();
  void subscriber.connect(port, { cleanStart: random.chance(0.7) });
}

function liveOrDie({ willClients }: Population, port: number, random: Random): void {
  const client = random.pick(willClients);
  if (!client.isOnline) void client.arm(port);
  else if (random.chance(0.8)) client.drop();
  else client.leave();
}

function depart(population: Population, port: number): void {
  const client = population.newDeparting();
  void client.arm(port).then(() => client.drop());
}
