import cluster from "node:cluster";
import type { ServerEventHandlers } from "../events.ts";
import type { Listener } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";

/** Workers share the port, and nothing else: a message goes to the subscribers of one, and nobody would notice why. */
const CLUSTER_WARNING =
  "this is a worker of node:cluster; each worker is a server of its own, and a message reaches only the clients of one";

/**
 * Handlers that log when the server has started and where it listens, and when it has stopped. In a worker there is a warning in
 * any case: without a log, from Node.
 */
export function lifecycleLog(
  { info, warn }: Log,
  listeners: () => readonly Listener[],
): ServerEventHandlers {
  const warnOfCluster = (): void => {
    if (!cluster.isWorker) return;
    if (warn === undefined) process.emitWarning(CLUSTER_WARNING, { code: "ANAX_CLUSTER_WORKER" });
    else warn(CLUSTER_WARNING);
  };
  if (info === undefined) return { started: warnOfCluster };
  return {
    started: () => {
      warnOfCluster();
      const urls = listeners().flatMap(({ address }) => address?.url ?? []);
      info("started", { listeners: urls.join(" ") });
    },
    stopped: () => info("stopped"),
  };
}
