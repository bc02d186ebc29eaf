import { runLoad } from "../support/load-generator.ts";
import type { LoadResult } from "../support/load-generator.ts";
import { PEERS, RunningPeer } from "../table/peers.ts";
import type { DurableWorkload } from "./figure.ts";

/** Results of a load on mosquitto, which stores nothing; none if it is not installed. */
export async function onMosquitto(
  workload: DurableWorkload,
  load: readonly string[],
): Promise<LoadResult[]> {
  const peer = PEERS.find(({ name, missing }) => name === "mosquitto" && missing === undefined);
  if (peer === undefined) return [];
  const { seconds, warmUpSeconds, loadCpu: cpu, runs } = workload;
  const running = await RunningPeer.start(peer, "prompt", workload.serverCpu);
  try {
    const results: LoadResult[] = [];
    for (let run = 0; run < runs; run += 1) {
      const { port, pid } = running;
      results.push(await runLoad({ port, pid, cpu, seconds, warmUpSeconds, load }));
    }
    return results;
  } finally {
    await running.stop();
  }
}
