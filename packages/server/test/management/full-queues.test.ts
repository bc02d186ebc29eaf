import { afterEach, describe, expect, it } from "vitest";
import { MqttMessageDroppedError } from "../../src/index.ts";
import type { MqttServer } from "../../src/index.ts";
import { connected, startedServer } from "../support/memory-server.ts";

let server: MqttServer;
afterEach(() => server.stop({ deadlineMs: 0 }));

/** A server whose client "c" is being sent a message that a handler holds; one more may wait behind it. */
async function holding(queueOverflow: "dropOldest" | "dropNewest"): Promise<string[]> {
  const overwritten: string[] = [];
  server = await startedServer({ queueMessagesMax: 1, queueOverflow });
  server.on("interceptingOutboundPacket", ({ packet, signal }) =>
    packet.type === "publish"
      ? new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve(), { once: true });
        })
      : undefined,
  );
  server.on("queuedApplicationMessageOverwritten", ({ applicationMessage }) => {
    overwritten.push(applicationMessage.topic);
  });
  await connected(server, "c");
  return overwritten;
}

describe("QoS 0 messages for a session whose packets a handler holds", () => {
  it.each([
    { queueOverflow: "dropOldest", taken: [true, true, true], gone: ["two"] },
    { queueOverflow: "dropNewest", taken: [true, true, false], gone: [] },
  ] as const)("tryEnqueueApplicationMessage: $queueOverflow", async (expected) => {
    const overwritten = await holding(expected.queueOverflow);
    const taken = [];
    for (const topic of ["one", "two", "three"])
      taken.push(
        (await server.sessions.tryEnqueueApplicationMessage("c", { topic })) !== undefined,
      );
    expect(taken).toEqual(expected.taken);
    expect(overwritten).toEqual(expected.gone);
  });

  it.each([
    { queueOverflow: "dropOldest", fails: "two", gone: ["two"] },
    { queueOverflow: "dropNewest", fails: "three", gone: [] },
  ] as const)("deliverApplicationMessage: $queueOverflow", async (expected) => {
    const overwritten = await holding(expected.queueOverflow);
    const settled: string[] = [];
    let fail: (error: unknown) => void = () => undefined;
    const failed = new Promise<unknown>((resolve) => {
      fail = resolve;
    });
    for (const topic of ["one", "two", "three"]) {
      server.sessions.deliverApplicationMessage("c", { topic }).then(
        () => settled.push(topic),
        (error: unknown) => {
          settled.push(topic);
          fail(error);
        },
      );
    }
    expect(await failed).toBeInstanceOf(MqttMessageDroppedError);
    expect(settled).toEqual([expected.fails]);
    expect(overwritten).toEqual(expected.gone);
  });
});
