/** From this many bytes on a payload is not copied into each output that it goes to, but shared by all. */
export const SHARED_BYTES_MIN = 2_048;

/** Knows shared bytes as long as outputs hold them, so that what is read back later need not be a second copy. */
export interface SharedBytesKeeper {
  held(shared: SharedBytes): void;
  freed(shared: SharedBytes): void;
}

/**
 * The bytes of a message, as the outputs of many connections hold them at once. They are never changed, and no pool gets them
 * back: the collector sees when the last output has let go of them, so no wrong count can show one client the bytes of another.
 */
export class SharedBytes {
  readonly bytes: Uint8Array;
  /** Places in outputs that hold them. Only the count of held bytes depends on it. */
  holders = 0;
  /** Number of the message, for its keeper. */
  readonly number: number;
  readonly keeper: SharedBytesKeeper | undefined;

  constructor(bytes: Uint8Array, number = 0, keeper?: SharedBytesKeeper) {
    this.bytes = bytes;
    this.number = number;
    this.keeper = keeper;
  }
}
