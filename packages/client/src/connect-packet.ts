/** Builds the CONNECT packet of one attempt. */
import type { ConnectPacket, ConnectProperties } from "@anax/protocol";
import { withoutUndefined } from "./core/without-undefined.ts";
import type { PasswordSource } from "./options.ts";
import { payloadBytes } from "./payload.ts";
import type { ResolvedOptions } from "./resolve-options.ts";
import { requireType } from "./validation.ts";

/** What differs from one attempt to the next. */
export interface AttemptValues {
  readonly clientId: string;
  readonly cleanStart: boolean;
  readonly userName: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly authenticationData: Uint8Array | undefined;
}

/** The CONNECT packet of an attempt. */
export function connectPacket(options: ResolvedOptions, attempt: AttemptValues): ConnectPacket {
  const { protocolVersion, keepAliveSeconds, will } = options;
  const { clientId, cleanStart, userName, password } = attempt;
  return {
    type: "connect",
    protocolVersion,
    clientId,
    cleanStart,
    keepAliveSeconds,
    ...withoutUndefined({ userName, password, will }),
    ...(protocolVersion === 5 ? { properties: properties(options, attempt) } : {}),
  };
}

function properties(options: ResolvedOptions, attempt: AttemptValues): ConnectProperties {
  return withoutUndefined({
    ...options.connectChoices,
    authenticationMethod: options.authentication?.method,
    authenticationData: attempt.authenticationData,
  });
}

/**
 * The user name for an attempt, asked for if the caller gave a function.
 * @throws MqttConfigurationError when that gives none
 */
export async function resolveUserName(
  source: ResolvedOptions["userName"],
): Promise<string | undefined> {
  if (typeof source !== "function") return source;
  const userName = await source();
  requireType(userName, "string", "userName");
  return userName;
}

/**
 * The password for an attempt, asked for if the caller gave a function.
 * @throws MqttConfigurationError when that gives none
 */
export async function resolvePassword(
  source: PasswordSource | undefined,
): Promise<Uint8Array | undefined> {
  if (source === undefined) return undefined;
  const password = typeof source === "function" ? await source() : source;
  requireType(password, "string|Uint8Array", "password");
  return payloadBytes(password);
}
