/** What handlers get cannot be written into, and stays readable. */
import { afterEach, describe, expect, it } from "vitest";
import type { ApplicationMessage, MqttServer } from "../../src/index.ts";
import {
  connected,
  publication,
  startedServer,
  subscribe,
  text,
} from "../support/memory-server.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import { turns, until } from "../support/turns.ts";

let server: MqttServer;

afterEach(() => server.stop());

const PROPERTIES = { contentType: "kind", userProperties: [["a", "b"]] } as const;

/** The second message of a topic and those after it go as a run; a retained one never does. */
async function publishes(peer: MqttPeer, isRetained: boolean): Promise<void> {
  for (const payload of ["one", "two", "three"]) {
    const packet = { ...publication("t", payload), retain: isRetained, properties: PROPERTIES };
    peer.sendPacket(packet);
  }
  peer.sendPacket({ type: "pingreq" });
  await peer.packet();
}

describe.each([
  ["of a run", false],
  ["of the general path", true],
] as const)("a message %s", (_name, isRetained) => {
  it("can be read from code that nothing waits for, after the handler has returned", async () => {
    const read: string[] = [];
    server = await startedServer({
      on: {
        interceptingPublish: (event) => {
          setImmediate(() => {
            const { payload, contentType, userProperties } = event.applicationMessage ?? {};
            read.push(`${event.topic} ${text(payload)} ${contentType} ${userProperties?.join()}`);
          });
        },
      },
    });
    const peer = await connected(server, "publisher");
    await publishes(peer, isRetained);
    // What comes next uses the memory of those before.
    for (let index = 0; index < 10; index += 1) peer.sendPacket(publication("u", "overwritten!!"));
    await until(() => read.length === 13);
    expect(read.slice(0, 3)).toEqual(["t one kind a,b", "t two kind a,b", "t three kind a,b"]);
  });

  it("throws in the handler that writes into it, and its bytes are a copy", async () => {
    const thrown: unknown[] = [];
    const attempt = (write: () => void): void => {
      try {
        write();
      } catch (error) {
        thrown.push(error);
      }
    };
    const write = (applicationMessage: ApplicationMessage | undefined): void => {
      const message = applicationMessage as { topic: string; payload: Uint8Array };
      attempt(() => void (message.topic = "other"));
      attempt(() => void Object.assign(applicationMessage?.userProperties ?? {}, [["c", "d"]]));
      message.payload.fill(0x78);
    };
    server = await startedServer({
      on: {
        interceptingPublish: ({ applicationMessage }) => write(applicationMessage),
        interceptingClientEnqueue: ({ applicationMessage }) => write(applicationMessage),
        applicationMessageEnqueuedOrDropped: ({ applicationMessage }) => write(applicationMessage),
      },
    });
    const reader = await connected(server, "reader");
    await subscribe(reader, "t");
    await publishes(await connected(server, "publisher"), isRetained);
    for (const payload of ["one", "two", "three"]) {
      const packet = await reader.packet();
      expect(packet).toMatchObject({ topic: "t", properties: PROPERTIES });
      if (packet?.type === "publish") expect(text(packet.payload)).toBe(payload);
    }
    await turns();
    expect(thrown).toHaveLength(18);
    expect(thrown.every((error) => error instanceof TypeError)).toBe(true);
  });
});

describe("bytes of packets and Wills", () => {
  /** Writes over all bytes that it finds, then gives the memory away, as to a worker. */
  function takeAway(value: unknown): void {
    if (value instanceof Uint8Array) {
      value.fill(33);
      structuredClone(value, { transfer: [value.buffer] });
      return;
    }
    if (typeof value === "object" && value !== null)
      for (const inner of Object.values(value)) takeAway(inner);
  }

  it("are the handler's own", async () => {
    server = await startedServer({
      on: {
        interceptingInboundPacket: ({ packet }) => takeAway(packet),
        interceptingOutboundPacket: ({ packet }) => takeAway(packet),
      },
    });
    const reader = await connected(server, "reader");
    await subscribe(reader, "t", 1);
    const writer = await connected(server, "writer");
    writer.sendPacket({
      ...publication("t", "text", 1),
      properties: { correlationData: Uint8Array.of(1, 2) },
    });
    const came = await reader.packet();
    expect(came?.type === "publish" && text(came.payload)).toBe("text");
    expect(came).toMatchObject({ properties: { correlationData: Uint8Array.of(1, 2) } });
    expect(await writer.packet()).toMatchObject({ type: "puback", reasonCode: 0 });
    expect(server.statistics.handlerFailures).toBe(0);
  });

  it("of CONNECT are so too: the Will is published as it was sent", async () => {
    const seen: string[] = [];
    server = await startedServer({
      on: {
        validatingConnection: ({ will, password }) => {
          takeAway(will);
          takeAway(password);
        },
        clientConnected: ({ password }) => {
          seen.push(text(password));
          takeAway(password);
        },
        clientDisconnected: ({ password }) => void seen.push(text(password)),
      },
    });
    const reader = await connected(server, "reader");
    await subscribe(reader, "gone");
    const password = new TextEncoder().encode("secret");
    const payload = new TextEncoder().encode("bye");
    const will = { topic: "gone", payload, qos: 0, retain: false } as const;
    const leaving = await connected(server, "leaving", { userName: "ann", password, will });
    leaving.end();
    const came = await reader.packet();
    expect(came?.type === "publish" && text(came.payload)).toBe("bye");
    await until(() => seen.length === 3);
    expect(seen).toEqual(["", "secret", "secret"]);
  });
});
