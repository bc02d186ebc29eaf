/** The Will Message: when it is due, what it carries, when it is dropped (3.1.2.5, 3.1.3.2). */
import { deepEqual, equal } from "node:assert/strict";

import type { Scenario, ScenarioContext, WillOptions } from "../scenario.ts";
import { integer } from "../wire/notation.ts";
import type { Peer } from "../wire/peer.ts";

/** A way to end a connection, and whether the Will is due after it. */
interface Ending {
  readonly title: string;
  readonly due: boolean;
  readonly v5?: readonly string[];
  readonly v3?: readonly string[];
  readonly end: (peer: Peer) => Promise<void>;
}

const ENDINGS: readonly Ending[] = [
  {
    title: "when the connection breaks",
    due: true,
    v5: ["MQTT-3.1.2-7", "MQTT-3.1.2-8", "U-3.1.2.5-1", "U-3.1.2.5-2"],
    v3: ["MQTT-3.1.2-8"],
    end: async (peer) => peer.drop(),
  },
  {
    title: "when the server closes on a malformed packet",
    due: true,
    v5: ["MQTT-3.1.2-8", "U-3.1.2.5-1"],
    v3: ["MQTT-3.1.2-8", "MQTT-4.8.0-1"],
    end: async (peer) => {
      peer.send("30 { 0009 'ab' }");
      await peer.expectDisconnect(0x81);
    },
  },
  {
    title: "when the server closes on a DISCONNECT with wrong flags",
    due: true,
    v5: ["MQTT-3.14.1-1", "U-3.14.1-1"],
    v3: ["MQTT-3.14.1-1"],
    end: async (peer) => {
      peer.send("E1 00");
      await peer.expectDisconnect(0x81);
    },
  },
  {
    title: "after DISCONNECT 0x04",
    due: true,
    v5: ["MQTT-3.1.2-8", "U-3.1.2.5-1"],
    end: async (peer) => {
      peer.send("E0 { 04 }");
      await peer.expectClosed();
    },
  },
  {
    title: "after DISCONNECT with an error code",
    due: true,
    v5: ["MQTT-3.1.2-8", "U-3.1.2.5-1"],
    end: async (peer) => {
      peer.send("E0 { 80 {} }");
      await peer.expectClosed();
    },
  },
  {
    title: "after a DISCONNECT of the normal kind",
    due: false,
    v5: ["MQTT-3.14.4-3", "MQTT-3.1.2-10", "U-3.14-1"],
    v3: ["MQTT-3.14.4-3", "MQTT-3.1.2-10"],
    end: async (peer) => {
      peer.send("E0 00");
      await peer.expectClosed();
    },
  },
];

const endings: readonly Scenario[] = ENDINGS.map(({ title, due, v5, v3, end }) => ({
  title: `the Will is ${due ? "published" : "dropped"} ${title}`,
  statements: { ...(v5 ? { v5 } : {}), ...(v3 ? { v3 } : {}) },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic, 1);
    const peer = await context.connect({ will: { topic, payload: "gone", qos: 1 } });
    await end(peer);
    if (due) {
      const { packetIdentifier } = await watcher.expectPublish({ payload: "gone", qos: 1 });
      watcher.send(`40 { ${integer(packetIdentifier, 2)} }`);
    }
    await afterwards(context, watcher, topic);
  },
}));

/** The next message must be this one, so that no (second) Will can hide between. */
async function afterwards(context: ScenarioContext, watcher: Peer, topic: string): Promise<void> {
  await context.publish(await context.connect(), topic, "after", { qos: 1 });
  await watcher.expectPublish({ payload: "after" });
}

const noWill: Scenario = {
  title: "without the Will Flag nothing is published when the connection breaks",
  statements: { v3: ["MQTT-3.1.2-12"] },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic, 1);
    const peer = await context.connect();
    peer.drop();
    await afterwards(context, watcher, topic);
  },
};

