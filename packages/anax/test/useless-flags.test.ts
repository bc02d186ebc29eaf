import { describe, expect, it } from "vitest";
import { UsageError } from "../src/errors.ts";
import { parseFlags } from "../src/flags/parse-flags.ts";
import { SERVE_FLAGS } from "../src/serving/serve-flags.ts";
import { requireUse } from "../src/serving/useless-flags.ts";

const MEMORY = ["--durability", "memory"];

describe("a flag of anax serve that would do nothing", () => {
  it.each([
    [["--log-file-size", "1m"], "need --log-file"],
    [["--log-files", "3"], "need --log-file"],
    [["--no-sys", "--sys-interval", "5"], "--sys-interval has nothing to publish with --no-sys"],
    [[...MEMORY, "--no-store-wills"], "--no-store-wills has nothing to leave out"],
    [[...MEMORY, "--data-dir", "/tmp/x"], "--data-dir has nothing to keep"],
    [["--admin-host", "::1"], "need --admin-port"],
  ])("%j is refused", (args, said) => {
    const { values } = parseFlags(args, SERVE_FLAGS);
    expect(() => requireUse(values)).toThrow(UsageError);
    expect(() => requireUse(values)).toThrow(said);
  });

  it.each([
    [["--log-file", "a", "--log-file-size", "1m", "--log-files", "3"]],
    [["--sys-interval", "5"]],
    [["--no-sys", ...MEMORY]],
  ])("%j is none", (args) => {
    expect(() => requireUse(parseFlags(args, SERVE_FLAGS).values)).not.toThrow();
  });
});
