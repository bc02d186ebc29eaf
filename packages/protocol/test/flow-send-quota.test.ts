import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SendQuota } from "../src/flow/send-quota.ts";

describe("the send quota", () => {
  test("[MQTT-4.9.0-1] begins with the peer's Receive Maximum, 65535 if it stated none", () => {
    expect(new SendQuota(10).available).toBe(10);
    expect(new SendQuota().available).toBe(65_535);
  });

  test.each([0, -1, 65_536, 1.5, Number.NaN])("[MQTT-4.9.0-1] cannot begin with %d", (value) => {
    expect(() => new SendQuota(value)).toThrow(RangeError);
    expect(() => new SendQuota(1).reset(value)).toThrow(`receiveMaximum ${value} is not`);
  });

  test("[MQTT-4.9.0-2] lets no more PUBLISH pass when it is used up", () => {
    const quota = new SendQuota(2);
    expect([quota.take(), quota.take(), quota.take()]).toEqual([true, true, false]);
    expect(quota.available).toBe(0);
    quota.giveBack();
    expect([quota.take(), quota.take()]).toEqual([true, false]);
  });

  test("never rises above its start value", () => {
    const quota = new SendQuota(2);
    quota.giveBack();
    quota.take();
    quota.giveBack();
    quota.giveBack();
    expect(quota.available).toBe(2);
  });

  test("[MQTT-4.9.0-3] never keeps PUBREL back, and counts its exchange until PUBCOMP", () => {
    const quota = new SendQuota(1);
    quota.takeForPubrel();
    quota.takeForPubrel();
    expect(quota.available).toBe(0);
    quota.giveBack();
    expect(quota.take()).toBe(false);
    quota.giveBack();
    expect(quota.take()).toBe(true);
  });

  test("starts anew with each connection", () => {
    const quota = new SendQuota(1);
    quota.take();
    quota.reset(3);
    expect(quota.available).toBe(3);
    expect(quota.receiveMaximum).toBe(3);
  });

  test("is the Receive Maximum less the open exchanges, whatever happens", () => {
    const action = fc.constantFrom("publish", "pubrel", "acknowledge");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(action), (receiveMaximum, actions) => {
        const quota = new SendQuota(receiveMaximum);
        let open = 0;
        for (const next of actions) {
          const mayPublish = open < receiveMaximum;
          expect(next === "publish" ? quota.take() : mayPublish).toBe(mayPublish);
          if (next === "publish" && mayPublish) open += 1;
          if (next === "pubrel") quota.takeForPubrel();
          if (next === "pubrel") open += 1;
          if (next === "acknowledge") quota.giveBack();
          if (next === "acknowledge" && open > 0) open -= 1;
          expect(quota.available).toBe(Math.max(0, receiveMaximum - open));
        }
      }),
    );
  });
});
