/**
 * What a fleet of small devices costs a server in memory, beside mosquitto: by how much its process grows for each device that is
 * connected, after messages both ways, and for each that is away with ten messages waiting.
 *
 *     npm run bench:fleet -- --devices 19000 --peer mosquitto
 *
 * Each device is an open file of the server and of this program (`ulimit -Hn`).
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Commander, Device } from "./fleet/device.ts";
import { PlainError } from "./support/plain-error.ts";
import { choice, runProgram, wholeNumber } from "./support/program-arguments.ts";
import { PEERS, RunningPeer } from "./table/peers.ts";

/** Devices that connect at a time. */
const WAVE = 100;
/** Commands to each device and messages of each. */
const ROUNDS = 2;
const WAITING_MESSAGES = 10;

/** What is measured. */
export interface FleetFields {
  readonly devices: number;
  readonly perSecond: number;
  /** How long a server has time to settle before it is measured. Default: 3 s. */
  readonly settlingMs?: number;
}

/** By how much a server has grown for each device, in bytes. */
export interface FleetResult {
  readonly connected: number;
  readonly afterTraffic: number;
  /** Away, each with ten messages of 40 bytes that wait. */
  readonly away: number;
}

/** Two servers, one after the other: the memory of those that are connected must not be there when those are counted that are away. */
export async function measureFleet(name: string, fields: FleetFields): Promise<FleetResult> {
  const { devices, perSecond, settlingMs = 3_000 } = fields;
  const { connected, afterTraffic } = await withServer(name, async (server) => {
    const before = residentBytes(server);
    const fleet = await connectAll(server.port, devices);
    const each = async (): Promise<number> => {
      await sleep(settlingMs);
      return (residentBytes(server) - before) / devices;
    };
    const connected = await each();
    await talk(server.port, fleet, perSecond);
    const afterTraffic = await each();
    for (const device of fleet) device.leave();
    return { connected, afterTraffic };
  });
  const away = await withServer(name, async (server) => {
    const before = residentBytes(server);
    await connectAll(server.port, devices, (device) => device.leave());
    const commander = await command(server.port, devices, perSecond);
    await sleep(settlingMs);
    commander.leave();
    await sleep(settlingMs);
    return (residentBytes(server) - before) / devices;
  });
  return { connected, afterTraffic, away };
}

async function withServer<Result>(
  name: string,
  measure: (server: RunningPeer) => Promise<Result>,
): Promise<Result> {
  const peer = PEERS.find((known) => known.name === name);
  if (peer === undefined) throw new PlainError(`there is no server "${name}"`);
  if (peer.missing !== undefined) throw new PlainError(`${name}: ${peer.missing}`);
  const server = await RunningPeer.start(peer, "limited", "");
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
}

async function connectAll(
  port: number,
  devices: number,
  connected?: (device: Device) => void,
): Promise<Device[]> {
  const fleet: Device[] = [];
  for (let first = 0; first < devices; first += WAVE) {
    const numbers = Array.from({ length: Math.min(WAVE, devices - first) }, (_, at) => first + at);
    const wave = await Promise.all(numbers.map((number) => Device.start(number, port)));
    fleet.push(...wave);
    if (connected !== undefined) wave.forEach(connected);
  }
  return fleet;
}

/** Commands to all devices, and a message of each, until all commands have come. */
async function talk(port: number, fleet: readonly Device[], perSecond: number): Promise<void> {
  const commander = await Commander.start(port);
  await paced(fleet.length * ROUNDS, perSecond, (index) => {
    const number = index % fleet.length;
    commander.command(number);
    fleet[number]?.report();
  });
  while (fleet.some(({ received }) => received < ROUNDS)) await sleep(100);
  commander.leave();
}

async function command(port: number, devices: number, perSecond: number): Promise<Commander> {
  const commander = await Commander.start(port);
  await paced(devices * WAITING_MESSAGES, perSecond, (index) => commander.command(index % devices));
  return commander;
}

/** Does it so many times, spread evenly. */
async function paced(
  times: number,
  perSecond: number,
  step: (index: number) => void,
): Promise<void> {
  const startedAtMs = performance.now();
  let done = 0;
  while (done < times) {
    const due = Math.ceil(((performance.now() - startedAtMs) / 1_000) * perSecond);
    for (; done < Math.min(due, times); done += 1) step(done);
    await sleep(1);
  }
}

function residentBytes({ pid }: RunningPeer): number {
  const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? Number.NaN) * 1_024;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One line for people. */
export function fleetLine(name: string, devices: number, result: FleetResult): string {
  const kB = (bytes: number): string => (bytes / 1_000).toFixed(2);
  const { connected, afterTraffic, away } = result;
  return (
    `${name}, ${devices} devices, kB each: connected ${kB(connected)}, after traffic ${kB(afterTraffic)}, ` +
    `away with ${WAITING_MESSAGES} waiting ${kB(away)}`
  );
}

/** Its command line. */
export const FLEET_PROGRAM = {
  command: "npm run bench:fleet --",
  about: "What a fleet of small devices with kept sessions costs a server in memory.",
  options: {
    devices: wholeNumber("devices", { from: 1, to: 60_000, byDefault: 19_000 }),
    peer: choice("the server", ["anax", "mosquitto", "aedes", "mqttnet"], "anax"),
    rate: wholeNumber("commands a second", { from: 1, to: 1_000_000, byDefault: 5_000 }),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(FLEET_PROGRAM, async ({ devices, peer, rate }) => {
    const result = await measureFleet(peer, { devices, perSecond: rate });
    process.stdout.write(`${fleetLine(peer, devices, result)}\n`);
  });
}
