import { optional, toggle } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { integer } from "../flags/value-parser.ts";

/** What OpenTelemetry is told. */
export interface TelemetryFlags {
  readonly opentelemetry: boolean;
  readonly opentelemetryRate: number | undefined;
}

const TELLING = { group: "OpenTelemetry" };

/** Its flags. */
export const TELEMETRY_FLAGS: FlagTable<TelemetryFlags> = {
  opentelemetry: toggle({
    ...TELLING,
    help: "tell spans and metrics to the SDK of OpenTelemetry that this process was started with",
  }),
  opentelemetryRate: optional(integer(0, 1_000), {
    ...TELLING,
    help: "messages without a trace of which one is begun, a second at most (default 1)",
  }),
};
