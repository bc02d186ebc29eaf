import { copyBytes, decodeUtf8, encodeUtf8, IncomingTopicAliases } from "@anax/protocol";
import { hasBytesAt } from "../same-bytes.ts";

/** The bytes of no topics; never written to. */
const NOTHING: (Uint8Array | undefined)[] = [];

/**
 * The Topic Aliases that a client has set: what each stands for, as the general path wants it, and as the bytes by
 * which the router finds a topic. A client that uses none costs nothing but this object.
 */
export class ReceivedAliases {
  readonly #maximum: number;
  #topics: IncomingTopicAliases | undefined;
  #topicBytes: (Uint8Array | undefined)[] = NOTHING;

  /** @param maximum the Topic Alias Maximum that the client was told */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** From now on the alias stands for this topic. @throws ProtocolError 0x94 if the alias is not allowed. */
  set(alias: number, topic: string): void {
    this.#opened().set(alias, topic);
    this.#topicBytes[alias] = encodeUtf8(topic);
  }

  /** What the alias stands for. @throws ProtocolError 0x94 if it is not allowed, 0x82 if it stands for nothing yet. */
  get(alias: number): string {
    return this.#opened().get(alias);
  }

  /** What the alias stands for; undefined where `get` would throw. */
  find(alias: number): string | undefined {
    return this.#topicBytes[alias] === undefined ? undefined : this.get(alias);
  }

  /** True if a client may use this alias. */
  allows(alias: number): boolean {
    return alias >= 1 && alias <= this.#maximum;
  }

  /** Hot path: `set` with an alias that is allowed, and the valid topic in `bytes[start, end)`. */
  take(alias: number, bytes: Uint8Array, start: number, end: number): void {
    const known = this.#topicBytes[alias];
    if (known?.length === end - start && hasBytesAt(known, bytes, start)) return;
    this.#opened().set(alias, decodeUtf8(bytes, start, end));
    this.#topicBytes[alias] = copyBytes(bytes, start, end);
  }

  /** Hot path: bytes of what the alias stands for; undefined where `get` would throw. */
  topicBytes(alias: number): Uint8Array | undefined {
    return this.#topicBytes[alias];
  }

  #opened(): IncomingTopicAliases {
    if (this.#topics === undefined) {
      this.#topics = new IncomingTopicAliases(this.#maximum);
      this.#topicBytes = [];
    }
    return this.#topics;
  }
}
