/** From the words of a command line to an exit code. */
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { CommandError, EXIT_CODE, UsageError } from "./errors.ts";
import { nearest } from "./flags/suggestion.ts";
import type { Io } from "./io.ts";
import { VERSION } from "./version.ts";
import { visibleText } from "./visible-text.ts";

/**
 * Runs `anax` with these words: `run(["pub", "-t", "a/b", "-m", "hello"], io)`.
 * Resolves to the exit code. Failures that are foreseen are one line on standard error; only a
 * defect of ours rejects.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [word, ...rest] = args;
  try {
    return await dispatch(word, rest, io);
  } catch (error) {
    const speaker = COMMANDS.has(word ?? "") ? `anax ${word}` : "anax";
    const exitCode = exitCodeOf(error);
    if (exitCode === undefined || !(error instanceof Error)) throw error;
    io.stderr.write(`${speaker}: ${oneLine(error.message)}\n`);
    return exitCode;
  }
}

async function dispatch(
  word: string | undefined,
  rest: readonly string[],
  io: Io,
): Promise<number> {
  switch (word) {
    case undefined:
    case "--help":
    case "-h":
      return printOverview(io);
    case "--version":
    case "version":
      io.stdout.write(`${VERSION}\n`);
      return EXIT_CODE.success;
    case "help":
      if (rest[0] === undefined) return printOverview(io);
      return (await commandNamed(rest[0])).run(["--help"], io);
    default:
      return (await commandNamed(word)).run(rest, io);
  }
}

/** Loads a command; the others are never loaded, so that each starts fast and small. */
async function commandNamed(word: string): Promise<Command> {
  const entry = COMMANDS.get(word);
  if (entry !== undefined) return entry.load();
  const kind = word.startsWith("-") ? "flag" : "command";
  const meant = nearest(word, kind === "flag" ? ["--help", "--version"] : COMMANDS.keys());
  const suggestion = meant === undefined ? "see anax --help" : `did you mean ${meant}?`;
  throw new UsageError(`there is no ${kind} ${word}; ${suggestion}`);
}

function printOverview(io: Io): number {
  const lines = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  io.stdout.write(
    [
      "anax: MQTT on the command line",
      "",
      "Usage: anax <command> [flags]",
      "",
      "Commands",
      ...lines,
      "",
      "  anax <command> --help   explains a command",
      "  anax --version          prints the version",
      "",
      "To see it work: anax demo",
      "",
    ].join("\n"),
  );
  return EXIT_CODE.success;
}

/** Undefined for what nobody foresaw. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof UsageError) return EXIT_CODE.usage;
  if (error instanceof CommandError) return EXIT_CODE.failure;
  // Options that the server or the client refuses came from our command line.
  if (hasCode(error, "ANAX_CONFIGURATION")) return EXIT_CODE.usage;
  if (hasCode(error, "ANAX_")) return EXIT_CODE.failure;
  // So did values that cannot be encoded: a user name of 70 000 bytes, say.
  if (error instanceof RangeError && !error.message.includes("call stack")) return EXIT_CODE.usage;
  return undefined;
}

function hasCode(error: unknown, beginning: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return typeof error.code === "string" && error.code.startsWith(beginning);
}

function oneLine(message: string): string {
  return visibleText(message.replace(/\s*\n\s*/g, "; "));
}
