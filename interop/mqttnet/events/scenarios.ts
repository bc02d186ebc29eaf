/** The script: what clients and the embedding program do, step by step, the same on both servers. */
import type { ProtocolVersion } from "@anax/protocol";
import type { ServerEventName } from "@anax/server";
import { LASTING } from "./scripted-client.ts";
import type { Connecting, ScriptedClient } from "./scripted-client.ts";
import type { Answer, Call, Command } from "./sides.ts";

/** What a step may use. */
export interface Stage {
  /** Begins a connection of that name, or a new one in place of an older. */
  client(name: string, connecting?: Connecting, version?: ProtocolVersion): ScriptedClient;
  /** The connection of that name that was begun last. */
  of(name: string): ScriptedClient;
  answer(event: ServerEventName, set: Answer, times?: number): Promise<void>;
  answerNothing(): Promise<void>;
  call(what: Call, command?: Command): Promise<void>;
}

/** One step: its name in the table, and what is done. */
export type Step = readonly [name: string, act: (stage: Stage) => unknown];

/** Steps on a server of their own. */
export interface Scenario {
  readonly name: string;
  readonly pendingMax?: number;
  readonly steps: readonly Step[];
}

const WILL = {
  topic: "will",
  payload: new TextEncoder().encode("gone"),
  qos: 0,
  retain: false,
} as const;

/** Steps that make no difference of their own are short for the table's sake: "connect". */
const subscriber = (filter = "t", qos: 0 | 1 | 2 = 1, name = "b"): readonly Step[] => [
  [`${name} connects and subscribes`, (stage) => stage.client(name, LASTING)],
  [`${name} has subscribed`, (stage) => stage.of(name).subscribe({ topicFilter: filter, qos })],
];

const publisher: Step = ["a connects", (stage) => stage.client("a")];

