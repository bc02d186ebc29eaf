import { readSync } from "node:fs";
import type { Server } from "node:net";
import { getSystemErrorName } from "node:util";
import type { SocketAddresses } from "./network-address.ts";

/**
 * Node's own object below a socket, and the only place that knows it. A `Socket` is two streams on top of this: half of
 * what a connection costs in time and three quarters of what it costs in memory. Node documents none of it, so it is used
 * only in versions of Node in which all tests have passed, and only if every part is what it must be.
 */
export interface SocketHandle {
  /** Called with this handle as `this`, after `SocketHandles.lastRead` was set. */
  onread: (this: SocketHandle) => void;
  /** From now on all is read into this array. */
  useUserBuffer(array: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  /** Writes at once what the system takes. The rest, if there is one, keeps the request until it was written. */
  writeBuffer(request: HandleRequest, bytes: Uint8Array): number;
  /** As `writeBuffer`, of several arrays; the last argument says that they are arrays of bytes and nothing else. */
  writev(request: HandleRequest, pieces: readonly Uint8Array[], areBytes: true): number;
  /** Ends the writing side after what was written before. 1: that has already been done. */
  shutdown(request: HandleRequest): number;
  close(closed?: (this: SocketHandle) => void): void;
  /** Its file descriptor, where the system has such; below 0 where it has none. */
  readonly fd?: number;
  /** All that has come so far. */
  readonly bytesRead: number;
  readonly getpeername?: (into: HandleAddress) => number;
  readonly getsockname?: (into: HandleAddress) => number;
  readonly setNoDelay?: (isOn: boolean) => number;
  readonly setKeepAlive?: (isOn: boolean, initialDelaySeconds: number) => number;
}

/** A write or an end of writing that may take its time. */
export interface HandleRequest {
  oncomplete: (this: HandleRequest, status: number) => void;
}

/** What a handle tells about an end of its connection. */
export interface HandleAddress {
  address?: string;
  port?: number;
}

/** What belongs to all handles of the process. */
export class SocketHandles {
  readonly WriteRequest: new () => HandleRequest;
  readonly ShutdownRequest: new () => HandleRequest;
  readonly #state: Int32Array;
  readonly #readIndex: number;
  readonly #asyncIndex: number;

  constructor(binding: StreamBinding) {
    this.WriteRequest = binding.WriteWrap;
    this.ShutdownRequest = binding.ShutdownWrap;
    this.#state = binding.streamBaseState;
    this.#readIndex = binding.kReadBytesOrError;
    this.#asyncIndex = binding.kLastWriteWasAsync;
  }

  /** Of the read that `onread` was called for: how many bytes, or the number of an error. */
  get lastRead(): number {
    return this.#state[this.#readIndex] ?? 0;
  }

