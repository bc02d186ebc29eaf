import { afterEach, describe, expect, it } from "vitest";
import type { Packet } from "@anax/protocol";
import type { LogRecord, MqttServer, ServerEventHandlers } from "../../src/index.ts";
import { detached } from "../support/detached.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "../support/memory-server.ts";
import { until } from "../support/turns.ts";

let server: MqttServer;
let records: LogRecord[];

afterEach(() => server.stop());

async function started(on: ServerEventHandlers): Promise<void> {
  records = [];
  const logger = {
    level: "warn",
    write: (record: LogRecord) => void records.push(record),
  } as const;
  server = await startedServer({ on, logger });
}

/** The failure is counted once, and the log names event, client and field. */
async function expectFailure(event: string, clientId: string, field: string): Promise<void> {
  await until(() => server.statistics.handlerFailures > 0);
  expect(server.statistics.handlerFailures).toBe(1);
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ fields: { event, clientId } });
  expect(records[0]?.error?.message).toContain(field);
}

/** What a client that goes on as before is answered to PINGREQ. */
async function answerTo(peer: MqttPeer): Promise<string | undefined> {
  peer.sendPacket({ type: "pingreq" });
  return (await peer.packet())?.type;
}

/** Writes into an event as a program without types does. */
type Write = (event: Record<string, unknown>) => unknown;

const RUBBISH_RESPONSES: Readonly<Record<string, Write>> = {
  "response.reasonCode": ({ response }) => Object.assign(Object(response), { reasonCode: 300 }),
  "response.reasonString": ({ response }) => Object.assign(Object(response), { reasonString: 5 }),
  "response.userProperties": ({ response }) =>
    Object.assign(Object(response), { userProperties: { a: "b" } }),
  closeConnection: (event) => {
    event["closeConnection"] = "yes";
  },
};

const PUBLISH_ANSWERS: Readonly<Record<string, Write>> = {
  ...RUBBISH_RESPONSES,
  processPublish: (event) => {
    event["processPublish"] = 0;
  },
  "applicationMessage.topic": (event) => replace(event, { topic: "a/#" }),
  "applicationMessage.payload": (event) => replace(event, { payload: 5 }),
  "applicationMessage.payload has been given": (event) => replace(event, { payload: detached() }),
  "applicationMessage.qos": (event) => replace(event, { qos: undefined }),
  "applicationMessage.userProperties": (event) => replace(event, { userProperties: { a: "b" } }),
  retian: (event) => replace(event, { retian: true }),
  "applicationMessage must be an object": (event) => {
    event["applicationMessage"] = "text";
  },
};

function replace(event: Record<string, unknown>, fields: object): void {
  event["applicationMessage"] = { ...Object(event["applicationMessage"]), ...fields };
}

describe("interceptingPublish: a wrong answer drops the message with 0x83, and nobody is closed:", () => {
  for (const [field, write] of Object.entries(PUBLISH_ANSWERS)) {
    for (const when of ["at once", "later"]) {
      for (const way of ["of a run", "of the general path"]) {
        it(`${field}, ${when}, ${way}`, async () => {
          let isWrong = false;
          await started({
            interceptingPublish: (event) => {
              if (!isWrong) return undefined;
              const given = event as never as Record<string, unknown>;
              if (when === "later") return Promise.resolve().then(() => void write(given));
              void write(given);
              return undefined;
            },
          });
          const reader = await connected(server, "reader");
          await subscribe(reader, "#");
          const peer = await connected(server, "publisher");
          // The second of a topic goes as a run.
          peer.sendPacket(publication("a", "1", 1));
          await peer.packet();
          await reader.packet();
          isWrong = true;
          peer.sendPacket({ ...publication("a", "2", 1), retain: way !== "of a run" });
          expect(await peer.packet()).toMatchObject({ type: "puback", reasonCode: 0x83 });
          await expectFailure("interceptingPublish", "publisher", field);
          expect(await answerTo(peer)).toBe("pingresp");
          isWrong = false;
          expect(await answerTo(reader)).toBe("pingresp");
        });
      }
    }
  }

  it("no message, be it undefined or null, is one that is dropped", async () => {
    for (const none of [null, undefined]) {
      await started({
        interceptingPublish: (event) =>
          Object.assign(event, { applicationMessage: none }) && undefined,
      });
      const peer = await connected(server, "publisher");
      for (const text of ["1", "2"]) {
        peer.sendPacket(publication("a", text, 1));
        expect(await peer.packet()).toMatchObject({ type: "puback", reasonCode: 0 });
      }
      expect(server.statistics.handlerFailures).toBe(0);
      await server.stop();
    }
  });

  it("a message whose payload is a text is sent as UTF-8", async () => {
    await started({
      interceptingPublish: (event) => replace(event as never, { payload: "é" }),
    });
    const peer = await connected(server, "c");
    await subscribe(peer, "a", 0);
    peer.sendPacket(publication("a", "x"));
    expect(await peer.packet()).toMatchObject({ payload: new TextEncoder().encode("é") });
  });
});

