/** The payloads that `anax pub` publishes, one after the other. */
import { setTimeout as delay } from "node:timers/promises";
import { UsageError } from "../errors.ts";
import type { Input } from "../io.ts";
import { readNamedFile } from "../read-file.ts";
import { linesOf, wholeOf } from "./lines.ts";
import type { MessageFlags } from "./publish-flags.ts";

/** Gives one payload after the other. */
export type PayloadSource = () => AsyncIterable<Uint8Array>;

const ONE_SOURCE = "say what to publish by one of -m, -f, -l, -s and -n";

/**
 * Where the payloads come from. A file is read at once, so that a bad name is known before anything
 * is connected. Throws `UsageError` unless the flags name exactly one source.
 */
export function payloadSource(flags: MessageFlags, stdin: Input): PayloadSource {
  const { message, file, stdinLine, stdinFile, nullMessage, repeat } = flags;
  const sources = [message !== undefined, file !== undefined, stdinLine, stdinFile, nullMessage];
  const chosen = sources.filter(Boolean).length;
  if (chosen !== 1) throw new UsageError(chosen === 0 ? ONE_SOURCE : `${ONE_SOURCE}, not more`);
  if (stdinLine) {
    if (repeat > 1) throw new UsageError("--repeat cannot repeat the lines of standard input");
    return () => linesOf(stdin);
  }
  if (stdinFile) return () => repeated(wholeOf(stdin), flags);
  const payload = file === undefined ? new TextEncoder().encode(message) : readNamedFile(file);
  return () => repeated(Promise.resolve(payload), flags);
}

async function* repeated(
  payload: Promise<Uint8Array>,
  { repeat, repeatDelay }: MessageFlags,
): AsyncGenerator<Uint8Array> {
  const bytes = await payload;
  for (let round = 0; round < repeat; round += 1) {
    if (round > 0 && repeatDelay > 0) await delay(repeatDelay * 1_000);
    yield bytes;
  }
}
