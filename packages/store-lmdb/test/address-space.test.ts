import { describe, expect, it } from "vitest";
import { hasWideAddressSpace } from "../src/address-space.ts";

const limits = (soft: string): string =>
  [
    "Limit                     Soft Limit           Hard Limit           Units     ",
    "Max cpu time              unlimited            unlimited            seconds   ",
    `Max address space         ${soft.padEnd(20)} unlimited            bytes     `,
    "Max file locks            unlimited            unlimited            locks     ",
  ].join("\n");

describe("the address space", () => {
  it("is wide where nothing limits it", () => {
    expect(hasWideAddressSpace("x64", limits("unlimited"))).toBe(true);
    expect(hasWideAddressSpace("arm64", undefined)).toBe(true);
  });

  it("is narrow where the system limits it, or addresses are short", () => {
    expect(hasWideAddressSpace("x64", limits("4096000000"))).toBe(false);
    expect(hasWideAddressSpace("arm", limits("unlimited"))).toBe(false);
  });
});
