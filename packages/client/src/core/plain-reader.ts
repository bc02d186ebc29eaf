/**
 * The hot path of what comes from the server: tells apart the packets that can be read without the codec, and passes
 * them on.
 */
import type { Framer } from "@anax/protocol";
import type { MachineEvent } from "./machine-event.ts";
import type { OutgoingMessages } from "./outgoing.ts";
import type { Output } from "./output.ts";
import { readPlainAcknowledgement } from "./plain-acknowledgement.ts";
import { PlainPublishReader } from "./plain-publish-reader.ts";

/** Reads plain packets. */
export class PlainReader {
  readonly #output: Pick<Output, "version" | "inspect">;
  readonly #outgoing: Pick<OutgoingMessages, "puback" | "pubrec" | "pubcomp">;
  readonly #events: Pick<MachineEvent[], "push">;
  readonly #publishes: PlainPublishReader = new PlainPublishReader();

  constructor(
    output: Pick<Output, "version" | "inspect">,
    outgoing: Pick<OutgoingMessages, "puback" | "pubrec" | "pubcomp">,
    events: Pick<MachineEvent[], "push">,
  ) {
    this.#output = output;
    this.#outgoing = outgoing;
    this.#events = events;
  }

  /** Reads the packet that the framer has found; false when the codec has to look at it. */
  read(framer: Framer): boolean {
    const { version, inspect } = this.#output;
    if (inspect !== undefined) return false;
    const message = this.#publishes.read(framer, version);
    if (message === undefined) return readPlainAcknowledgement(framer, version, this.#outgoing);
    this.#events.push(message);
    return true;
  }

  /** Remembers the topic of a packet that the codec has accepted; `start` is that of its body. */
  learn(topic: string, bytes: Uint8Array, start: number): void {
    this.#publishes.learn(topic, bytes, start);
  }
}
