import type { ServerEventName } from "../../src/index.ts";

/** What programs without types may answer, by what they are asked. */
const RUBBISH: Readonly<Partial<Record<ServerEventName, object>>> = {
  interceptingClientEnqueue: { acceptEnqueue: "yes" },
  interceptingInboundPacket: { packet: null, processPacket: "yes" },
  interceptingOutboundPacket: { packet: { type: "nonsense" } },
  interceptingPublish: { processPublish: 0, applicationMessage: { topic: "#" } },
  interceptingSubscription: { topicFilter: { topicFilter: "a#", qos: 7 } },
  interceptingUnsubscription: { closeConnection: 1 },
  loadingRetainedMessage: { loadedRetainedMessages: "none" },
  preparingSession: { subscriptions: { a: 1 }, messages: [null] },
  validatingConnection: { reasonCode: "no" },
};

/** Answers what cannot be: writes it into the event; where there is nothing to write, with a thenable that throws. */
export function spoil(name: ServerEventName, event: object): void {
  const rubbish = RUBBISH[name];
  if (rubbish === undefined) return THENABLE as unknown as void;
  Object.assign(event, rubbish);
}

const THENABLE: object = {
  // oxlint-disable-next-line unicorn/no-thenable -- what a handler may answer with by mistake
  get then(): never {
    throw new Error("the handler throws");
  },
};
