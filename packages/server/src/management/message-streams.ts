import type { ServerCore } from "../core/server-core.ts";
import { MessageStream } from "./message-stream.ts";
import type { InternalSubscriptionOptions } from "./message-stream.ts";

/** The subscriptions that the program itself has. */
export class MessageStreams {
  readonly #open = new Set<MessageStream>();

  open(core: ServerCore, filter: string, options: InternalSubscriptionOptions): MessageStream {
    const stream = new MessageStream(core, filter, options, (ended) => this.#open.delete(ended));
    if (!stream.isEnded) this.#open.add(stream);
    return stream;
  }

  endAll(): void {
    for (const stream of Array.from(this.#open)) stream.end();
  }
}