/** Each kind of thing that a client or a program does. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "connect",
    steps: [
      ["5.0", (stage) => stage.client("a")],
      ["3.1.1", (stage) => stage.client("old", {}, 4)],
      ["5.0, no identifier", (stage) => stage.client("", {}, 5)],
      ["3.1.1, no identifier, clean", (stage) => stage.client("", {}, 4)],
      ["the same identifier again", (stage) => stage.client("a")],
    ],
  },
  {
    name: "refused",
    steps: [
      [
        "0x87, 5.0",
        async (stage) => {
          await stage.answer("validatingConnection", { reasonCode: 0x87 });
          stage.client("a");
        },
      ],
      ["0x87, 3.1.1", (stage) => stage.client("a", {}, 4)],
      [
        "0x97, 3.1.1",
        async (stage) => {
          await stage.answer("validatingConnection", { reasonCode: 0x97 });
          stage.client("a", {}, 4);
        },
      ],
    ],
  },
  {
    name: "an identifier assigned",
    steps: [
      [
        "to a client with its own",
        async (stage) => {
          await stage.answer("validatingConnection", { assignedClientId: "given" });
          stage.client("own");
        },
      ],
    ],
  },
  {
    name: "publish",
    steps: [
      publisher,
      ["to nobody, QoS 0", (stage) => stage.of("a").publish("t", "1")],
      ["to nobody, QoS 1", (stage) => stage.of("a").publish("t", "1", 1)],
      ["to nobody, QoS 2", (stage) => stage.of("a").publish("t", "1", 2)],
      ...subscriber("t", 2),
      ["QoS 0", (stage) => stage.of("a").publish("t", "2")],
      ["QoS 1", (stage) => stage.of("a").publish("t", "3", 1)],
      ["QoS 2", (stage) => stage.of("a").publish("t", "4", 2)],
      [
        "QoS 2, sent twice",
        (stage) => {
          const repeated = { packetIdentifier: 50 };
          stage.of("a").isAnswering = false;
          stage.of("a").publish("t", "5", 2, repeated);
          stage.of("a").publish("t", "5", 2, { ...repeated, duplicate: true });
        },
      ],
    ],
  },
  {
    name: "receivers",
    steps: [
      ...subscriber("t", 1, "b"),
      ...subscriber("t", 1, "c"),
      publisher,
      [
        "one vetoed",
        async (stage) => {
          await stage.answer("interceptingClientEnqueue", { acceptEnqueue: false }, 1);
          stage.of("a").publish("t", "1", 1);
        },
      ],
      [
        "all vetoed",
        async (stage) => {
          await stage.answer("interceptingClientEnqueue", { acceptEnqueue: false });
          stage.of("a").publish("t", "2", 1);
        },
      ],
      [
        "all changed",
        async (stage) => {
          await stage.answer("interceptingClientEnqueue", { payload: "changed" });
          stage.of("a").publish("t", "3", 1);
        },
      ],
    ],
  },
  {
    name: "retained",
    steps: [
      publisher,
      ["set", (stage) => stage.of("a").publish("r", "1", 1, { retain: true })],
      ["the same again", (stage) => stage.of("a").publish("r", "1", 1, { retain: true })],
      [
        "the same with a Content Type",
        (stage) =>
          stage.of("a").publish("r", "1", 1, { retain: true, properties: { contentType: "x" } }),
      ],
      ["two filters that overlap, in one SUBSCRIBE", (stage) => stage.of("a").subscribe("r", "+")],
      ["removed", (stage) => stage.of("a").publish("r", "", 1, { retain: true })],
      ["removed again", (stage) => stage.of("a").publish("r", "", 1, { retain: true })],
      [
        "set by the program",
        (stage) => stage.call("setRetained", { topic: "p", payload: "1", retain: true }),
      ],
      ["all cleared by the program", (stage) => stage.call("clearRetained")],
    ],
  },
  {
    name: "subscribe",
    steps: [
      publisher,
      [
        "QoS 0, 2, 1 in one packet",
        (stage) =>
          stage
            .of("a")
            .subscribe(
              { topicFilter: "x", qos: 0 },
              { topicFilter: "y", qos: 2 },
              { topicFilter: "z", qos: 1 },
            ),
      ],
      ["a/#/b", (stage) => stage.of("a").sendBytes("82 0b 00 09 00 00 05 61 2f 23 2f 62 01")],
      [
        "unsubscribe",
        (stage) => (
          stage.client("a"),
          stage.of("a").subscribe("x"),
          stage.of("a").unsubscribe("x")
        ),
      ],
      ["unsubscribe what is not there", (stage) => stage.of("a").unsubscribe("never")],
      ["$share/g/t", (stage) => stage.of("a").subscribe("$share/g/t")],
    ],
  },
  {
    name: "answers about subscriptions",
    steps: [
      publisher,
      [
        "processSubscription false",
        async (stage) => {
          await stage.answer("interceptingSubscription", { processSubscription: false }, 1);
          stage.of("a").subscribe("x");
        },
      ],
      [
        "response 0x87",
        async (stage) => {
          await stage.answer("interceptingSubscription", { "response.reasonCode": 0x87 }, 1);
          stage.of("a").subscribe("x");
        },
      ],
      [
        "the QoS lowered",
        async (stage) => {
          await stage.answer("interceptingSubscription", { "topicFilter.qos": 0 }, 1);
          stage.of("a").subscribe("q");
        },
      ],
      [
        "processUnsubscription false",
        async (stage) => {
          await stage.answer("interceptingUnsubscription", { processUnsubscription: false }, 1);
          stage.of("a").unsubscribe("q");
        },
      ],
      [
        "closeConnection",
        async (stage) => {
          await stage.answer("interceptingSubscription", { closeConnection: true }, 1);
          stage.of("a").subscribe("x");
        },
      ],
    ],
  },
  {
    name: "answers about messages",
    steps: [
      ...subscriber(),
      publisher,
      [
        "processPublish false",
        async (stage) => {
          await stage.answer("interceptingPublish", { processPublish: false }, 1);
          stage.of("a").publish("t", "1", 1);
        },
      ],
      [
        "the same with 0x97",
        async (stage) => {
          const refusal = { processPublish: false, "response.reasonCode": 0x97 };
          await stage.answer("interceptingPublish", refusal, 1);
          stage.of("a").publish("t", "2", 1);
        },
      ],
      [
        "another payload",
        async (stage) => {
          await stage.answer("interceptingPublish", { payload: "changed" }, 1);
          stage.of("a").publish("t", "3", 1);
        },
      ],
      [
        "closeConnection",
        async (stage) => {
          await stage.answer("interceptingPublish", { closeConnection: true }, 1);
          stage.of("a").publish("t", "4", 1);
        },
      ],
    ],
  },
  {
    name: "packets dropped",
    steps: [
      ...subscriber(),
      publisher,
      [
        "inbound PUBLISH",
        async (stage) => {
          await stage.answer("interceptingInboundPacket", { processPacket: false }, 1);
          stage.of("a").publish("t", "1");
        },
      ],
      [
        "outbound PUBLISH, QoS 0",
        async (stage) => {
          await stage.answer("interceptingOutboundPacket", { processPacket: false }, 1);
          stage.of("a").publish("t", "2");
        },
      ],
    ],
  },
  ...(
    [
      ["validatingConnection", (stage: Stage) => stage.client("late")],
      ["interceptingPublish", (stage: Stage) => stage.of("a").publish("t", "1", 1)],
      ["interceptingSubscription", (stage: Stage) => stage.of("a").subscribe("x")],
      ["interceptingClientEnqueue", (stage: Stage) => stage.of("a").publish("t", "1", 1)],
      ["interceptingInboundPacket", (stage: Stage) => stage.of("a").publish("t", "1", 1)],
      [
        "interceptingOutboundPacket",
        (stage: Stage) => stage.call("inject", { topic: "t", qos: 1 }),
      ],
      ["clientSubscribedTopic", (stage: Stage) => stage.of("a").subscribe("x")],
    ] as const
  ).map(([event, act]) => ({
    name: `a handler of ${event} throws`,
    steps: [
      ...subscriber(),
      publisher,
      [
        "throws once",
        async (stage: Stage) => {
          await stage.answer(event, { throw: true }, 1);
          await act(stage);
        },
      ] as const,
    ],
  })),
  {
    name: "takeover",
    steps: [
      [
        "a session that stays, with a Will",
        (stage) => stage.client("a", { ...LASTING, will: WILL }),
      ],
      ["again, Clean Start 0", (stage) => stage.client("a", LASTING)],
      ["again, Clean Start 1", (stage) => stage.client("a", { ...LASTING, cleanStart: true })],
      ["again, a session that ends", (stage) => stage.client("a", { cleanStart: false })],
      ["again, after one that ends", (stage) => stage.client("a", { cleanStart: false })],
    ],
  },
  {
    name: "the end",
    steps: [
      ["a connects with a Will", (stage) => stage.client("a", { will: WILL })],
      ["DISCONNECT", (stage) => stage.of("a").disconnect()],
      ["a connects with a Will again", (stage) => stage.client("a", { will: WILL })],
      ["DISCONNECT 0x04", (stage) => stage.of("a").disconnect(0x04)],
      ["a connects with a Will once more", (stage) => stage.client("a", { will: WILL })],
      ["cut", (stage) => stage.of("a").cut()],
      ["a session that stays", (stage) => stage.client("a", LASTING)],
      [
        "DISCONNECT with expiry 0",
        (stage) => stage.of("a").disconnect(0, { sessionExpiryIntervalSeconds: 0 }),
      ],
      ["a session that ends", (stage) => stage.client("b")],
      [
        "DISCONNECT with expiry 60",
        (stage) => stage.of("b").disconnect(0, { sessionExpiryIntervalSeconds: 60 }),
      ],
    ],
  },
  {
    name: "a queue of two",
    pendingMax: 2,
    steps: [
      ...subscriber(),
      ["b goes", (stage) => stage.of("b").disconnect()],
      ["QoS 0", (stage) => stage.call("inject", { topic: "t", payload: "0" })],
      ["QoS 1, the first", (stage) => stage.call("inject", { topic: "t", payload: "1", qos: 1 })],
      ["QoS 1, the second", (stage) => stage.call("inject", { topic: "t", payload: "2", qos: 1 })],
      ["QoS 1, the third", (stage) => stage.call("inject", { topic: "t", payload: "3", qos: 1 })],
      ["b is back", (stage) => stage.client("b", LASTING)],
    ],
  },
  {
    name: "in flight",
    steps: [
      ...subscriber(),
      [
        "not acknowledged",
        async (stage) => {
          stage.of("b").isAnswering = false;
          await stage.call("inject", { topic: "t", payload: "1", qos: 1 });
        },
      ],
      ["cut", (stage) => stage.of("b").cut()],
      ["b is back", (stage) => stage.client("b", LASTING)],
    ],
  },
  {
    name: "the program",
    steps: [
      ...subscriber(),
      ["injects", (stage) => stage.call("inject", { topic: "t", payload: "1", qos: 1 })],
      [
        "injects in a name",
        (stage) => stage.call("inject", { topic: "t", payload: "2", sender: "program" }),
      ],
      [
        "injects, a handler throws",
        async (stage) => {
          await stage.answer("interceptingPublish", { throw: true }, 1);
          await stage.call("inject", { topic: "t", payload: "3" });
        },
      ],
      [
        "enqueues for b",
        (stage) => stage.call("tryEnqueue", { clientId: "b", topic: "own", payload: "4", qos: 1 }),
      ],
      [
        "subscribes for b",
        (stage) =>
          stage.call("subscribeFor", { clientId: "b", filters: [{ topicFilter: "x", qos: 1 }] }),
      ],
      [
        "unsubscribes for b",
        (stage) => stage.call("unsubscribeFor", { clientId: "b", filters: ["x"] }),
      ],
      [
        "asks for a session that is not there",
        (stage) => stage.call("deleteSession", { clientId: "nobody" }),
      ],
      [
        "sends b away, 0x98",
        (stage) => stage.call("disconnectClient", { clientId: "b", reason: 0x98 }),
      ],
      ["b is back", (stage) => stage.client("b", LASTING)],
      ["deletes the session of b", (stage) => stage.call("deleteSession", { clientId: "b" })],
      ["lists what is retained", (stage) => stage.call("retained")],
    ],
  },
  {
    name: "what is not allowed",
    steps: [
      publisher,
      ["a second CONNECT", (stage) => stage.of("a").connect()],
      ["a connects again", (stage) => stage.client("a")],
      [
        "PUBREL of nothing",
        (stage) => stage.of("a").send({ type: "pubrel", packetIdentifier: 9, reasonCode: 0 }),
      ],
      ["PUBLISH with QoS 3", (stage) => stage.of("a").sendBytes("36 06 00 01 74 00 01 00")],
      ["b connects", (stage) => stage.client("b")],
      ["PUBLISH to $app/x", (stage) => stage.of("b").publish("$app/x", "1", 1)],
    ],
  },
];
