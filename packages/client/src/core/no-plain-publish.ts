/**
 * What `#plain-publish` is in a browser, where a second way of reading PUBLISH is not worth its bytes: every
 * packet is left to the codec.
 */
import type { PlainPublishReader as FullReader } from "./plain-publish.ts";

/** Reads nothing. */
export class PlainPublishReader implements Pick<FullReader, "read" | "learn"> {
  /** Undefined: the codec has to look at the packet. */
  read(): undefined {
    return undefined;
  }

  /** Remembers nothing. */
  learn(): void {}
}
