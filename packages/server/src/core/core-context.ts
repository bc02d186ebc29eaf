import type { ReceivingContext } from "./receiving/receiving-context.ts";

/**
 * All parts of a server, as the core sees itself from above. `ServerCore` is the one that there is. Each layer has a context of its own with what there
 * is from it downwards, and its functions ask for that one.
 */
export interface CoreContext extends ReceivingContext {}
