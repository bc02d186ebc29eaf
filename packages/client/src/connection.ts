/**
 * Runs the machine over one transport: gives it the bytes that come, sends what it puts out, keeps its
 * one timer, and passes its events on.
 *
 * What is put out during one turn of the loop leaves in one write, or in few.
 */
import type { ClientMachine } from "./core/client-machine.ts";
import type { MachineEvent } from "./core/machine-event.ts";
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
  readonly #events: ConnectionEvents;
  #transport: Transport | undefined;
  #isWritable = true;
  #isFlushScheduled = false;
  #isSettling = false;
  #isClosing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Set while somebody waits for the end; called once. */
  #onClosed: (() => void) | undefined;

  constructor(machine: ClientMachine, events: ConnectionEvents) {
    this.#machine = machine;
    this.#events = events;
  }

  /** The transport is open. */
  attach(transport: Transport): void {
    this.#transport = transport;
  }

  /** Bytes came. */
  onBytes(chunk: Uint8Array): void {
    if (this.#isClosing) return;
    this.#machine.receive(chunk, performance.now());
    this.settle();
  }

  /** The transport takes bytes again. */
  onDrained(): void {
    this.#isWritable = true;
    this.flush();
  }

  /** The transport is closed. */
  onClosed(error?: Error): void {
    clearTimeout(this.#timer);
    this.#transport = undefined;
    // The last words of the server may be among what is held back after CONNACK.
    this.#machine.readOn(performance.now());
    this.settle();
    if (this.#isClosing) this.#onClosed?.();
    else {
      this.#isClosing = true;
      this.#events.onLost(error);
    }
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
    queueMicrotask(() => {
      if (this.#isFlushScheduled) this.flush();
    });
  }

  /** Sends what is put out. */
  flush(): void {
    this.#isFlushScheduled = false;
    const transport = this.#transport;
    if (transport === undefined) return;
    while (this.#isWritable) {
      const bytes = this.#machine.takeOutput(performance.now());
      if (bytes === undefined) break;
      this.#isWritable = transport.write(bytes);
      this.#events.onFlushed();
    }
    this.#startTimer();
  }

  /** Ends the transport after what was put out has gone; resolves when it is closed. */
  close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    // The last packet goes even to a slow peer.
    this.#isWritable = true;
    this.flush();
    const transport = this.#transport;
    if (transport === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const grace = setTimeout(() => {
        transport.destroy();
        resolve();
      }, CLOSE_GRACE_MS);
      this.#onClosed = () => {
        clearTimeout(grace);
        resolve();
      };
      transport.close();
    });
  }

  /** Deadlines only move later, so a timer that is early looks again; no packet has to move it. */
  #startTimer(): void {
    if (this.#timer !== undefined || this.#isClosing) return;
    const { deadlineMs } = this.#machine;
    if (deadlineMs === Infinity) return;
    const delayMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#machine.handleTimeout(performance.now());
      this.settle();
    }, delayMs);
  }
}
