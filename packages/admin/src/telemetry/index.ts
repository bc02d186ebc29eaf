/** `@anax/admin/opentelemetry`: spans and metrics of a server, through the API of OpenTelemetry. */
import { metrics, trace } from "@opentelemetry/api";
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { MqttServer } from "@anax/server";
import { makeSpans } from "./message-spans.ts";
import { observeMetrics } from "./metric-instruments.ts";
import { isSampled, TRACEPARENT } from "./trace-context.ts";

/** What is told of a server. */
export interface TelemetryOptions {
  /**
   * Messages without a trace context of which a trace is begun, in a second at most, evenly spaced. Default 1, at most 1 000; 0: none.
   * A sampler of the SDK may take fewer.
   */
  readonly messagesPerSecondMax?: number | undefined;
  /**
   * Messages with a sampled `traceparent` in their User Properties whose traces go on in the server, in a second at most. Default 100,
   * at most 10 000; 0: none.
   */
  readonly propagatedPerSecondMax?: number | undefined;
  /** Who makes tracers; `false`: there are no spans. Default: the one that is registered with the API. */
  readonly tracerProvider?: TracerProvider | false | undefined;
  /** Who makes meters; `false`: there are no metrics. Default: the one that is registered with the API. */
  readonly meterProvider?: MeterProvider | false | undefined;
}

/** Goes on until it is disposed of. */
export interface Telemetry extends Disposable {
  dispose(): void;
}

const NAME = "@anax/admin";

/**
 * Tells OpenTelemetry of a server: spans of single messages, and the metrics that `/metrics` has. It needs `@opentelemetry/api`
 * and an SDK that is registered with it, or given here. The server may be started before or after.
 * Throws `MqttConfigurationError` for a rate that is out of range, and `MqttServerBusyError` if the server's messages are followed already.
 */
export function instrumentServer(server: MqttServer, options: TelemetryOptions = {}): Telemetry {
  const { tracerProvider = trace.getTracerProvider(), meterProvider = metrics.getMeterProvider() } =
    options;
  const ends: (() => void)[] = [];
  if (tracerProvider !== false) {
    const tracer = tracerProvider.getTracer(NAME);
    const following = server.traces.followMessages({
      messagesPerSecondMax: options.messagesPerSecondMax,
      markProperty: TRACEPARENT,
      markedPerSecondMax: options.propagatedPerSecondMax,
      isMarked: isSampled,
      followed: (message) => makeSpans(tracer, message),
    });
    ends.push(() => following.dispose());
  }
  if (meterProvider !== false) ends.push(observeMetrics(meterProvider.getMeter(NAME), server));
  const dispose = (): void => {
    for (const end of ends.splice(0)) end();
  };
  return { dispose, [Symbol.dispose]: dispose };
}
