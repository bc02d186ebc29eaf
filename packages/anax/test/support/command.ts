/** Runs commands inside the test: standard streams are in memory, and signals are a call. */
import { PassThrough, Writable } from "node:stream";
import type { Io, Output, Signal } from "../../src/index.ts";
import { run } from "../../src/index.ts";

/** What a command has written to one of its outputs. */
export class Captured extends Writable implements Output {
  readonly isTTY: boolean;
  readonly columns = 100;
  #chunks: Uint8Array[] = [];
  #watchers = new Set<() => void>();

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    for (const watcher of this.#watchers) watcher();
    done();
  }

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  /** Resolves with the match as soon as what was written so far has one. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match !== null) return match;
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }
}

/** A command that runs. */
export interface RunningCommand {
  readonly stdin: PassThrough;
  readonly stdout: Captured;
  readonly stderr: Captured;
  readonly exitCode: Promise<number>;
  /** As Ctrl-C or kill would. */
  signal(name: Signal): void;
  /** How many handlers of signals there are. */
  signalHandlers(): number;
}

/** Starts a command. */
export function start(
  args: readonly string[],
  options: {
    readonly input?: string | Uint8Array;
    readonly isTTY?: boolean;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): RunningCommand {
  const stdin: PassThrough & { isTTY?: boolean } = new PassThrough();
  if (options.isTTY === true) stdin.isTTY = true;
  if (options.input !== undefined) stdin.end(options.input);
  const stdout = new Captured(options.isTTY);
  const stderr = new Captured(options.isTTY);
  const handlers = new Set<{ names: readonly Signal[]; listener: (name: Signal) => void }>();
  const io: Io = {
    stdin,
    stdout,
    stderr,
    environment: options.environment ?? {},
    onSignal: (names, listener) => {
      const handler = { names, listener };
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  return {
    stdin,
    stdout,
    stderr,
    exitCode: run(args, io),
    signal: (name) => {
      for (const { names, listener } of handlers) if (names.includes(name)) listener(name);
    },
    signalHandlers: () => handlers.size,
  };
}

/** What a command that has ended has left. */
export interface EndedCommand {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function runToEnd(
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<EndedCommand> {
  const command = start(args, input === undefined ? {} : { input });
  const exitCode = await command.exitCode;
  return { exitCode, stdout: command.stdout.text, stderr: command.stderr.text };
}
