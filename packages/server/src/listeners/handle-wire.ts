import type { Wire } from "../core/wire.ts";
import type { ConnectionAcceptor, ConnectionSink, PromptWire } from "../ports/listener.ts";
import { sharedArray } from "./shared-reading.ts";
import { readNow, systemError } from "./socket-handles.ts";
import type { HandleRequest, SocketHandle, SocketHandles } from "./socket-handles.ts";
import { CLOSE_TIMEOUT_MS, isLastOfTurn } from "./stream-wire.ts";
import { clearTimeout, setImmediate, setTimeout } from "../platform.ts";

/** What the system calls the end of what a peer sends. */
const END_OF_FILE = -4095;

const WIRE = Symbol("wire");

type CarryingHandle = SocketHandle & { [WIRE]: HandleWire };
type CarryingRequest = HandleRequest & { wire: HandleWire; kept?: unknown };

/** Arrays that the system takes in one write. */
const PIECES_MAX = 1_024;

function onRead(this: SocketHandle): void {
  (this as CarryingHandle)[WIRE].read();
}

/** To be called with the handle of the wire as `this`, when that is closed. */
function onClosed(this: SocketHandle): void {
  (this as CarryingHandle)[WIRE].closed();
}

function onWritten(this: HandleRequest, status: number): void {
  (this as CarryingRequest).wire.written(status);
}

function onShutDown(this: HandleRequest, status: number): void {
  (this as CarryingRequest).wire.shutDown(status);
}

function readOn(wire: HandleWire): void {
  wire.readOn();
}

/** A request that no write has needed yet: what the system takes at once, which is nearly everything, needs none. */
let spareRequest: HandleRequest | undefined;

/**
 * Carries a Network Connection over Node's handle of a socket, without the socket: what `StreamWire` is for streams. The
 * hot path of TCP: nothing is made for a read or for a write that the system takes at once, and little for a connection.
 */
export class HandleWire implements Wire, PromptWire {
  readonly #handle: SocketHandle;
  readonly #handles: SocketHandles;
  readonly #place: Pick<ConnectionAcceptor, "release">;
  #sink: ConnectionSink | undefined;
  #error: Error | undefined;
  #closeTimeout: NodeJS.Timeout | undefined;
  /** Writes that the system has not taken as a whole. */
  #writesGoingOn = 0;
  #isEnding = false;
  #isShutDown = false;
  #hasPeerEnded = false;
  #isClosed = false;
  #isReading = false;
  #isPaused = false;
  #isYielding = false;

  /** `place`: whom to give the connection's place back to when it closes. */
  constructor(
    handle: SocketHandle,
    handles: SocketHandles,
    place: Pick<ConnectionAcceptor, "release">,
  ) {
    this.#handle = handle;
    this.#handles = handles;
    this.#place = place;
    (handle as CarryingHandle)[WIRE] = this;
  }

