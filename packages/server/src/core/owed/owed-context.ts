import type { DeliveryNotices } from "./delivery-notices.ts";
import type { InFlightBytes } from "./in-flight-bytes.ts";
import type { RoutingContext } from "../routing/routing-context.ts";

/** As `RoutingContext`, with what is on its way to clients. */
export interface OwedContext extends RoutingContext {
  /** Told of what is not delivered; undefined if nobody wants to know. */
  readonly notices: DeliveryNotices | undefined;
  /** Bytes of messages in flight. */
  readonly inFlight: InFlightBytes;
}