  /** True if the last write goes on after it returned. */
  get isLastWriteGoingOn(): boolean {
    return this.#state[this.#asyncIndex] !== 0;
  }
}

interface StreamBinding {
  readonly WriteWrap: new () => HandleRequest;
  readonly ShutdownWrap: new () => HandleRequest;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
}

/** Major versions of Node with which the tests have been run; others get sockets until somebody has run them there. */
export const KNOWN_NODE_MAJORS: readonly number[] = [20, 22, 24, 26];

/** The programs that `versions` of a process tell of. */
type RuntimeVersions = Readonly<Record<string, string | undefined>>;

/** Handles of this process; where it is not Node as it is known, the reason, in words for the log. */
export function socketHandles(
  versions: RuntimeVersions = process.versions,
): SocketHandles | string {
  const { node = "", bun, deno } = versions;
  // Both say that they are a version of Node as well.
  if (bun !== undefined) return `Bun ${bun} is not Node`;
  if (deno !== undefined) return `Deno ${deno} is not Node`;
  if (!KNOWN_NODE_MAJORS.includes(Number.parseInt(node, 10))) {
    return `Node ${node} is none of the known versions ${KNOWN_NODE_MAJORS.join(", ")}`;
  }
  const { binding } = process as unknown as { binding?: (name: string) => unknown };
  try {
    const found = binding?.call(process, "stream_wrap");
    return isStreamBinding(found)
      ? new SocketHandles(found)
      : `the handles of Node ${node} are not as they are known`;
  } catch {
    // The permission model, for one, does not give it.
    return `Node ${node} does not give its handles, as under its permission model`;
  }
}

function isStreamBinding(found: unknown): found is StreamBinding {
  if (typeof found !== "object" || found === null) return false;
  const binding = found as Partial<Record<keyof StreamBinding, unknown>>;
  return (
    typeof binding.WriteWrap === "function" &&
    typeof binding.ShutdownWrap === "function" &&
    binding.streamBaseState instanceof Int32Array &&
    Number.isInteger(binding.kReadBytesOrError) &&
    Number.isInteger(binding.kLastWriteWasAsync)
  );
}

const METHODS = [
  "useUserBuffer",
  "readStart",
  "readStop",
  "writeBuffer",
  "writev",
  "shutdown",
  "close",
];

/** True for a handle with every part that is used of it. */
export function isSocketHandle(found: unknown): found is SocketHandle {
  if (typeof found !== "object" || found === null) return false;
  const handle = found as Record<string, unknown>;
  return METHODS.every((name) => typeof handle[name] === "function");
}

/** What Node calls for each accepted connection, on the handle that listens. */
type OnConnection = (this: ListeningHandle, error: number, accepted: unknown) => void;

interface ListeningHandle {
  onconnection?: unknown;
}

/**
 * Has `take` called with the handle of each connection that a listening server accepts, before Node makes a socket around
 * it. What is not as expected, and errors, go the way that Node has for them. False if the server has no such handle.
 */
export function takeHandles(server: Server, take: (handle: SocketHandle) => void): boolean {
  const listening = (server as unknown as { _handle?: ListeningHandle | null })._handle;
  const original = listening?.onconnection;
  if (listening === null || listening === undefined || typeof original !== "function") {
    return false;
  }
  let isKnown = false;
  const onConnection: OnConnection = function onConnection(error, accepted) {
    // All that one server accepts is of one kind, so one is looked at.
    if (error === 0 && (isKnown ||= isSocketHandle(accepted))) take(accepted as SocketHandle);
    else (original as OnConnection).call(this, error, accepted);
  };
  listening.onconnection = onConnection;
  return true;
}

/** The ends of a handle's connection: the peer's is asked for at once, since it is gone when the connection is. */
export class HandleAddresses implements SocketAddresses {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly #handle: SocketHandle;

  constructor(handle: SocketHandle) {
    const remote: HandleAddress = {};
    handle.getpeername?.(remote);
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.#handle = handle;
  }

  get localAddress(): string | undefined {
    return this.#local.address;
  }

  get localPort(): number | undefined {
    return this.#local.port;
  }

  get #local(): HandleAddress {
    const local: HandleAddress = {};
    this.#handle.getsockname?.(local);
    return local;
  }
}

/** Bytes that are read of a handle at once without waiting. */
const READ_NOW_BYTES = 512;

/**
 * Reads what little has come, without waiting until the system says that there is something. Gives how many bytes, 0 if there is nothing
 * or it has ended, which the system says later, or the number of an error.
 */
export function readNow({ fd = -1 }: SocketHandle, into: Uint8Array): number {
  if (fd < 0) return 0;
  const { stackTraceLimit } = Error;
  // Mostly there is nothing, which is an error: without a trace it costs little.
  Error.stackTraceLimit = 0;
  try {
    return readSync(fd, into, 0, READ_NOW_BYTES, null);
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    return code === "EAGAIN" || errno === undefined ? 0 : errno;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The error of a call of the system, as Node's sockets give it. */
export function systemError(errno: number, syscall: string): Error {
  const code = getSystemErrorName(errno);
  // Where in here it was noticed tells nothing, and is most of what it costs when thousands go at once.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error(`${syscall} ${code}`);
  Error.stackTraceLimit = stackTraceLimit;
  return Object.assign(error, { errno, code, syscall });
}
