import type { ServerEventHandlers } from "../events.ts";
import type { Listener } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";

/** Handlers that log when the server has started and where it listens, and when it has stopped; none if nobody wants that. */
export function lifecycleLog(
  { info }: Log,
  listeners: () => readonly Listener[],
): ServerEventHandlers {
  if (info === undefined) return {};
  return {
    started: () => {
      const urls = listeners().flatMap(({ address }) => address?.url ?? []);
      info("started", { listeners: urls.join(" ") });
    },
    stopped: () => info("stopped"),
  };
}
