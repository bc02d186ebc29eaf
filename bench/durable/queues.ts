/** The lines of the table about much that waits: in memory, on disk, and at a restart. */
import { drainSessions, makeSessions, publishAll } from "./clients.ts";
import { withServer } from "./contenders.ts";
import { bytesText, isReduced, percent, verdictOf } from "./figure.ts";
import type { DurableFigure, DurableWorkload } from "./figure.ts";
import { DurableServerProcess } from "./server.ts";

const MEMORY_BYTES_MAX = 300_000_000;
const STORE_SHARE_MAX = 0.05;
const READY_MS_MAX = 10_000;

/** Messages for sessions that are away, and what is left when they came back for them. */
export async function queues(workload: DurableWorkload): Promise<DurableFigure[]> {
  return withServer({ durability: "disk", cpu: workload.serverCpu }, async (server) => {
    const { messages, sessions, shrinkSeconds } = workload;
    const each = Math.floor(messages / sessions);
    await makeSessions(server.port, sessions);
    const topic = (index: number): string => `queue/${index % sessions}`;
    await publishAll(server.port, { count: each * sessions, retain: false, topic });
    const queued = server.memory("VmHWM");
    const peak = (await server.counts()).storeBytes;
    const drained = await drainSessions(server.port, sessions, each);
    const highest = server.memory("VmHWM");
    const left = await shrunk(server, peak * STORE_SHARE_MAX, shrinkSeconds);
    const name = `${each * sessions} messages for ${sessions} sessions`;
    const isWhole = drained.messages === each * sessions && drained.outOfOrder === 0;
    const less = isReduced(workload, ["messages", "sessions"]);
    const whole = less ? "reduced" : "held";
    return [
      {
        name: `${name}: memory, at its highest`,
        measured: `${bytesText(highest)} (${bytesText(queued)} until all were queued)`,
        bar: `below ${bytesText(MEMORY_BYTES_MAX)}`,
        verdict: less ? "reduced" : verdictOf(highest, (bytes) => bytes < MEMORY_BYTES_MAX),
      },
      {
        name: `${name}: drained in order`,
        measured: `${drained.messages}, ${drained.outOfOrder} disordered`,
        bar: "all, 0",
        verdict: isWhole ? whole : "missed",
      },
      {
        name: `${name}: store afterwards`,
        measured: `${percent(left / peak)} (${bytesText(left)} of ${bytesText(peak)})`,
        bar: `below ${STORE_SHARE_MAX * 100} %`,
        verdict: less ? "reduced" : verdictOf(left / peak, (share) => share < STORE_SHARE_MAX),
      },
    ];
  });
}

/** Waits until the store has shrunk to `wanted` bytes, at most so long. */
async function shrunk(
  server: DurableServerProcess,
  wanted: number,
  seconds: number,
): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  let { storeBytes } = await server.counts();
  while (storeBytes >= wanted && performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    ({ storeBytes } = await server.counts());
  }
  return storeBytes;
}

/** From the beginning of the process until it takes connections, all that it had being there again. */
export async function restart(workload: DurableWorkload): Promise<DurableFigure> {
  const { messages, restartSessions, restartRetained, serverCpu: cpu } = workload;
  return withServer({ durability: "disk", cpu }, async (server, directory) => {
    await makeSessions(server.port, restartSessions);
    const queue = (index: number): string => `queue/${index % restartSessions}`;
    await publishAll(server.port, { count: messages, retain: false, topic: queue });
    const kept = (index: number): string => `retained/${index >> 10}/${index}`;
    await publishAll(server.port, { count: restartRetained, retain: true, topic: kept });
    await server.end("SIGKILL");
    const again = await DurableServerProcess.start({ durability: "disk", directory, cpu });
    const measured = `${(again.readyMs / 1_000).toFixed(1)} s, ${bytesText(again.memory("VmHWM"))}`;
    await again.end("SIGKILL");
    const less = isReduced(workload, ["messages", "restartSessions", "restartRetained"]);
    return {
      name: `kill -9 and start: ${restartSessions} sessions, ${restartRetained} retained, ${messages} queued`,
      measured,
      bar: `below ${READY_MS_MAX / 1_000} s`,
      verdict: less ? "reduced" : verdictOf(again.readyMs, (ms) => ms < READY_MS_MAX),
    };
  });
}
