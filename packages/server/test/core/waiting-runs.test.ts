/** Runs of PUBLISH packets whose handlers answer later: they wait as one, as long as their turn of the loop lasts. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ConnectPacket, Packet, QoS } from "@anax/protocol";
import type { InterceptingPublish } from "../../src/core/hooks/publish-events.ts";
import type { ApplicationMessage } from "../../src/core/message/application-message.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  Later,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import { textOf } from "../support/scripted-peer.ts";

type Decide = (event: InterceptingPublish, text: string) => void;

/** Handlers that decide when a test has them answer. */
class Answers {
  readonly harness: CoreHarness = new CoreHarness(
    {},
    { interceptingPublish: (event) => this.#ask(event) },
  );
  /** Texts that handlers were asked about. */
  readonly asked: string[] = [];
  readonly #decide: Decide;
  #waiting: { readonly event: InterceptingPublish; readonly later: Later } | undefined;
  /** True: they answer at once. */
  isQuick = false;

  constructor(decide: Decide = () => undefined) {
    this.#decide = decide;
  }

  #ask(event: InterceptingPublish): Later | undefined {
    if (this.#waiting !== undefined) throw new Error("two messages are asked about at a time");
    if (this.isQuick) {
      this.#note(event);
      return undefined;
    }
    this.#waiting = { event, later: new Later() };
    return this.#waiting.later;
  }

  #note(event: InterceptingPublish): void {
    const text = textOf(event.applicationMessage?.payload ?? new Uint8Array(0));
    this.asked.push(text);
    this.#decide(event, text);
  }

  /** The handler that is waited for answers. False if there is none. */
  answer(): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined) return false;
    this.#waiting = undefined;
    this.#note(waiting.event);
    waiting.later.settle();
    return true;
  }

  /** All answer, in the turn in which they were asked. */
  answerAll(): void {
    while (this.answer());
  }
}

function messages(qos: QoS, ...texts: readonly string[]): Packet[] {
  return texts.map((text, index) =>
    publishPacket(`t/${index % 3}`, text, qos === 0 ? {} : { qos, packetIdentifier: index + 1 }),
  );
}

function identifiers(packets: readonly Packet[]): (number | undefined)[] {
  return packets.map((packet) =>
    "packetIdentifier" in packet ? packet.packetIdentifier : undefined,
  );
}

const V4: Partial<ConnectPacket> = { protocolVersion: 4 };

it.each<QoS>([0, 1, 2])(
  "QoS %i: what is answered in its turn goes on as one run, and is one work",
  (qos) => {
    const answers = new Answers();
    const { harness } = answers;
    const s = harness.connect("s");
    subscribe(s, "#");
    const p = harness.connect("p");
    p.sendChunk(...messages(qos, "1", "2", "3"));
    expect(answers.asked).toEqual([]);
    expect(Array.from(harness.core.works, ({ owner, what }) => [owner, what])).toEqual([
      ["p", "PUBLISH"],
    ]);
    answers.answer();
    answers.answer();
    expect(harness.core.statistics.publishesSent).toBe(0);
    answers.answer();
    expect(harness.core.statistics.publishesSent).toBe(3);
    expect([harness.core.works.count, harness.core.works.asking]).toEqual([0, 0]);
    harness.settle();
    expect(s.receiveTexts()).toEqual(["1", "2", "3"]);
    expect(identifiers(p.receive())).toEqual(qos === 0 ? [] : [1, 2, 3]);
    expect(answers.asked).toEqual(["1", "2", "3"]);
  },
);

it("at the end of the turn what was let pass goes on, and what is behind is asked about one by one", () => {
  const answers = new Answers();
  const { harness } = answers;
  const s = harness.connect("s");
  subscribe(s, "#");
  const p = harness.connect("p");
  p.sendChunk(...messages(1, "1", "2", "3", "4"), { type: "pingreq" });
  answers.answer();
  harness.settle();
  expect(s.receiveTexts()).toEqual(["1"]);
  expect(identifiers(p.receive()).filter((one) => one !== undefined)).toEqual([1]);
  answers.answer();
  harness.settle();
  expect(s.receiveTexts()).toEqual(["2"]);
  answers.answerAll();
  harness.settle();
  expect(s.receiveTexts()).toEqual(["3", "4"]);
  expect(identifiers(p.receive()).filter((one) => one !== undefined)).toEqual([2, 3, 4]);
  expect(harness.core.statistics.publishesReceived).toBe(4);
  expect(harness.core.works.count).toBe(0);
});

