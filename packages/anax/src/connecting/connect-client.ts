/** Connects for a command, and says which flag may help where the server seems not to know MQTT 5.0. */
import { MqttConnectError } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { CommandError } from "../errors.ts";

const UNSUPPORTED_PROTOCOL_VERSION = 0x84;

/** Connects. Throws `CommandError` with a hint, or what `MqttClient.connect` throws. */
export async function connectClient(client: MqttClient): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    const isHintDue =
      client.protocolVersion === 5 && error instanceof MqttConnectError && seemsOld(error);
    if (!isHintDue) throw error;
    throw new CommandError(`${error.message}; if it knows no MQTT 5.0, try -V 311`, {
      cause: error,
    });
  }
}

/** What is said of a connection that ended without a word. */
const WORDLESS = /lost before CONNACK: .*(the server closed it|ECONNRESET|EPIPE)$/;

/** Servers that do not know the version refuse it, or close without a word. */
function seemsOld({ reasonCode, message }: MqttConnectError): boolean {
  return reasonCode === UNSUPPORTED_PROTOCOL_VERSION || WORDLESS.test(message);
}
