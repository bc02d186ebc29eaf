import type { FanOuts } from "./fan-outs.ts";
import type { PublisherLanes } from "./publisher-lanes.ts";
import type { DeliveringContext } from "../delivering/delivering-context.ts";

/** As `DeliveringContext`, with what is being published. */
export interface PublishingContext extends DeliveringContext {
  /** The order of what each publisher publishes. */
  readonly lanes: PublisherLanes;
  /** Messages that are given to thousands of receivers. */
  readonly fanOuts: FanOuts;
}
