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
/** Whom a connection tells what happens. */
export interface ConnectionEvents {
  /** The machine has something to tell. */
  onEvent(event: MachineEvent): void;
  /** All that was put out until now has been handed to the transport. */
  onFlushed(): void;
  /** The transport ended without being asked to. */
  onLost(error?: Error): void;
}

/** The machine and one transport. */
export class Connection implements TransportEvents {
  readonly #machine: ClientMachine;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  #transport: Transport | undefined;
  #isWritable = true;
  #isFlushScheduled = false;
  #isSettling = false;
  #isClosing = false;
  #cancelTimer: CancelCall | undefined;
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
    this.#machine.receive(chunk, this.#clock.now());
    this.settle();
  }

  /** The transport takes bytes again. */
  onDrained(): void {
    if (this.#isClosing) return;
    this.#isWritable = true;
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

  /** Ends the transport after what was put out has gone; resolves when it is closed. */
  close(): Promise<void> {
    // The last packet goes even to a slow peer.
    this.#isWritable = true;
    if (!this.#isClosing) this.#write();
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

  #write(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    while (this.#isWritable) {
      const bytes = this.#machine.takeOutput(this.#clock.now());
      if (bytes === undefined) break;
      this.#isWritable = transport.write(bytes);
      this.#events.onFlushed();
    }
  }

  #leave(): void {
    this.#isClosing = true;
    this.#cancelTimer?.();
  }

  /** Deadlines only move later, so a timer that is early looks again; no packet has to move it. */
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

  #timeOut(): void {
    this.#cancelTimer = undefined;
    if (this.#isClosing) return;
    this.#machine.handleTimeout(this.#clock.now());
    this.settle();
  }
}
