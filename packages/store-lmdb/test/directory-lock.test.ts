import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DirectoryLock } from "../src/directory-lock.ts";
import { stateOf, thisProcess } from "../src/process-identity.ts";
import { endedProcess } from "./support/ended-process.ts";
import { withFolder } from "./support/folder.ts";

const SELF = thisProcess();
const QUICK = { heartbeatMs: 10, silenceMs: 140 };

function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  return withFolder(async (directory) => {
    mkdirSync(directory);
    await use(directory);
  });
}

describe("what has become of a process", () => {
  it("is alive if it is the one that asks, or its parent", () => {
    expect(stateOf(SELF, SELF)).toBe("alive");
  });

  it("is dead if its pid is free, or used by a process that began at another time", async () => {
    const pid = await endedProcess();
    expect(stateOf({ ...SELF, pid }, SELF)).toBe("dead");
    const started = process.platform === "linux" ? "dead" : "alive";
    expect(stateOf({ ...SELF, startedAt: "1" }, SELF)).toBe(started);
  });

  it("is dead if the machine was started again", () => {
    expect(stateOf({ ...SELF, bootId: "before" }, SELF)).toBe("dead");
  });

  it("is unknown on another machine and in another container", () => {
    expect(stateOf({ ...SELF, host: "other", bootId: "other" }, SELF)).toBe("unknown");
    expect(stateOf({ ...SELF, pidNamespace: "other" }, SELF)).toBe("unknown");
    expect(stateOf({ ...SELF, host: "other", pidNamespace: "other" }, SELF)).toBe("unknown");
  });
});

describe("the lock of a directory", () => {
  it("is held by one at a time, and free after its release", () =>
    withDirectory(async (directory) => {
      const lock = await DirectoryLock.acquire(directory);
      const refusal = {
        code: "ANAX_STORE_IN_USE",
        message: expect.stringContaining(`${SELF.pid}`),
      };
      await expect(DirectoryLock.acquire(directory)).rejects.toMatchObject(refusal);
      expect(lock.isHeld).toBe(true);
      lock.release();
      (await DirectoryLock.acquire(directory)).release();
      expect(readdirSync(directory)).toEqual(["server-2.lock"]);
    }));

  it("is taken over from a process that has ended", () =>
    withDirectory(async (directory) => {
      const pid = await endedProcess();
      writeFileSync(join(directory, "server-41.lock"), JSON.stringify({ ...SELF, pid }));
      const lock = await DirectoryLock.acquire(directory);
      expect(readdirSync(directory)).toEqual(["server-42.lock"]);
      lock.release();
    }));

  it("goes to one of many that find a dead one's lock at the same moment", () =>
    withDirectory(async (directory) => {
      const pid = await endedProcess();
      writeFileSync(join(directory, "server-1.lock"), JSON.stringify({ ...SELF, pid }));
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, () => DirectoryLock.acquire(directory)),
      );
      const locks = results.flatMap((result) =>
        result.status === "fulfilled" ? result.value : [],
      );
      expect(locks).toHaveLength(1);
      expect(locks[0]?.isHeld).toBe(true);
      locks[0]?.release();
    }));

  it("is refused while an owner whose process cannot be seen shows that it lives", () =>
    withDirectory(async (directory) => {
      const other = { ...SELF, pidNamespace: "another container" };
      const lock = await DirectoryLock.acquire(directory, { ...QUICK, self: other });
      await expect(DirectoryLock.acquire(directory, QUICK)).rejects.toMatchObject({
        code: "ANAX_STORE_IN_USE",
      });
      lock.release();
    }));

  it("is taken over from an owner that cannot be seen and is silent", () =>
    withDirectory(async (directory) => {
      const other = { ...SELF, pidNamespace: "another container" };
      writeFileSync(join(directory, "server-1.lock"), JSON.stringify(other));
      const lock = await DirectoryLock.acquire(directory, QUICK);
      expect(lock.isHeld).toBe(true);
      lock.release();
    }));

  it("is lost when somebody else takes the owner for dead", () =>
    withDirectory(async (directory) => {
      const lock = await DirectoryLock.acquire(directory);
      rmSync(join(directory, "server-1.lock"));
      expect(lock.isHeld).toBe(false);
      lock.release();
    }));

  it("says who has it", () =>
    withDirectory(async (directory) => {
      const lock = await DirectoryLock.acquire(directory);
      const owner: unknown = JSON.parse(readFileSync(join(directory, "server-1.lock"), "utf8"));
      expect(owner).toEqual(SELF);
      lock.release();
    }));
});
