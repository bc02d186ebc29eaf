import type { QoS } from "@anax/protocol";
import { DirectServer } from "./direct-server.ts";
import type { MicroCase, MicroGroup } from "./micro-case.ts";
import { publishesTo } from "./publishes.ts";

/** What one read of a socket brings from a publisher that keeps up. */
const PACKETS_PER_READ = 500;

interface Shape {
  readonly name: string;
  readonly receivers: number;
  readonly qos: QoS;
  readonly subscriber: 4 | 5;
}

const SHAPES: readonly Shape[] = [
  { name: "QoS 0 to one", receivers: 1, qos: 0, subscriber: 4 },
  { name: "QoS 0 to 100", receivers: 100, qos: 0, subscriber: 4 },
  { name: "QoS 0 from 3.1.1 to 5.0", receivers: 1, qos: 0, subscriber: 5 },
  { name: "QoS 1 to one, acknowledged", receivers: 1, qos: 1, subscriber: 4 },
];

/** A call of `run` sends one read to subscribers of one topic and waits until all of it is out. */
async function delivering(server: DirectServer, shape: Shape): Promise<MicroCase> {
  const { name, receivers, qos, subscriber: version } = shape;
  const topic = `encode/${name.replaceAll(" ", "-")}`;
  for (let index = 0; index < receivers; index += 1) {
    await server.subscriber(`${topic}/${index}`, [topic], { qos, version });
  }
  const publisher = server.listener.connect(topic);
  const read = publishesTo(new Array<string>(PACKETS_PER_READ).fill(topic), { qos });
  const run = (): Promise<void> => {
    const wanted = server.statistics.publishesSent + PACKETS_PER_READ * receivers;
    publisher.receive(read);
    return server.sent(wanted);
  };
  return { name: `publish ${name}`, run, times: PACKETS_PER_READ * receivers };
}

/** From a publisher's bytes to its receivers' bytes, through the whole server but for sockets; by delivery. */
export const ENCODE: MicroGroup = {
  name: "encode",
  async measure(cases) {
    const server = await DirectServer.start();
    const shapes: MicroCase[] = [];
    for (const shape of SHAPES) shapes.push(await delivering(server, shape));
    await cases(shapes);
    await server.stop();
  },
};
