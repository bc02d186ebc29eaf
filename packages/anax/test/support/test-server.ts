import { MqttServer } from "@anax/server";
import type { ApplicationMessage, MqttServerOptions } from "@anax/server";
import { afterEach } from "vitest";

const servers: MqttServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop({ deadlineMs: 0 });
});

/** A server that is stopped after the test. */
export interface TestServer {
  readonly server: MqttServer;
  readonly port: number;
  /** `-p` and its port. */
  readonly flags: readonly string[];
  /** Messages that clients have published. */
  readonly published: ApplicationMessage[];
  /** Resolves when a client has subscribed to this filter. */
  subscribed(topicFilter: string): Promise<void>;
}

/** Starts a server in this process. */
export async function startTestServer(options: MqttServerOptions = {}): Promise<TestServer> {
  const server = new MqttServer({ port: 0, systemTopics: false, ...options });
  servers.push(server);
  const published: ApplicationMessage[] = [];
  server.on("interceptingPublish", ({ applicationMessage }) => {
    if (applicationMessage !== undefined) published.push(applicationMessage);
  });
  const subscribed = (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      const registration = server.on("clientSubscribedTopic", ({ topicFilter }) => {
        if (topicFilter.topicFilter !== wanted) return;
        registration.dispose();
        resolve();
      });
    });
  await server.start();
  const { port = 0 } = server.address();
  return { server, port, flags: ["-p", String(port)], published, subscribed };
}
