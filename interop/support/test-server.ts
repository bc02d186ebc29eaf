/** A server of ours for one test or one file, on ports that the system chooses. */
import { MqttServer } from "@anax/server";
import type { MqttServerOptions, ServerEventArguments, ServerEventName } from "@anax/server";

/** What the programs of others need to know of a server. */
export interface TestServer extends AsyncDisposable {
  readonly server: MqttServer;
  readonly port: number;
  readonly webSocketUrl: string;
}

/** Starts a server with a TCP and a WebSocket listener. */
export async function startTestServer(options: MqttServerOptions = {}): Promise<TestServer> {
  const server = new MqttServer({
    listeners: [
      { type: "tcp", port: 0 },
      { type: "websocket", port: 0 },
    ],
    systemTopics: false,
    ...options,
  });
  await server.start();
  return {
    server,
    port: portOf(server, "tcp"),
    webSocketUrl: server.address("ws").url,
    [Symbol.asyncDispose]: async () => void (await server.stop({ deadlineMs: 0 })),
  };
}

/** The port of a listener. */
export function portOf(server: MqttServer, type: string): number {
  const { port } = server.address(type);
  if (port === undefined) throw new Error(`the ${type} listener has no port`);
  return port;
}

/** Resolves with the next event of that name for which `isWanted` holds. */
export function serverEvent<Name extends ServerEventName>(
  server: MqttServer,
  name: Name,
  isWanted: (event: ServerEventArguments[Name]) => boolean,
): Promise<ServerEventArguments[Name]> {
  return new Promise((resolve) => {
    const registration = server.on(name, (event) => {
      if (!isWanted(event)) return;
      registration.dispose();
      resolve(event);
    });
  });
}
