import { expect, it } from "vitest";
import { lockstepTable, measureLockstep } from "../lockstep.ts";
import { PEERS } from "../table/peers.ts";

const isBuilt = PEERS.some(({ name, missing }) => name === "anax" && missing === undefined);

it.skipIf(!isBuilt)("measures all carriers with both patterns", { timeout: 60_000 }, async () => {
  const settings = { runs: 1, seconds: 0.05, warmUpSeconds: 0, serverCpu: "" };
  const carriers = ["tcp", "ws", "tls"];
  const results = await measureLockstep({ ...settings, carriers });
  expect(results.map(({ carrier, pattern }) => `${carrier} ${pattern}`)).toEqual(
    carriers.flatMap((carrier) => [`${carrier} echo`, `${carrier} ping-pong`]),
  );
  for (const { p50Us } of results) expect(p50Us.get("anax")).toBeGreaterThan(0);
});

it("shows the first server beside the best of the others", () => {
  const p50Us = new Map([
    ["anax", 60],
    ["a", 44_000],
    ["b", 50],
  ]);
  expect(lockstepTable([{ carrier: "tcp", pattern: "echo", p50Us }])).toContain(
    "| tcp | echo | 60 | 44000 | 50 | 1.20 x |",
  );
});
