import { describe, expect, it } from "vitest";
import { CORE_DEFAULTS } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { ShortCuts } from "../../src/core/hooks/short-cuts.ts";
import { SERVER_EVENT_NAMES } from "../../src/index.ts";
import { connected, publication, startedServer, text } from "../support/memory-server.ts";

const ALL = [
  "runs",
  "plainRetaining",
  "plainReplay",
  "storedSending",
  "acknowledgementRuns",
  "writtenPackets",
  "droppedMessages",
] as const;

/** The short cuts that are closed. */
function closed(cuts: ShortCuts): string[] {
  return ALL.filter((name) => !cuts[name]);
}

describe("short cuts", () => {
  it("are all open without handlers", () => {
    expect(closed(new ShortCuts({}, CORE_DEFAULTS))).toEqual([]);
  });

  it("are closed by handlers that have to see single messages or packets, by no others", () => {
    const byEvent = SERVER_EVENT_NAMES.map((name) => {
      const hooks: Hooks = { [name]: () => undefined };
      return [name, closed(new ShortCuts(hooks, CORE_DEFAULTS))] as const;
    });
    expect(Object.fromEntries(byEvent.filter(([, cuts]) => cuts.length > 0))).toEqual({
      applicationMessageEnqueuedOrDropped: ["runs"],
      applicationMessageNotConsumed: ["runs", "plainRetaining"],
      clientAcknowledgedPublishPacket: ["droppedMessages"],
      interceptingClientEnqueue: ["runs", "plainReplay"],
      interceptingInboundPacket: ["runs", "plainRetaining", "acknowledgementRuns"],
      interceptingOutboundPacket: ["runs", "plainReplay", "storedSending", "writtenPackets"],
      interceptingPublish: ["plainRetaining"],
      retainedMessageChanged: ["plainRetaining"],
    });
  });

  it("are closed by options", () => {
    const options = { ...CORE_DEFAULTS, retainAvailable: false };
    expect(closed(new ShortCuts({}, options))).toEqual(["plainRetaining"]);
  });

  it("close and open when a handler comes and goes", async () => {
    const server = await startedServer();
    const publisher = await connected(server, "p");
    const seen: string[] = [];
    const publish = async (payload: string): Promise<void> => {
      publisher.sendPacket(publication("t", payload, 1));
      expect(await publisher.packet()).toMatchObject({ type: "puback" });
    };
    await publish("before");
    const registration = server.on("applicationMessageNotConsumed", ({ applicationMessage }) => {
      seen.push(text(applicationMessage.payload));
    });
    await publish("during");
    registration.dispose();
    await publish("after");
    expect(seen).toEqual(["during"]);
    await server.stop();
  });
});