const notTwice: Scenario = {
  title: "a Will that was published is gone: it is not published when the next connection breaks",
  statements: { v5: ["MQTT-3.1.2-10"], v3: ["MQTT-3.1.2-10"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId();
    const watcher = await context.subscriber(topic, 0);
    const first = await context.connect({ clientId, durable: true, will: { topic } });
    first.drop();
    await watcher.expectPublish({ payload: "will" });
    const second = await context.connect({ clientId, durable: true });
    second.drop();
    await afterwards(context, watcher, topic);
  },
};

const notAfterDisconnect: Scenario = {
  title: "a Will that DISCONNECT deleted is not published when the next connection breaks",
  statements: { v5: ["MQTT-3.1.2-10", "MQTT-3.14.4-3"], v3: ["MQTT-3.1.2-10", "MQTT-3.14.4-3"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId();
    const watcher = await context.subscriber(topic, 0);
    const first = await context.connect({ clientId, durable: true, will: { topic } });
    first.send("E0 00");
    await first.expectClosed();
    const second = await context.connect({ clientId, durable: true });
    second.drop();
    await afterwards(context, watcher, topic);
  },
};

function retention(retain: boolean): Scenario {
  return {
    title: `a Will with Will Retain ${retain ? "1 is" : "0 is not"} retained`,
    statements: retain
      ? { v5: ["MQTT-3.1.2-15"], v3: ["MQTT-3.1.2-17"] }
      : { v5: ["MQTT-3.1.2-14"], v3: ["MQTT-3.1.2-16"] },
    run: async (context) => {
      const topic = context.topic();
      const watcher = await context.subscriber(topic);
      const peer = await context.connect({ will: { topic, retain, payload: "gone" } });
      peer.drop();
      await watcher.expectPublish({ payload: "gone", retain: false });
      const later = await context.subscriber(topic);
      if (retain) await later.expectPublish({ payload: "gone", retain: true });
      else await later.expectNothing();
    },
  };
}

const everyQos: Scenario = {
  title: "the Will is published with its QoS, and an empty one is published too",
  statements: { v5: ["MQTT-3.1.2-7", "U-3.3.3-1"], v3: ["MQTT-3.1.2-9"] },
  run: async (context) => {
    const topic = context.topic();
    for (const qos of [0, 1, 2]) {
      const watcher = await context.subscriber(topic, 2);
      const peer = await context.connect({ will: { topic, payload: "", qos } });
      peer.drop();
      await watcher.expectPublish({ topic, payload: "", qos });
      watcher.drop();
    }
  },
};

const WILL_PROPERTIES = `01 01  02 0000003C  03 "text/plain"  08 "answer/here"  09 [ 00FF7F ]
  26 "b" "1"  26 "a" "2"  26 "b" "3"  26 "a" "2"`;

const properties: Scenario = {
  title: "the Will goes out with its properties, User Properties in their order, without its delay",
  statements: { v5: ["MQTT-3.1.3-10", "U-3.1.3.2-2"] },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const will = { topic, properties: `${WILL_PROPERTIES} 18 00000000` };
    const peer = await context.connect({ will });
    peer.drop();
    const message = await watcher.expectPublish({ topic });
    const expected: readonly [number, unknown][] = [
      [0x01, [1]],
      [0x03, ["text/plain"]],
      [0x08, ["answer/here"]],
      [0x09, [Uint8Array.of(0, 255, 127)]],
      [
        0x26,
        [
          ["b", "1"],
          ["a", "2"],
          ["b", "3"],
          ["a", "2"],
        ],
      ],
    ];
    for (const [id, values] of expected)
      deepEqual(plain(message.properties.get(id)), plain(values));
    const left = Number(message.properties.get(0x02)?.[0]);
    equal(left > 0 && left <= 60, true);
    equal(message.properties.has(0x18), false);
  },
};

function plain(values: unknown): string {
  return JSON.stringify(values, (_key, value: unknown) =>
    value instanceof Uint8Array ? [...value] : value,
  );
}

const noExpiry: Scenario = {
  title: "a Will without a Message Expiry Interval goes out without one",
  statements: { v5: ["U-3.1.3.2-2"] },
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const peer = await context.connect({ will: { topic } });
    peer.drop();
    await watcher.expect(`30 { "${topic}" {} 'will' }`);
  },
};

