/** Spans and metrics of `anax serve` for OpenTelemetry, whose packages are there only if the operator has installed them. */
import type { instrumentServer } from "@anax/admin/opentelemetry";
import type { MqttServer } from "@anax/server";
import { CommandError, UsageError } from "../errors.ts";
import type { TelemetryFlags } from "./telemetry-flags.ts";

const API = "@opentelemetry/api";

/** Throws `UsageError` for a rate without what it is the rate of. */
export function requireTelemetryFlags({ opentelemetry, opentelemetryRate }: TelemetryFlags): void {
  if (!opentelemetry && opentelemetryRate !== undefined)
    throw new UsageError("--opentelemetry-rate needs --opentelemetry");
}

/** Begins to tell, if the flags ask for it, and gives what ends that. Rejects with `CommandError` if the API is not installed. */
export async function beginTelemetry(
  server: MqttServer,
  { opentelemetry, opentelemetryRate: messagesPerSecondMax }: TelemetryFlags,
): Promise<() => void> {
  if (!opentelemetry) return () => undefined;
  const { instrumentServer: begin } = await loaded();
  const telemetry = begin(server, { messagesPerSecondMax });
  return () => telemetry.dispose();
}

async function loaded(): Promise<{ readonly instrumentServer: typeof instrumentServer }> {
  try {
    return await import("@anax/admin/opentelemetry");
  } catch (cause) {
    if (!(cause instanceof Error) || !cause.message.includes(API)) throw cause;
    throw new CommandError(
      `--opentelemetry needs the package ${API} and an SDK: install them where anax is installed`,
      { cause },
    );
  }
}
