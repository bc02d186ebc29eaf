import type { Connection } from "../core/connection/connection.ts";
import type { ServerCore } from "../core/server-core.ts";
import { writePieces } from "../core/wire.ts";
import type { Wire } from "../core/wire.ts";
import type { ConnectionSink, PromptWire } from "../ports/listener.ts";
import { fenced } from "../user-code.ts";
import type { Regular } from "./regulars.ts";

/** What a driven connection needs of its driver. */
export interface ConnectionDriver {
  readonly core: ServerCore;
  run(work: () => void): void;
  receive(driven: DrivenConnection, connection: Connection, chunk: Uint8Array): void;
  noteFailed(): void;
  forget(driven: DrivenConnection): void;
  broke(driven: DrivenConnection, what: string, thrown: unknown): void;
}

/**
 * One connection, between its carrier and the core: passes on what the carrier reports, in the core's own time, and what
 * the core asks of the carrier, whose failure costs this connection and nothing else.
 */
export class DrivenConnection implements ConnectionSink, Required<Wire>, Regular {
  connection: Connection | undefined;
  readonly #driver: ConnectionDriver;
  readonly #wire: Wire & Partial<PromptWire>;
  readAtMs = 0;
  reads = 0;
  /** Whether its wire can be read out of turn. */
  readonly isPrompt: boolean;
  #isClosed = false;

  constructor(driver: ConnectionDriver, wire: Wire) {
    this.#driver = driver;
    this.#wire = wire;
    this.isPrompt = this.#wire.readNow !== undefined;
  }

  received(chunk: Uint8Array): void {
    const { connection } = this;
    if (connection !== undefined && !this.#isClosed) {
      this.#driver.receive(this, connection, chunk);
    }
  }

  setRegular(isRegular: boolean): void {
    if (this.connection !== undefined) this.connection.intake.isRegular = isRegular;
  }

  readNow(): void {
    if (!this.#isClosed) this.#wire.readNow?.();
  }

  failed(): void {
    this.#driver.noteFailed();
  }

  drained(): void {
    this.#driver.run(() => {
      if (this.connection !== undefined) this.#driver.core.drained(this.connection);
    });
  }

  gathered(): void {
    this.#driver.run(() => {
      if (this.connection !== undefined) this.#driver.core.gathered(this.connection);
    });
  }

  ended(): void {
    this.#driver.run(() => {
      if (this.connection !== undefined) this.#driver.core.ended(this.connection);
    });
  }

  closed(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#driver.run(() => {
      if (this.connection !== undefined) this.#driver.core.closed(this.connection, error);
    });
    this.#driver.forget(this);
  }

  /** Ends it at once. */
  cut(error?: Error): void {
    this.destroy();
    this.closed(error);
  }

  write(bytes: Uint8Array): boolean {
    return (
      fenced(
        () => this.#wire.write(bytes),
        (error) => this.#broke(error),
      ) !== false
    );
  }

  writePieces(pieces: readonly Uint8Array[]): boolean {
    return (
      fenced(
        () => writePieces(this.#wire, pieces),
        (error) => this.#broke(error),
      ) !== false
    );
  }

  pause(): void {
    fenced(
      () => this.#wire.pause(),
      (error) => this.#broke(error),
    );
  }

  resume(): void {
    fenced(
      () => this.#wire.resume(),
      (error) => this.#broke(error),
    );
  }

  end(): void {
    fenced(
      () => this.#wire.end(),
      (error) => this.#broke(error),
    );
  }

  destroy(): void {
    fenced(() => this.#wire.destroy(), ignored);
  }

  limitMessages(bytes: number): void {
    fenced(
      () => this.#wire.limitMessages?.(bytes),
      (error) => this.#broke(error),
    );
  }

  gatheredBytes(): number {
    const bytes = fenced(
      () => this.#wire.gatheredBytes?.(),
      (error) => this.#broke(error),
    );
    return bytes ?? 0;
  }

  #broke(error: Error): void {
    this.#driver.broke(this, "a wire failed; the connection is cut", error);
  }
}

/** Destroyed it is, as far as the core goes. */
function ignored(): void {}