describe("interceptingSubscription: a wrong answer refuses the filter with 0x83:", () => {
  const answers: Readonly<Record<string, Write>> = {
    ...RUBBISH_RESPONSES,
    processSubscription: (event) => {
      event["processSubscription"] = null;
    },
    "topicFilter.topicFilter": (event) => {
      event["topicFilter"] = { topicFilter: "a/#/b", qos: 0 };
    },
    "topicFilter.qos": (event) => {
      event["topicFilter"] = { topicFilter: "a", qos: 3 };
    },
    "topicFilter must be an object": (event) => {
      event["topicFilter"] = "a";
    },
  };
  for (const [field, write] of Object.entries(answers)) {
    it(field, async () => {
      await started({ interceptingSubscription: (event) => void write(event as never) });
      const peer = await connected(server, "c");
      expect(await subscribe(peer, "a")).toMatchObject({ type: "suback", reasonCodes: [0x83] });
      await expectFailure("interceptingSubscription", "c", field);
      expect(await answerTo(peer)).toBe("pingresp");
    });
  }
});

describe("interceptingUnsubscription: a wrong answer is 0x83 and the subscription stays:", () => {
  const answers: Readonly<Record<string, Write>> = {
    ...RUBBISH_RESPONSES,
    processUnsubscription: (event) => {
      event["processUnsubscription"] = "no";
    },
  };
  for (const [field, write] of Object.entries(answers)) {
    it(field, async () => {
      await started({ interceptingUnsubscription: (event) => void write(event as never) });
      const peer = await connected(server, "c");
      await subscribe(peer, "a");
      peer.sendPacket({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["a"] });
      expect(await peer.packet()).toMatchObject({ type: "unsuback", reasonCodes: [0x83] });
      await expectFailure("interceptingUnsubscription", "c", field);
      expect(server.sessions.get("c")?.subscriptionCount).toBe(1);
    });
  }
});

describe("packets: a wrong one ends the connection with 0x83:", () => {
  const packets: Readonly<Record<string, unknown>> = {
    "packet must be an object": null,
    "packet.type": { type: "no packet" },
    "packet cannot be sent": {
      type: "publish",
      topic: "a",
      payload: "text",
      qos: 0,
      retain: false,
      duplicate: false,
    },
  };
  for (const [said, packet] of Object.entries(packets)) {
    it(`inbound, ${said}`, async () => {
      await started({
        interceptingInboundPacket: (event) => {
          if (event.packet.type === "publish") event.packet = packet as Packet;
        },
      });
      const peer = await connected(server, "c");
      peer.sendPacket(publication("a", "x"));
      await expectFailure("interceptingInboundPacket", "c", said);
      expect(await peer.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x83 });
    });

    it(`outbound, ${said}`, async () => {
      await started({
        interceptingOutboundPacket: (event) => {
          if (event.packet.type === "publish") event.packet = packet as Packet;
        },
      });
      const peer = await connected(server, "c");
      await subscribe(peer, "a");
      await server.injectApplicationMessage({ topic: "a" });
      await expectFailure("interceptingOutboundPacket", "c", said);
      expect(await peer.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x83 });
    });
  }

  it("one that a handler writes into, inbound and outbound", async () => {
    const written: boolean[] = [];
    const write = ({ packet }: { packet: Packet }): void => {
      if (packet.type !== "publish") return;
      written.push(Reflect.set(packet.properties ?? {}, "contentType", 5));
      (packet as { topic: string }).topic = "\0";
    };
    await started({ interceptingInboundPacket: write });
    const peer = await connected(server, "c");
    peer.sendPacket({ ...publication("a", "x"), properties: { contentType: "text" } });
    await expectFailure("interceptingInboundPacket", "c", "read only property");
    expect(await peer.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x83 });
    expect(written).toEqual([false]);
    const other = await connected(server, "d");
    await subscribe(other, "a");
    server.on("interceptingOutboundPacket", write);
    await server.injectApplicationMessage({ topic: "a" });
    expect(await other.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x83 });
  });

  it("one that only the other side sends", async () => {
    await started({
      interceptingInboundPacket: (event) => {
        if (event.packet.type === "pingreq") event.packet = { type: "pingresp" };
      },
    });
    const peer = await connected(server, "c");
    peer.sendPacket({ type: "pingreq" });
    await expectFailure(
      "interceptingInboundPacket",
      "c",
      "packet.type is none that a client sends",
    );
    expect(await peer.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x83 });
  });

  it("a message that was not sent for it stays in the session", async () => {
    let isFailing = true;
    await started({
      interceptingOutboundPacket: ({ packet }) => {
        if (packet.type === "publish" && isFailing) throw new Error("not today");
      },
    });
    const peer = await connected(server, "c", LASTING);
    await subscribe(peer, "a", 1);
    await server.injectApplicationMessage({ topic: "a", payload: "kept", qos: 1 });
    expect(await peer.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x83 });
    isFailing = false;
    const again = await connected(server, "c", LASTING);
    expect(await again.packet()).toMatchObject({ type: "publish", topic: "a", qos: 1 });
  });

  it("CONNECT is one of them: the client is not let in", async () => {
    await started({
      interceptingInboundPacket: () => {
        throw new Error("not today");
      },
    });
    const peer = new MqttPeer(server.connectInMemory(), 5);
    expect(await peer.connect({ clientId: "c" })).toBeUndefined();
    expect(server.clients.count).toBe(0);
  });
});

