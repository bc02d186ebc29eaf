/** Something that its reader can mend: a program says it in a line, without a stack trace, and ends with `exitCode`. */
export class PlainError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
