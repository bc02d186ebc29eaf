import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf, wholeOf } from "../src/publishing/lines.ts";
import { PublishWindow } from "../src/publishing/publish-window.ts";

async function lines(...chunks: Uint8Array[]): Promise<string[]> {
  const found: string[] = [];
  for await (const line of linesOf(Readable.from(chunks))) found.push(Buffer.from(line).toString());
  return found;
}

describe("linesOf", () => {
  it("gives the same lines however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[a-zé]{0,5}$/), { maxLength: 8 }),
        fc.array(fc.nat(60), { maxLength: 6 }),
        async (expected, cuts) => {
          const bytes = Buffer.from(expected.map((line) => `${line}\n`).join(""));
          const points = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
          const chunks = points.slice(1).map((end, index) => bytes.subarray(points[index], end));
          expect(await lines(...chunks)).toEqual(expected);
        },
      ),
    );
  });

  it("takes a last line without line feed, and none that is empty", async () => {
    expect(await lines(Buffer.from("a\nb"))).toEqual(["a", "b"]);
    expect(await lines(Buffer.from("a\n"))).toEqual(["a"]);
    expect(await lines()).toEqual([]);
  });

  it("gives lines in memory of their own", async () => {
    const chunk = new Uint8Array(Buffer.from("ab\n"));
    for await (const line of linesOf(Readable.from([chunk]))) {
      chunk.fill(0);
      expect(Buffer.from(line).toString()).toBe("ab");
    }
  });

  it("reads on only when the last line was taken", async () => {
    let chunks = 0;
    const endless = (function* (): Generator<Uint8Array> {
      for (;;) {
        chunks += 1;
        yield Buffer.from("line\n");
      }
    })();
    const iterator = linesOf(Readable.from(endless, { highWaterMark: 1 }));
    await iterator.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(chunks).toBeLessThan(10);
    await iterator.return(undefined);
  });
});

describe("wholeOf", () => {
  it("joins all chunks", async () => {
    const stream = Readable.from([Buffer.from("a\n"), Buffer.from("b")]);
    expect(Buffer.from(await wholeOf(stream)).toString()).toBe("a\nb");
  });
});

describe("PublishWindow", () => {
  it("takes a thousand messages, and the next one when one is done", async () => {
    const window = new PublishWindow();
    const done: (() => void)[] = [];
    const pending = (): Promise<void> => new Promise((resolve) => done.push(resolve));
    for (let count = 0; count < 999; count += 1) await window.add(pending(), 1);
    let hasRoom = false;
    const added = window.add(pending(), 1).then(() => (hasRoom = true));
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    done[0]?.();
    await added;
    expect(hasRoom).toBe(true);
  });

  it("waits while too many bytes are on their way", async () => {
    const window = new PublishWindow();
    let finish: (() => void) | undefined;
    const added = window.add(new Promise<void>((resolve) => (finish = resolve)), 20_000_000);
    finish?.();
    await added;
    await expect(window.drain()).resolves.toBeUndefined();
  });

  it("fails with the first failure", async () => {
    const window = new PublishWindow();
    await window.add(new Promise(() => {}), 1);
    const failure = Promise.reject(new Error("refused"));
    await window.add(failure, 1).catch(() => undefined);
    await expect(window.drain()).rejects.toThrow("refused");
  });
});