  /** Begins to read. */
  start(sink: ConnectionSink): void {
    this.#sink = sink;
    if (this.#isClosed) return;
    this.#handle.useUserBuffer(sharedArray());
    this.#handle.onread = onRead;
    this.#steerReading();
  }

  /**
   * Something came, or the end. A sink of an ended connection gets nothing more, but the bytes are still read: unread
   * ones would turn the close into a reset, which may overtake the last packet sent.
   */
  read(): void {
    const count = this.#handles.lastRead;
    if (count > 0) return this.#received(count);
    if (count === 0 || this.#isClosed) return;
    if (count !== END_OF_FILE) return this.#fail(count, "read");
    // TLS says it of itself and of what carries it.
    if (this.#hasPeerEnded) return;
    this.#hasPeerEnded = true;
    this.#steerReading();
    if (!this.#isEnding) this.#sink?.ended();
    else if (this.#isShutDown) this.#close();
  }

  readNow(): void {
    if (!this.#isReading || this.#isClosed) return;
    const count = readNow(this.#handle, sharedArray());
    if (count > 0) this.wasReadNow(count);
    else if (count < 0) this.#fail(count, "read");
  }

  /** So many bytes were read out of turn. */
  wasReadNow(count: number): void {
    this.#received(count);
  }

  #received(count: number): void {
    if (this.#isEnding) return;
    this.chunkCame();
    this.#sink?.received(sharedArray().subarray(0, count));
    if (isLastOfTurn(count)) this.#yieldTurn();
  }

  /** The system would give more of the same connection before it gives anybody else a turn: reads on in the next one. */
  #yieldTurn(): void {
    if (this.#isYielding) return;
    this.#isYielding = true;
    this.#steerReading();
    setImmediate(readOn, this);
  }

  /** The next turn has come. */
  readOn(): void {
    this.#isYielding = false;
    this.#steerReading();
  }

  pause(): void {
    this.#isPaused = true;
    this.#steerReading();
  }

  resume(): void {
    this.#isPaused = false;
    this.#steerReading();
  }

  /** Of a connection that is ended all is read, paused or not: the peer's end has to be seen. */
  #steerReading(): void {
    if (this.#isClosed) return;
    const isWanted = this.#isEnding || !(this.#isPaused || this.#isYielding);
    const reads = isWanted && !this.#hasPeerEnded;
    // The system takes it for an error to be asked twice.
    if (reads === this.#isReading) return;
    this.#isReading = reads;
    const error = reads ? this.#handle.readStart() : this.#handle.readStop();
    if (error !== 0) this.#fail(error, "read");
  }

  /** For a wire of TLS: a chunk is about to be given on. */
  chunkCame(): void {
    // Here all that has come is given on.
  }

  /** True if nothing more is to be written. */
  get isOver(): boolean {
    return this.#isEnding || this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True while a write goes on. */
  get isWriting(): boolean {
    return this.#writesGoingOn > 0;
  }

  write(bytes: Uint8Array): boolean {
    return this.isOver || this.give(bytes);
  }

  writePieces(pieces: readonly Uint8Array[]): boolean {
    let isDone = true;
    for (let from = 0; from < pieces.length; from += PIECES_MAX) {
      if (this.isOver) return true;
      const isAll = pieces.length <= PIECES_MAX;
      if (!this.givePieces(isAll ? pieces : pieces.slice(from, from + PIECES_MAX))) isDone = false;
    }
    return isDone || this.#isClosed;
  }

  /** Gives the handle bytes to write; true if that is over already. */
  give(bytes: Uint8Array): boolean {
    const request = (spareRequest ??= new this.#handles.WriteRequest()) as CarryingRequest;
    return this.#begun(request, this.#handle.writeBuffer(request, bytes), bytes);
  }

  givePieces(pieces: readonly Uint8Array[]): boolean {
    const request = (spareRequest ??= new this.#handles.WriteRequest()) as CarryingRequest;
    return this.#begun(request, this.#handle.writev(request, pieces, true), pieces);
  }

  /** A write has begun; true if it is over already. */
  #begun(request: CarryingRequest, error: number, bytes: unknown): boolean {
    if (error === 0 && !this.#handles.isLastWriteGoingOn) return true;
    spareRequest = undefined;
    if (error !== 0) {
      this.#fail(error, "write");
      return true;
    }
    request.oncomplete = onWritten;
    request.wire = this;
    // The system reads from it until it is done.
    request.kept = bytes;
    this.#writesGoingOn += 1;
    return false;
  }

  /** A write that went on is over. */
  written(status: number): void {
    this.#writesGoingOn -= 1;
    if (this.#isClosed) return;
    if (status !== 0) return this.#fail(status, "write");
    if (this.#writesGoingOn === 0) this.allWritten();
  }

  /** What was given to the handle has left. */
  allWritten(): void {
    if (!this.#isEnding) this.#sink?.drained();
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#isClosed) return;
    this.#closeTimeout = setTimeout(() => this.destroy(), CLOSE_TIMEOUT_MS);
    this.#closeTimeout.unref();
    this.shutDownWriting();
    this.#steerReading();
  }

  /** Tells the peer that nothing more comes, once what was written has left. */
  shutDownWriting(): void {
    const request = new this.#handles.ShutdownRequest() as CarryingRequest;
    request.oncomplete = onShutDown;
    request.wire = this;
    const status = this.#handle.shutdown(request);
    if (status !== 0) this.shutDown(status === 1 ? 0 : status);
  }

  /** All that was written has left, and the peer is told that it was the last. */
  shutDown(status: number): void {
    if (this.#isClosed) return;
    if (status !== 0) return this.#fail(status, "shutdown");
    this.#isShutDown = true;
    if (this.#hasPeerEnded) this.#close();
  }

  destroy(): void {
    this.#isEnding = true;
    this.#close();
  }

  #fail(errno: number, syscall: string): void {
    this.failed(systemError(errno, syscall));
  }

  /** The connection cannot go on. */
  failed(error: Error): void {
    this.#error ??= error;
    this.#close();
    this.#sink?.failed?.();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.closeHandle();
  }

  /** Has `closed` called when the handle is closed. */
  closeHandle(): void {
    this.#handle.close(onClosed);
  }

  /** The connection is gone. */
  closed(): void {
    clearTimeout(this.#closeTimeout);
    this.#place.release();
    this.#sink?.closed(this.#error);
  }
}
