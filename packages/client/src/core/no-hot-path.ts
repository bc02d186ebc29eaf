/**
 * What `#hot-path` is in a browser, where a second way of doing the same is not worth its bytes: everything is left to
 * the general checks and to the codec.
 */
import type * as full from "./hot-path.ts";

/** As in `hot-path.ts`; false: the options have to be looked at. */
export const isPlainPublish: typeof full.isPlainPublish = () => false;

/** Reads nothing, and writes nothing. */
class Nothing {
  /** False: the codec has to look at the packet. */
  read(): boolean {
    return false;
  }

  /** Remembers nothing. */
  learn(): void {}

  /** False: the codec has to write the packet. */
  write(): boolean {
    return false;
  }
}

/** As in `hot-path.ts`. */
export const PlainReader: new () => Pick<full.PlainReader, "read" | "learn"> = Nothing;

/** As in `hot-path.ts`. */
export const PlainPublishWriter: new () => Pick<full.PlainPublishWriter, "write"> = Nothing;
