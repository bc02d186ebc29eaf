import type { Received } from "./matrix-client.ts";

/** Defects of a server that the matrix has to find. */
export const MATRIX_FAULTS = [
  "acknowledges before the handlers",
  "loses a message",
  "delivers a message twice",
  "changes the order",
  "tells twice that a client is connected",
  "tells something after it has stopped",
  "leaves a call without an answer",
] as const;

/** One of `MATRIX_FAULTS`. */
export type MatrixFaultKind = (typeof MATRIX_FAULTS)[number];

/** Changes what a subscriber gets, or the program is told, as if the server were at fault. */
export class MatrixFault {
  readonly kind: MatrixFaultKind;
  #kept: Received | undefined;
  #count = 0;

  constructor(kind: MatrixFaultKind) {
    this.kind = kind;
  }

  /** What becomes of a message that a client gets. */
  received(message: Received): readonly Received[] {
    this.#count += 1;
    if (this.kind === "loses a message") return this.#count === 1 ? [] : [message];
    if (this.kind === "delivers a message twice") return [message, message];
    if (this.kind !== "changes the order") return [message];
    const kept = this.#kept;
    this.#kept = message;
    return this.#count % 2 === 0 && kept !== undefined ? [message, kept] : [];
  }
}