it("a subscription that is made meanwhile gets what is recorded after it", () => {
  const answers = new Answers();
  const { harness } = answers;
  const [p, s] = [harness.connect("p"), harness.connect("s")];
  p.sendChunk(...messages(1, "1", "2"));
  answers.answer();
  s.sendChunk({
    type: "subscribe",
    packetIdentifier: 1,
    subscriptions: [
      { topicFilter: "#", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    ],
  });
  answers.answer();
  harness.settle();
  expect(s.receive().map(({ type }) => type)).toEqual(["suback", "publish", "publish"]);
  expect(p.receive()).toMatchObject([{ reasonCode: 0 }, { reasonCode: 0 }]);
});

it.each(["cut", "taken over"])(
  "[MQTT-4.3.3-10] a client that is %s has what was decided received, once",
  (how) => {
    const answers = new Answers();
    const { harness } = answers;
    const s = harness.connect("s");
    subscribe(s, "#");
    const p = harness.connect("p", lasting());
    p.sendChunk(...messages(2, "1", "2", "3"));
    answers.answer();
    if (how === "cut") p.cut();
    const again = harness.connect("p", lasting());
    again.send(
      ...messages(2, "1", "2", "3").map((packet) => ({ ...packet, duplicate: true }) as Packet),
    );
    expect(again.receive()).toEqual([]);
    for (let left = 3; left > 0; left -= 1) {
      answers.answer();
      harness.settle();
    }
    expect(identifiers(again.receive())).toEqual([1, 2, 3]);
    expect(answers.asked).toEqual(["1", "2", "3"]);
    expect(s.receiveTexts()).toEqual(["1", "2", "3"]);
  },
);

it("is given up when the server stops: what was let pass is received, nothing else", () => {
  const answers = new Answers();
  const { harness } = answers;
  const s = harness.connect("s");
  subscribe(s, "#");
  const p = harness.connect("p");
  p.sendChunk(...messages(1, "1", "2", "3"));
  answers.answer();
  expect(harness.core.works.abandonAll()).toMatchObject([{ owner: "p", what: "PUBLISH" }]);
  expect(harness.core.statistics.publishesSent).toBe(1);
  expect(harness.reports).toEqual([]);
});

it("messages can be read after the run is over, and its memory is used again", () => {
  const events: InterceptingPublish[] = [];
  const answers = new Answers((event) => void events.push(event));
  const texts = (): string[] =>
    events.map(({ applicationMessage }) =>
      textOf(applicationMessage?.payload ?? new Uint8Array(0)),
    );
  const p = answers.harness.connect("p");
  p.sendChunk(...messages(1, "1", "22", "333"));
  answers.answerAll();
  p.sendChunk(...messages(1, "4444", "55555"));
  answers.answerAll();
  answers.harness.settle();
  expect(texts()).toEqual(["1", "22", "333", "4444", "55555"]);
});

it("more runs wait at a time than there is room for: the rest waits message by message", () => {
  const laters: Later[] = [];
  const harness = new CoreHarness(
    {},
    {
      interceptingPublish: () => {
        laters.push(new Later());
        return laters.at(-1);
      },
    },
  );
  const s = harness.connect("s");
  subscribe(s, { topicFilter: "#", qos: 0 });
  const publishers = Array.from({ length: 20 }, (_none, index) => harness.connect(`p${index}`));
  for (const p of publishers) p.sendChunk(...messages(1, "1", "2"));
  for (let later = laters.shift(); later !== undefined; later = laters.shift()) {
    later.settle();
    harness.settle();
  }
  expect(s.receiveTexts()).toHaveLength(40);
  for (const p of publishers) expect(identifiers(p.receive())).toEqual([1, 2]);
});

/** What a handler may do with a message, by its text. */
const DECISIONS: readonly ((event: InterceptingPublish) => void)[] = [
  () => undefined,
  () => undefined,
  () => undefined,
  (event) => {
    event.processPublish = false;
    event.response.reasonCode = 0x87;
  },
  (event) => {
    const { topic } = event;
    const payload = new TextEncoder().encode("another");
    event.applicationMessage = {
      topic,
      payload,
      qos: 1,
      retain: false,
    } satisfies ApplicationMessage;
  },
  (event) => {
    event.response.reasonString = "said so";
  },
];

interface Step {
  readonly qos: QoS;
  readonly decisions: readonly number[];
  /** How many handlers answer before the turn ends. */
  readonly answers: number;
}

/** What publisher and subscriber get. */
function outcomeOf(steps: readonly Step[], version: 4 | 5, isQuick: boolean): unknown {
  const answers = new Answers((event, text) => DECISIONS[Number(text.at(-1))]?.(event));
  answers.isQuick = isQuick;
  const { harness } = answers;
  const s = harness.connect("s", { properties: { receiveMaximum: 65_535 } });
  subscribe(s, "#");
  const p = harness.connect("p", version === 4 ? V4 : {});
  let number = 0;
  for (const { qos, decisions, answers: count } of steps) {
    const texts = decisions.map((decision) => `${(number += 1)} ${decision}`);
    p.sendChunk(...messages(qos, ...texts));
    for (let left = count; left > 0; left -= 1) answers.answer();
    harness.settle();
    while (answers.answer()) harness.settle();
    if (qos !== 2) continue;
    // Those that were refused are told that there is nothing to release.
    p.send(...decisions.map((_decision, index) => acknowledgement("pubrel", index + 1)));
  }
  const { publishesReceived, packetsReceived, publishBytesReceived } = harness.core.statistics;
  expect(harness.core.works.count).toBe(0);
  expect(harness.reports).toEqual([]);
  return {
    asked: answers.asked,
    publisher: p.receive(),
    subscriber: s.receive().map((packet) => ({ ...packet, packetIdentifier: 0 })),
    counted: [publishesReceived, packetsReceived, publishBytesReceived],
  };
}

it("comes to the same as handlers that answer at once, whatever they decide and whenever they answer", () => {
  const step = fc.record({
    qos: fc.constantFrom<QoS>(0, 1, 2),
    decisions: fc.array(fc.nat({ max: DECISIONS.length - 1 }), { minLength: 1, maxLength: 8 }),
    answers: fc.nat({ max: 9 }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 5 }),
      fc.constantFrom<4 | 5>(4, 5),
      (steps, version) => {
        expect(outcomeOf(steps, version, false)).toEqual(outcomeOf(steps, version, true));
      },
    ),
    { numRuns: 50 },
  );
});
