/** `anax store`: looks into the data directory of a server. */
import { inspectStore } from "@anax/server/journal";
import type { StoreContents } from "@anax/server/journal";
import type { LmdbReader } from "@anax/store-lmdb";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { EXIT_CODE, UsageError } from "../errors.ts";
import type { FlagTable } from "../flags/flag.ts";
import { toggle } from "../flags/flag.ts";
import { dumpLines, numberLines } from "../inspecting/store-lines.ts";
import type { Io, Output } from "../io.ts";

interface StoreFlags {
  readonly json: boolean;
}

const FLAGS: FlagTable<StoreFlags> = {
  json: toggle({ group: "Flags", help: "print one JSON object instead of lines for people" }),
};

/** `anax store`. */
export const store: Command = defineCommand<StoreFlags>({
  name: "store",
  summary: "look into the data directory of a server",
  usage: [
    "anax store check directory      whether all that is stored can be read and fits together",
    "anax store stats directory      how much of what is stored",
    "anax store dump directory       everything, one JSON object in a line",
    "anax store compact directory    gives unused room back to the file system",
  ],
  flags: FLAGS,
  positionalsMax: 2,
  notes: [
    {
      title: "While a server runs",
      lines: [
        "check, stats and dump only read, also while a server uses the directory: they show one moment.",
        "compact refuses then; a server compacts by itself when its store is nearly empty.",
      ],
    },
    {
      title: "Exit codes",
      lines: [
        "0  done; check has found nothing wrong",
        "1  check has found something, or the store cannot be read",
        "2  the command line is wrong",
      ],
    },
    {
      title: "What check --json prints",
      lines: [
        "One object with isWhole, and with faults, a text for each; if the store can be read, how much is in it.",
        "A store that cannot be read is a fault, told on standard error as well.",
      ],
    },
  ],
  run: runStore,
});

type Task = (directory: string, flags: StoreFlags, io: Io) => Promise<number>;

const TASKS: ReadonlyMap<string, Task> = new Map<string, Task>([
  ["check", check],
  ["stats", stats],
  ["dump", dump],
  ["compact", compact],
]);

async function runStore(
  flags: StoreFlags,
  io: Io,
  [word, directory]: readonly string[],
): Promise<number> {
  const words = [...TASKS.keys()].join(", ");
  if (word === undefined) throw new UsageError(`give one of ${words}, and a directory`);
  const task = TASKS.get(word);
  if (task === undefined) throw new UsageError(`there is no "${word}"; there are ${words}`);
  if (directory === undefined) throw new UsageError(`"${word}" needs a directory`);
  return task(directory, flags, io);
}

async function check(directory: string, { json }: StoreFlags, io: Io): Promise<number> {
  const show = (_reader: LmdbReader, { faults, counts }: StoreContents): number => {
    const isWhole = faults.length === 0;
    if (json) print(io.stdout, [JSON.stringify({ isWhole, faults, ...counts })]);
    else {
      const { sessions, queued, inFlight, retained, batches } = counts;
      const found = `sessions: ${sessions}, messages for them: ${queued + inFlight}, retained: ${retained}, batches: ${batches}`;
      const verdict = isWhole ? "all can be read and fits together" : `faults: ${faults.length}`;
      print(io.stdout, [...faults, `${found}; ${verdict}`]);
    }
    return isWhole ? EXIT_CODE.success : EXIT_CODE.failure;
  };
  try {
    return await reading(directory, show);
  } catch (error) {
    // A program reads the same fields, whatever is wrong; people read the line that follows.
    if (json && error instanceof Error) {
      print(io.stdout, [JSON.stringify({ isWhole: false, faults: [error.message] })]);
    }
    throw error;
  }
}

async function stats(directory: string, { json }: StoreFlags, io: Io): Promise<number> {
  return reading(directory, (reader, { counts }) => {
    const { format } = reader.description;
    const { usedBytes, fileBytes } = reader.statistics();
    const numbers = { format, ...counts, usedBytes, fileBytes };
    print(io.stdout, json ? [JSON.stringify(numbers)] : numberLines(numbers));
    return EXIT_CODE.success;
  });
}

async function dump(directory: string, _flags: StoreFlags, io: Io): Promise<number> {
  return reading(directory, (_reader, contents) => {
    print(io.stdout, dumpLines(contents));
    return EXIT_CODE.success;
  });
}

async function compact(directory: string, { json }: StoreFlags, io: Io): Promise<number> {
  const { lmdbStore, openReadOnly } = await import("@anax/store-lmdb");
  // A directory without a store is not to get one.
  const before = await openReadOnly(directory);
  const bytesBefore = before.statistics().fileBytes;
  await before.close();
  const opened = lmdbStore({ path: directory });
  const skip = (): void => undefined;
  await opened.open({ session: skip, retained: skip, batch: skip });
  try {
    await opened.compact();
    const numbers = { bytesBefore, bytesAfter: opened.fileBytes };
    print(io.stdout, json ? [JSON.stringify(numbers)] : numberLines(numbers));
  } finally {
    await opened.close();
  }
  return EXIT_CODE.success;
}

async function reading(
  directory: string,
  show: (reader: LmdbReader, contents: StoreContents) => number,
): Promise<number> {
  const { openReadOnly } = await import("@anax/store-lmdb");
  const reader = await openReadOnly(directory);
  try {
    const contents = inspectStore((visitor) => reader.visit(visitor));
    return show(reader, contents);
  } finally {
    await reader.close();
  }
}

function print(output: Output, lines: Iterable<string>): void {
  for (const line of lines) output.write(`${line}\n`);
}
