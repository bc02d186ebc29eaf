import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MqttServer } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { awaySession, startedServer, text } from "../support/memory-server.ts";

let server: MqttServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  server = await startedServer({ clock });
});
afterEach(() => server.stop());

describe("what waits in a session", () => {
  it("can be looked at, and stays", async () => {
    await awaySession(server);
    for (const payload of ["1", "2", "3"])
      await server.publish("t", payload, { qos: 1, messageExpiryIntervalSeconds: 10 });
    clock.advance(4_000);
    const two = await server.sessions.waitingMessages("s", { limit: 2 });
    expect(two.map(({ payload }) => text(payload))).toEqual(["1", "2"]);
    expect(two[0]).toMatchObject({ topic: "t", qos: 1, messageExpiryIntervalSeconds: 6 });
    two[0]?.payload.fill(0);
    const all = await server.sessions.waitingMessages("s");
    expect(all.map(({ payload }) => text(payload))).toEqual(["1", "2", "3"]);
    expect(server.sessions.get("s")?.queuedMessages).toBe(3);
  });

  it("is refused of a session that is not there, and with a limit that is none", async () => {
    await expect(server.sessions.waitingMessages("none")).rejects.toMatchObject({
      code: "ANAX_SESSION_NOT_FOUND",
    });
    for (const limit of [0, 1_001, 1.5, NaN])
      await expect(server.sessions.waitingMessages("s", { limit })).rejects.toThrow(RangeError);
  });
});
