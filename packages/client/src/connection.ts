/**
 * Runs the machine over one transport: gives it the bytes that come, sends what it puts out, keeps its
 * one timer, and passes its events on.
 *
 * What is put out during one turn of the loop leaves in one write, or in few. The machine outlives the connection: once closed,
 * a connection leaves it alone, whatever its transport still has to say.
 */
import type { CancelCall, Clock } from "./clock.ts";
import type { ClientMachine } from "./core/client-machine.ts";
import type { MachineEvent } from "./core/machine-event.ts";
import { callAfter, callAfterReading, callAtTurnEnd } from "./platform.ts";
import type { Transport, TransportEvents } from "./transports/transport.ts";

/** A peer that does not close by itself after the last packet is left after this time. */
const CLOSE_GRACE_MS = 2_000;
/**
 * More is handed to a transport in pieces of this size, each when it takes bytes again: so it is seen that a slow line moves on.
 */
const PIECE_BYTES = 262_144;
/** Whom a connection tells what happens. */
export interface ConnectionEvents {
  /** The machine has something to tell. */
  onEvent(event: MachineEvent): void;
  /** All that was put out until now has been handed to the transport. */
  onFlushed(): void;
  /** The transport ended without being asked to. */
  onLost(error?: Error): void;
}

const NO_BYTES = new Uint8Array(0);

/** The machine and one transport. */
export class Connection implements TransportEvents {
  readonly #machine: ClientMachine;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  #transport: Transport | undefined;
  #isWritable = true;
  /** What is left of bytes that were taken from the machine and are written in pieces. */
  #rest: Uint8Array = NO_BYTES;
  #isFlushScheduled = false;
  #isSettling = false;
  #isClosing = false;
  #cancelTimer: CancelCall | undefined;
  /**
   * Whether the timer was set by one that had come due. Browsers let long chains of such timers in hidden pages wait for up to a
   * minute, so the next bytes begin a new one.
   */
  #isTimerNested = false;
  /** Set while somebody waits for the end; called once. */
  #onClosed: (() => void) | undefined;

  constructor(machine: ClientMachine, clock: Clock, events: ConnectionEvents) {
    this.#machine = machine;
    this.#clock = clock;
    this.#events = events;
  }

  /** The transport is open. */
  attach(transport: Transport): void {
    this.#transport = transport;
  }

  /** Bytes came. */
  onBytes(chunk: Uint8Array): void {
    if (this.#isClosing) return;
    if (this.#isTimerNested) this.#dropTimer();
    this.#machine.receive(chunk, this.#clock.now());
    this.settle();
  }

  /** The transport takes bytes again. */
  onDrained(): void {
    if (this.#isClosing) return;
    this.#isWritable = true;
    this.#machine.transportDrained(this.#clock.now());
    this.flush();
  }

  /** The transport is closed. */
  onClosed(error?: Error): void {
    this.#transport = undefined;
    if (this.#isClosing) {
      this.#onClosed?.();
      return;
    }
    // The last words of the server may be among what is held back after CONNACK.
    this.#machine.readOn(this.#clock.now());
    this.settle();
    if (this.#isClosing) return;
    this.#leave();
    this.#events.onLost(error);
  }

  /** Deals with whatever the machine has to say after a call. */
  settle(): void {
    const { events } = this.#machine;
    this.#isSettling = true;
    for (let index = 0; index < events.length && !this.#isClosing; index += 1) {
      const event = events[index];
      if (event !== undefined) this.#events.onEvent(event);
    }
    events.length = 0;
    this.#isSettling = false;
    this.flush();
  }

  /** Sends at the end of this turn, or now when so many bytes have come together. */
  scheduleFlush(bytesMin: number = Infinity): void {
    if (this.#machine.outputBytes >= bytesMin && !this.#isSettling) return this.flush();
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    callAtTurnEnd(() => {
      if (this.#isFlushScheduled) this.flush();
    });
  }

  /** Sends what is put out. */
  flush(): void {
    this.#isFlushScheduled = false;
    if (this.#isClosing) return;
    this.#write();
    this.#startTimer();
  }

  /** Has the server answer PINGREQ in time, or closes the connection. */
  ping(): void {
    this.#machine.ping(this.#clock.now());
    // The only deadline that comes earlier than the one before.
    this.#dropTimer();
    this.flush();
  }

  /** Ends the transport after what was put out has gone; resolves when it is closed. */
  close(): Promise<void> {
    if (!this.#isClosing) this.#writeAll();
    this.#leave();
    const transport = this.#transport;
    if (transport === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const cancelGrace = callAfter(CLOSE_GRACE_MS, () => {
        transport.destroy();
        resolve();
      });
      this.#onClosed = () => {
        cancelGrace();
        resolve();
      };
      transport.close();
    });
  }

  /** Ends the transport at once; what waits is not sent. */
  destroy(): void {
    this.#leave();
    this.#transport?.destroy();
    this.#transport = undefined;
  }

  /** Writes what the transport takes. */
  #write(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    while (this.#isWritable) {
      const bytes = this.#rest.length > 0 ? this.#rest : this.#takeOutput();
      if (bytes === undefined) break;
      if (bytes.length > PIECE_BYTES) {
        this.#rest = bytes.subarray(PIECE_BYTES);
        this.#isWritable = transport.write(bytes.subarray(0, PIECE_BYTES));
      } else {
        this.#rest = NO_BYTES;
        this.#isWritable = transport.write(bytes);
        this.#events.onFlushed();
      }
    }
  }

  /** The last packet goes even to a slow peer. */
  #writeAll(): void {
    if (this.#rest.length > 0) this.#transport?.write(this.#rest);
    this.#rest = NO_BYTES;
    const bytes = this.#takeOutput();
    if (bytes !== undefined) this.#transport?.write(bytes);
    this.#events.onFlushed();
  }

  #takeOutput(): Uint8Array | undefined {
    return this.#machine.takeOutput(this.#clock.now());
  }

  #leave(): void {
    this.#isClosing = true;
    this.#dropTimer();
  }

  /** Deadlines move later by themselves, so a timer that is early looks again; no packet has to move it. */
  #startTimer(): void {
    if (this.#cancelTimer !== undefined || this.#transport === undefined) return;
    const { deadlineMs } = this.#machine;
    if (deadlineMs === Infinity) return;
    const delayMs = Math.max(1, Math.ceil(deadlineMs - this.#clock.now()));
    this.#cancelTimer = this.#clock.callAfter(delayMs, () => {
      // What shows that the server lives may have arrived while the program was stopped or busy.
      if (this.#machine.isServerSilent(this.#clock.now())) callAfterReading(() => this.#timeOut());
      else this.#timeOut();
    });
  }

  #dropTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#isTimerNested = false;
  }

  #timeOut(): void {
    if (this.#isClosing) return;
    this.#dropTimer();
    this.#machine.handleTimeout(this.#clock.now());
    this.settle();
    this.#isTimerNested = this.#cancelTimer !== undefined;
  }
}
