/** The program: `anax <command> [flags]`. */
import { EXIT_CODE } from "./errors.ts";
import { processIo } from "./process-io.ts";
import { run } from "./run.ts";

/** `anax sub | head -1`: that the reader has enough is no failure. */
function endWithReader(error: Error): void {
  if ("code" in error && error.code === "EPIPE") process.exit(EXIT_CODE.success);
  throw error;
}

process.stdout.on("error", endWithReader);
process.stderr.on("error", endWithReader);

const exitCode = await run(process.argv.slice(2), processIo());
// Timers or sockets that something left behind must not keep a finished command alive. What was
// written before has left when this callback is called.
process.stdout.write("", () => process.exit(exitCode));
