import { Sender } from "@anax/protocol";
import { DirectServer } from "./direct-server.ts";
import type { MicroCase, MicroGroup } from "./micro-case.ts";
import { publishesTo } from "./publishes.ts";

const MESSAGES = 500;
const CLIENT = "away";
const TOPIC = "queue/topic";

/** Messages for a session that is away; then it comes for them and goes again. */
async function queueing(server: DirectServer): Promise<MicroCase> {
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const first = server.listener.connect(CLIENT, 4, { isLasting: true });
  const subscriptions = [{ topicFilter: TOPIC, ...options }];
  first.send({ type: "subscribe", packetIdentifier: 1, subscriptions });
  await server.subscribed(1);
  first.send({ type: "disconnect", reasonCode: 0 });
  const publisher = server.listener.connect("publisher");
  const read = publishesTo(new Array<string>(MESSAGES).fill(TOPIC), { qos: 1 });
  const run = async (): Promise<void> => {
    const wanted = server.statistics.publishesSent + MESSAGES;
    publisher.receive(read);
    await new Promise((resolve) => setImmediate(resolve));
    const back = server.listener.connect(CLIENT, 4, { isLasting: true });
    await server.sent(wanted);
    back.send({ type: "disconnect", reasonCode: 0 });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { name: "QoS 1 message queued and drained", run, times: MESSAGES };
}

/** The state of messages in flight by itself. */
function exchanging(name: string, qos: 1 | 2): MicroCase {
  const sender = new Sender<number>();
  const identifiers = new Uint16Array(MESSAGES);
  const run = (): number => {
    for (let index = 0; index < MESSAGES; index += 1) identifiers[index] = sender.begin(qos, index);
    for (const identifier of identifiers) {
      if (qos === 1) sender.puback(identifier);
      else {
        sender.pubrec(identifier, 0);
        sender.pubcomp(identifier);
      }
    }
    return identifiers.length;
  };
  return { name, run, times: MESSAGES };
}

/** What waits, and what is in flight. */
export const QUEUE: MicroGroup = {
  name: "queue",
  async measure(cases) {
    const server = await DirectServer.start();
    await cases([
      exchanging("an exchange of QoS 1", 1),
      exchanging("an exchange of QoS 2", 2),
      await queueing(server),
    ]);
    await server.stop();
  },
};
