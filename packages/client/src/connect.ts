/** The short way to a connected client. */
import { MqttClient } from "./client.ts";
import type { ClientOptions } from "./options.ts";
import type { ServerAddressOptions } from "./server-address.ts";

/**
 * Makes a client and connects it.
 *
 * ```ts
 * const client = await connect("mqtt://127.0.0.1:1883");
 * await client.publish("greeting", "hello", { qos: 1 });
 * ```
 * @throws MqttConfigurationError, MqttConnectError or MqttTimeoutError
 */
export async function connect(
  server: string | URL | ServerAddressOptions,
  options: ClientOptions = {},
): Promise<MqttClient> {
  const client = new MqttClient(server, options);
  await client.connect();
  return client;
}
