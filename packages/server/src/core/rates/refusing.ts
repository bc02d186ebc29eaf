import type { Meter } from "./meter.ts";

/** True while the messages of this client are refused because it was too fast. */
export function isRefusedForRate(
  { now }: { readonly now: number },
  { meter }: { readonly meter: Meter | undefined },
): boolean {
  return meter !== undefined && meter.refusesUntilMs > now;
}
