import type { CoreOptions } from "../core-options.ts";

/** Where bridges of mosquitto publish, by PUBLISH and Will, whether they are up. */
const BRIDGE_STATE = /^\$SYS\/broker\/connection\/.+\/state$/u;

/**
 * Whether clients may publish to a topic. Those that begin with `$` are the server's own [U-4.7.2-1], but
 * a bridge that may not tell its state does not come at all, and nobody poses as the server there.
 */
export function isOpenToClients(topic: string, options: CoreOptions): boolean {
  return !topic.startsWith("$") || options.dollarTopicsFromClients || BRIDGE_STATE.test(topic);
}
