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
