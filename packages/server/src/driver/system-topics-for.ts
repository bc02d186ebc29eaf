import { asError } from "../errors.ts";
import { messageToInject } from "../injected-message.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";
import { heapBytes } from "../system/heap-bytes.ts";
import type { ServerHealth } from "../system/server-health.ts";
import type { ServerStatistics } from "../system/server-statistics.ts";
import { SystemTopics } from "../system/system-topics.ts";
import { VERSION } from "../system/version.ts";
import type { DriverSettings } from "../options.ts";
import type { Driver } from "./driver.ts";

/** The `$SYS` topics of a server, published through its driver; undefined if its options ask for none. */
export function systemTopicsFor(
  systemTopics: DriverSettings["systemTopics"],
  driver: Driver,
  {
    clock,
    log,
    statistics,
    health,
  }: {
    readonly clock: Clock;
    readonly log: Log;
    readonly statistics: () => ServerStatistics;
    readonly health: () => ServerHealth;
  },
): SystemTopics | undefined {
  if (systemTopics === false) return undefined;
  const isHidden = systemTopics.isIntercepted !== true;
  return new SystemTopics({
    clock,
    intervalMs: systemTopics.intervalSeconds * 1_000,
    version: VERSION,
    statistics,
    health,
    heapBytes,
    publish: (topic, payload) => {
      const message = messageToInject({ topic, payload, retain: true });
      driver.inject(message, { isHidden }).catch((error: unknown) => {
        log.error?.("a $SYS topic could not be published", { topic }, asError(error));
      });
    },
  });
}
