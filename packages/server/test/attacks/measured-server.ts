/**
 * A server in a process of its own, started with --expose-gc, for tests that measure memory. It says its port; to each
 * line of input it answers with what it holds after a collection, as JSON; and it ends with its input.
 */
import { createInterface } from "node:readline";
import { MqttServer } from "../../src/index.ts";

const server = new MqttServer({
  listeners: [
    { type: "tcp", port: 0, backlog: 20_000 },
    { type: "websocket", port: 0 },
  ],
  systemTopics: false,
  connectTimeoutMs: 600_000,
});
await server.start();
process.stdout.write(
  `${JSON.stringify([server.address("tcp").port, server.address("ws").port])}\n`,
);

async function collect(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for await (const _line of createInterface({ input: process.stdin })) {
  await collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { transportsCurrent, connectionsCurrent, messagesDropped } = server.statistics;
  process.stdout.write(
    `${JSON.stringify({ bytes: heapUsed + external, heapUsed, external, arrayBuffers, transportsCurrent, connectionsCurrent, messagesDropped })}\n`,
  );
}
process.exit();