describe("interceptingClientEnqueue: a wrong answer keeps the message from that receiver:", () => {
  for (const field of ["acceptEnqueue", "closeSenderConnection"]) {
    it(field, async () => {
      await started({
        interceptingClientEnqueue: (event) => void Object.assign(event, { [field]: "no" }),
      });
      const peer = await connected(server, "c");
      await subscribe(peer, "a");
      const outcome = await server.injectApplicationMessage({ topic: "a" });
      expect(outcome).toEqual({ matched: 0, queued: 0, dropped: 0, reasonCode: 0x10 });
      await expectFailure("interceptingClientEnqueue", "c", field);
      expect(await answerTo(peer)).toBe("pingresp");
    });
  }
});

describe("validatingConnection: a wrong answer refuses the client with 0x80:", () => {
  const answers: Readonly<Record<string, unknown>> = {
    reasonCode: 5,
    reasonString: 5,
    userName: "a\0",
    assignedClientId: "",
    responseUserProperties: { a: "b" },
    responseInformation: 5,
    serverReference: "\ud800",
    serverKeepAliveSeconds: 65_536,
    grantedSessionExpiryIntervalSeconds: -1,
    authenticationMethodAccepted: "yes",
  };
  for (const [field, value] of Object.entries(answers)) {
    it(field, async () => {
      await started({
        validatingConnection: (event) => void Object.assign(event, { [field]: value }),
      });
      await expect(connected(server, "c")).rejects.toThrow('"reasonCode":128');
      await expectFailure("validatingConnection", "c", field);
    });
  }

  it("null is what is not there", async () => {
    await started({
      validatingConnection: (event) => {
        for (const field of Object.keys(answers).filter((name) => !/Code|Accepted/.test(name)))
          Object.assign(event, { [field]: null });
      },
    });
    expect(await answerTo(await connected(server, "c"))).toBe("pingresp");
  });
});

describe("what a handler returns", () => {
  it("is no promise: it is not waited for, and no failure", async () => {
    const rubbish: readonly unknown[] = [null, 5, "text", {}];
    for (const value of rubbish) {
      await started({ interceptingPublish: () => value as undefined });
      const peer = await connected(server, "c");
      peer.sendPacket(publication("a", "x", 1));
      expect(await peer.packet()).toMatchObject({ type: "puback", reasonCode: 0x10 });
      expect(server.statistics.handlerFailures).toBe(0);
      await server.stop();
    }
  });

  it("is a thenable that throws: a failure as others, and the process goes on", async () => {
    const thenable = {
      // oxlint-disable-next-line unicorn/no-thenable -- what query builders return
      then: () => {
        throw new Error("broken");
      },
    };
    await started({ interceptingPublish: () => thenable as never });
    const peer = await connected(server, "c");
    peer.sendPacket(publication("a", "x", 1));
    expect(await peer.packet()).toMatchObject({ type: "puback", reasonCode: 0x83 });
    await expectFailure("interceptingPublish", "c", "broken");
  });

  it("throws after it has written rubbish: nothing of it is sent", async () => {
    await started({
      interceptingPublish: ({ response }) => {
        Object.assign(response, { reasonString: 5, userProperties: "x" });
        throw new Error("broken");
      },
      interceptingSubscription: ({ response }) => {
        Object.assign(response, { reasonString: 5, userProperties: "x" });
        throw new Error("broken");
      },
    });
    const peer = await connected(server, "c");
    peer.sendPacket(publication("a", "x", 1));
    expect(await peer.packet()).toMatchObject({ type: "puback", reasonCode: 0x83 });
    expect(await subscribe(peer, "a")).toMatchObject({ type: "suback", reasonCodes: [0x83] });
  });
});
