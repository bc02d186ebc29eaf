/** A server in a process of its own, for a test that limits that process. It says its port, and ends with its input. */
import { MqttServer } from "../../src/index.ts";

const server = new MqttServer({ port: 0, systemTopics: false });
await server.start();
process.stdout.write(`${server.address().port}\n`);
process.stdin.resume();
process.stdin.once("end", () => process.exit());