const takenOver: Scenario = {
  title: "the Will of a connection that is taken over is published",
  statements: { v5: ["U-3.1.3.2.2-2", "MQTT-3.1.2-8"], v3: ["MQTT-3.1.2-8"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId();
    const watcher = await context.subscriber(topic);
    const first = await context.connect({ clientId, will: { topic, payload: "first" } });
    await context.connect({ clientId, will: { topic, payload: "second" } });
    await first.expectDisconnect(0x8e);
    await watcher.expectPublish({ payload: "first" });
  },
};

/** Take over with each of: Clean Start, a Will Delay, a session that outlives its connection. */
function takeOverCase(cleanStart: boolean, delayed: boolean, kept: boolean): Scenario {
  const held = !cleanStart && delayed && kept;
  const words = [cleanStart ? "Clean Start 1" : "Clean Start 0", delayed ? "a delay" : "no delay"];
  return {
    title: `take over with ${words.join(", ")}, session ${kept ? "kept" : "not kept"}: Will ${held ? "held" : "published"}`,
    statements: { v5: ["U-3.1.3.2.2-2", ...(held ? ["MQTT-3.1.3-9"] : ["MQTT-3.1.2-8"])] },
    run: async (context) => {
      const topic = context.topic();
      const clientId = context.clientId();
      const watcher = await context.subscriber(topic);
      const will: WillOptions = { topic, properties: delayed ? "18 0000003C" : "" };
      await context.connect({ clientId, will, ...(kept ? { properties: "11 0000003C" } : {}) });
      await context.connect({ clientId, cleanStart });
      if (!held) await watcher.expectPublish({ payload: "will" });
      await afterwards(context, watcher, topic);
    },
  };
}

const TAKE_OVERS: readonly Scenario[] = [true, false].flatMap((cleanStart) =>
  [true, false].flatMap((delayed) =>
    [true, false].map((kept) => takeOverCase(cleanStart, delayed, kept)),
  ),
);

const delayHeld: Scenario = {
  title: "a Will with a delay is not published when the client comes back in time",
  statements: { v5: ["MQTT-3.1.3-9", "MQTT-3.1.2-8"] },
  run: async (context) => {
    const topic = context.topic();
    const clientId = context.clientId();
    const watcher = await context.subscriber(topic);
    const will = { topic, properties: "18 0000003C" };
    const first = await context.connect({ clientId, durable: true, will });
    first.drop();
    await context.publish(await context.connect(), topic, "between");
    await watcher.expectPublish({ payload: "between" });
    await context.connect({ clientId, durable: true });
    await afterwards(context, watcher, topic);
  },
};

const delayPassed: Scenario = {
  title: "a Will with a delay is published once the delay is over, not before",
  statements: { v5: ["MQTT-3.1.2-8", "U-3.1.3.2.2-1"] },
  slow: true,
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const will = { topic, properties: "18 00000002" };
    const peer = await context.connect({ durable: true, will });
    peer.drop();
    await context.publish(await context.connect(), topic, "first");
    await watcher.expectPublish({ payload: "first" });
    await watcher.expectPublish({ payload: "will" });
  },
};

const sessionEndsFirst: Scenario = {
  title: "a Will with a delay is published when the session ends before the delay does",
  statements: { v5: ["MQTT-3.1.2-8", "U-3.1.3.2.2-1"] },
  slow: true,
  run: async (context) => {
    const topic = context.topic();
    const watcher = await context.subscriber(topic);
    const atOnce = { topic, payload: "no session", properties: "18 0000003C" };
    const first = await context.connect({ will: atOnce });
    first.drop();
    await watcher.expectPublish({ payload: "no session" });
    const later = { topic, payload: "expired", properties: "18 0000003C" };
    const second = await context.connect({ properties: "11 00000001", will: later });
    second.drop();
    await watcher.expectPublish({ payload: "expired" });
  },
};

export const WILL_SCENARIOS: readonly Scenario[] = [
  ...endings,
  noWill,
  notTwice,
  notAfterDisconnect,
  retention(false),
  retention(true),
  everyQos,
  properties,
  noExpiry,
  takenOver,
  ...TAKE_OVERS,
  delayHeld,
  delayPassed,
  sessionEndsFirst,
];
