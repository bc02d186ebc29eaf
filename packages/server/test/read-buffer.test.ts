import { encodePacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { CORE_DEFAULTS } from "../src/core/core-options.ts";
import { ServerCore } from "../src/core/server-core.ts";
import type { Wire } from "../src/core/wire.ts";

const WIRE: Wire = {
  write: () => true,
  pause: () => undefined,
  resume: () => undefined,
  end: () => undefined,
  destroy: () => undefined,
};

describe("the buffer that a chunk is read into", () => {
  it("may be used again: properties that were found valid there prove nothing for what comes next", () => {
    const core = new ServerCore(CORE_DEFAULTS, {
      hooks: {},
      requestFlush: () => undefined,
      requestCommit: () => undefined,
      newClientId: () => "assigned",
      report: (error) => {
        throw error;
      },
    });
    const connection = core.open(WIRE, { transport: "test", secure: false });
    const connect = {
      type: "connect",
      protocolVersion: 5,
      clientId: "c",
      cleanStart: true,
      keepAliveSeconds: 0,
    } as const;
    core.receive(connection, encodePacket(connect, 5));
    const publish = {
      type: "publish",
      topic: "a",
      payload: Uint8Array.of(1),
      qos: 0,
      retain: false,
      duplicate: false,
      properties: { contentType: "ab" },
    } as const;
    const chunk = Buffer.from(encodePacket(publish, 5));
    // The first makes the topic known; the second takes the short way of repeated topics.
    core.receive(connection, chunk);
    core.receive(connection, chunk);
    expect(core.statistics.protocolErrors).toBe(0);
    // The Content Type is no longer UTF-8.
    chunk[chunk.indexOf("ab")] = 0xff;
    core.receive(connection, chunk);
    expect(core.statistics.protocolErrors).toBe(1);
  });
});
