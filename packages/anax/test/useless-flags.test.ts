import { describe, expect, it } from "vitest";
import { UsageError } from "../src/errors.ts";
import { parseFlags } from "../src/flags/parse-flags.ts";
import { SERVE_FLAGS } from "../src/serving/serve-flags.ts";
import { requireUse } from "../src/serving/useless-flags.ts";

const MEMORY = ["--durability", "memory"];
const CLOSED = ["--no-retain", "--no-sys"];

describe("a flag of anax serve that would do nothing", () => {
  it.each([
    [["--log-file-size", "1m"], "need --log-file"],
    [["--log-files", "3"], "need --log-file"],
    [["--no-sys", "--sys-interval", "5"], "--sys-interval has nothing to publish with --no-sys"],
    [[...MEMORY, "--no-store-wills"], "--no-store-wills has nothing to leave out"],
    [[...MEMORY, "--data-dir", "/tmp/x"], "--data-dir has nothing to keep"],
    [["--admin-host", "::1"], "need --admin-port"],
    [["--opentelemetry-rate", "5"], "--opentelemetry-rate needs --opentelemetry"],
    [["--allow-anonymous"], "--allow-anonymous needs --user, --password-file or --authenticator"],
    [["--share-sessions", "all"], "--share-sessions needs --user, --password-file or"],
    [[...CLOSED, "--max-retained", "5"], "have nothing to limit with --no-retain and --no-sys"],
    [[...CLOSED, "--max-retained-bytes", "1k"], "have nothing to limit with --no-retain"],
    [["--no-retain", "--max-retained-share", "5"], "--max-retained-share has nothing to share"],
  ])("%j is refused", (args, said) => {
    const { values } = parseFlags(args, SERVE_FLAGS);
    expect(() => requireUse(values)).toThrow(UsageError);
    expect(() => requireUse(values)).toThrow(said);
  });

  it.each([
    [["--log-file", "a", "--log-file-size", "1m", "--log-files", "3"]],
    [["--sys-interval", "5"]],
    [["--no-sys", ...MEMORY]],
    [["--allow-anonymous", "--share-sessions", "ann", "--user", "ann:x"]],
    [["--allow-anonymous", "--share-sessions", "all", "--password-file", "users.txt"]],
    [["--allow-anonymous", "--share-sessions", "all", "--authenticator", "{type: certificate}"]],
    [["--max-retained", "5", "--max-retained-bytes", "1k", "--max-retained-share", "5"]],
    [CLOSED],
    // The server's own $SYS topics are retained messages, and so is what the admin API sets.
    [["--no-retain", "--max-retained", "5", "--max-retained-bytes", "1k"]],
    [[...CLOSED, "--max-retained", "5", "--admin-port", "0", "--admin-tokens", "tokens.txt"]],
  ])("%j is none", (args) => {
    expect(() => requireUse(parseFlags(args, SERVE_FLAGS).values)).not.toThrow();
  });
});
