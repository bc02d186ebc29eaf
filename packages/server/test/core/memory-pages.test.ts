import { describe, expect, test } from "vitest";
import { MemoryPages, PAGE_BYTES } from "../../src/core/retained/memory-pages.ts";
import { TopicTree } from "../../src/core/retained/topic-tree.ts";

function takeMany(pages: MemoryPages, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => pages.take());
}

const buffersOf = (taken: readonly Uint8Array[]): Set<ArrayBufferLike> =>
  new Set(taken.map(({ buffer }) => buffer));

describe("memory pages", () => {
  test("are of one size, and none overlaps another", () => {
    const pages = new MemoryPages();
    const taken = takeMany(pages, 50);
    for (const [index, page] of taken.entries()) page.fill(index + 1);
    for (const [index, page] of taken.entries()) {
      expect(page.length).toBe(PAGE_BYTES);
      expect(page.every((byte) => byte === index + 1)).toBe(true);
    }
  });

  test("of 200 MB are cut from few arrays, none above 32 MB, and no more than as much again is reserved", () => {
    const pages = new MemoryPages();
    const taken = takeMany(pages, 3_200);
    const buffers = [...buffersOf(taken)];
    const large = buffers.filter(({ byteLength }) => byteLength > 4 * 1_048_576);
    expect(large.length).toBeLessThanOrEqual(8);
    for (const { byteLength } of buffers) expect(byteLength).toBeLessThanOrEqual(32 * 1_048_576);
    expect(pages.bytes).toBeLessThanOrEqual(3_200 * PAGE_BYTES + 32 * 1_048_576);
  });

  test("of little are not reserved by the megabyte", () => {
    const pages = new MemoryPages();
    pages.take();
    expect(pages.bytes).toBe(4 * PAGE_BYTES);
  });

  test("that were given back are taken again, and are zeros", () => {
    const pages = new MemoryPages();
    const taken = takeMany(pages, 4);
    taken[2]?.fill(7);
    pages.give(taken[2] as Uint8Array);
    const again = pages.take();
    expect(again.byteOffset).toBe(taken[2]?.byteOffset);
    expect(again.every((byte) => byte === 0)).toBe(true);
    expect(pages.bytes).toBe(4 * PAGE_BYTES);
  });

  test("that have all come back leave the smallest array only", () => {
    const pages = new MemoryPages();
    const taken = takeMany(pages, 500);
    expect(pages.bytes).toBeGreaterThan(400 * PAGE_BYTES);
    for (const page of taken) pages.give(page);
    expect(pages.bytes).toBe(4 * PAGE_BYTES);
    expect(buffersOf(takeMany(pages, 4)).size).toBe(1);
  });

  test("of somebody else are refused", () => {
    const page = new MemoryPages().take();
    expect(() => new MemoryPages().give(page)).toThrow("not from here");
  });

  test("a tree that is cleared is as good as new, though its pages have been used", () => {
    const tree = new TopicTree(1);
    const topic = (index: number): Uint8Array =>
      new TextEncoder().encode(`a/${index}/${index * 7}`);
    const fill = (from: number): void => {
      for (let index = from; index < from + 20_000; index += 1) {
        const bytes = topic(index);
        tree.reach(bytes, 0, bytes.length);
      }
    };
    fill(0);
    tree.clear();
    const first = topic(0);
    expect(tree.find(first, 0, first.length)).toBe(0);
    expect(tree.nodes.count).toBe(0);
    fill(50_000);
    expect(tree.nodes.count).toBe(40_001);
    for (const index of [50_000, 60_000, 69_999]) {
      const bytes = topic(index);
      expect(tree.find(bytes, 0, bytes.length)).toBeGreaterThan(0);
    }
    expect(tree.find(first, 0, first.length)).toBe(0);
  });
});
