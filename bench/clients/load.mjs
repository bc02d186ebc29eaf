// One measurement of one client library, in a process of its own: load.mjs LIBRARY SCENARIO PORT SECONDS VERSION CPU.
// CPU is that of the generator which feeds what is received; empty for none of its own. Prints one line of JSON.
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";

const [library, scenario, port, seconds, protocolVersion, feedCpu, generator] =
  process.argv.slice(2);
const PAYLOAD_BYTES = 64;
const WARM_UP_MS = 1_000;
const client = await (
  await import(`./${library}.mjs`)
).connect({
  port: Number(port),
  protocolVersion: Number(protocolVersion),
});

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts what `count` gains per second, after a time to get warm, and what it costs in processor time. */
async function measured(count) {
  await wait(WARM_UP_MS);
  const start = { count: count(), ms: performance.now(), cpu: process.cpuUsage() };
  await wait(Number(seconds) * 1_000);
  const messages = count() - start.count;
  const { user, system } = process.cpuUsage(start.cpu);
  return {
    rate: Math.round((messages * 1_000) / (performance.now() - start.ms)),
    perCpuSecond: Math.round((messages * 1e6) / (user + system)),
  };
}

/**
 * Keeps `inFlight` messages on their way. What was acknowledged is followed by as many messages at the end of that turn
 * of the loop: together, because that is what serves both libraries best, and only when there is something to follow,
 * because a process that does not sleep while it waits for the server would count its waiting as work.
 */
async function publish(qos, inFlight) {
  const payload = Buffer.alloc(PAYLOAD_BYTES, "x");
  const topic = `bench/client/${process.pid}`;
  let done = 0;
  let ended = 0;
  let errors = 0;
  const send = (count) => {
    for (let sent = 0; sent < count; sent += 1) client.publish(topic, payload, qos, onDone);
  };
  const refill = () => {
    const count = ended;
    ended = 0;
    send(count);
  };
  const onDone = (error) => {
    if (error instanceof Error) errors += 1;
    done += 1;
    ended += 1;
    // A library may call back at once, and another never in the same turn.
    if (ended === 1) setImmediate(refill);
  };
  send(inFlight);
  return { ...(await measured(() => done)), errors };
}

/** Takes what the generator sends; it waits for credits, so nothing can be dropped on the way. */
async function receive() {
  const prefix = `bench${process.pid}`;
  let received = 0;
  let errors = 0;
  const credit = () => client.publish(`${prefix}/credit`, String(received), 0, () => {});
  await client.subscribe(`${prefix}/0`, (payload) => {
    const number = payload[8] | (payload[9] << 8) | (payload[10] << 16) | (payload[11] << 24);
    if (number !== received || payload.length !== PAYLOAD_BYTES) errors += 1;
    received += 1;
    if (received % 250 === 0) credit();
  });
  const kick = setInterval(() => (received === 0 ? credit() : clearInterval(kick)), 100);
  const args = ["-m", "feed", "-T", prefix, "-p", port, "-q", "0", "-Q", "0", "-w", "2000"];
  const more = [
    "-b",
    String(PAYLOAD_BYTES),
    "-t",
    String(Number(seconds) + 4),
    "-a",
    "0",
    "-j",
    "-y",
  ];
  const pinned = feedCpu === "" ? [] : ["taskset", "-c", feedCpu];
  const [program, ...rest] = [...pinned, generator, ...args, ...more];
  const feed = spawn(program, protocolVersion === "5" ? [...rest, "-5"] : rest, {
    stdio: "ignore",
  });
  const beginsMs = performance.now();
  while (received === 0 && performance.now() - beginsMs < 10_000) await wait(20);
  const result = await measured(() => received);
  feed.kill();
  return { ...result, errors };
}

const SCENARIOS = {
  "publish-q0": () => publish(0, 1_000),
  "publish-q1": () => publish(1, 100),
  "publish-q2": () => publish(2, 100),
  "receive-q0": () => receive(),
};

console.log(JSON.stringify(await SCENARIOS[scenario]()));
process.exit(0);
