import type { PublishRun } from "../message/publish-run.ts";
import type { Delivery } from "./delivery.ts";

/**
 * Gets messages in place of a client: a subscription of the embedding program, a recorder, a bridge, a link to another server.
 * It neither waits nor calls the core. What it has no room for it drops itself.
 */
export interface MessageReceiver {
  /** Takes one message; false if it drops it. */
  take(delivery: Delivery): boolean;
  /** Takes many at once, in their order, at the cost of one call and without an object of each. */
  takeRun(part: GivenRun): void;
}

/**
 * Messages of a run that one receiver gets, those from `from` on and before `to`; RETAIN is 0 with all of them. Good for as long as the
 * call lasts: the run is in memory that is read into again. `run.encoding` has them as packets, which `addressPackets` makes those
 * of the receiver once they are copied; `run.message` makes one of them an object that can be kept.
 */
export interface GivenRun {
  readonly run: PublishRun;
  readonly from: number;
  readonly to: number;
  /** The lower of the published and the granted QoS [MQTT-3.8.4-8]. */
  readonly qos: 0 | 1 | 2;
  readonly subscriptionIdentifiers: readonly number[] | undefined;
}
