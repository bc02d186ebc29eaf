import { createStream } from "rotating-file-stream";
import { CommandError } from "../errors.ts";
import type { Output } from "../io.ts";
import { reasonOf } from "../read-file.ts";
import type { ReportFlags } from "./serve-flags.ts";

/** Where log records go: standard error, or a file that never grows beyond its size. */
export interface LogOutput {
  readonly output: Output;
  /** Resolves when all is written. */
  close(): Promise<void>;
}

/** Opens it. Rejects with `CommandError` if the file cannot be written. */
export async function logOutput(flags: ReportFlags, stderr: Output): Promise<LogOutput> {
  const { logFile: path, logFileSize = 10_485_760, logFiles = 5 } = flags;
  if (path === undefined) return { output: stderr, close: () => Promise.resolve() };
  const stream = createStream(path, {
    size: `${logFileSize}B`,
    compress: "gzip",
    maxFiles: logFiles,
  });
  await new Promise<void>((resolve, reject) => {
    stream.once("open", () => resolve());
    stream.once("error", (cause) => {
      reject(new CommandError(`cannot write ${path}: ${reasonOf(cause)}`, { cause }));
    });
  });
  // A disk that is full must not end the server: a record is lost, and standard error says so.
  stream.on("error", (error) => {
    stderr.write(`anax serve: cannot write ${path}: ${reasonOf(error)}\n`);
  });
  return { output: stream, close: () => new Promise((resolve) => void stream.end(resolve)) };
}
