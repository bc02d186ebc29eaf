import type { Packet, Will } from "@anax/protocol";
import type { Ledger, SentMessage } from "../ledger/ledger.ts";
import type { Stream } from "../ledger/stream.ts";
import { PersistentClient } from "./persistent-client.ts";

/**
 * A client whose every connection has a Will of its own. Once CONNACK came, the Will is owed to its subscribers as
 * soon as the connection breaks, whether by the client, the link or the end of the server.
 */
export class WillClient extends PersistentClient {
  readonly #stream: Stream;
  readonly #delaySeconds: number;
  #armed: SentMessage | undefined;

  constructor(ledger: Ledger, clientId: string, stream: Stream, delaySeconds: number) {
    super(ledger, { clientId, protocolVersion: 5 });
    this.#stream = stream;
    this.#delaySeconds = delaySeconds;
  }

  /** Connects with the next Will. */
  async arm(port: number): Promise<boolean> {
    if (this.isOnline || this.isConnecting) return this.isOnline;
    this.#armed = this.ledger.sending(this.#stream);
    return this.connect(port, { will: this.#willOf(this.#armed) });
  }

  /** Leaves in peace. If the server hears of it, there is no Will; only the server knows. */
  override leave(): void {
    this.#armed = undefined;
    super.leave();
  }

  protected override lost(wasOnline: boolean): void {
    if (wasOnline && this.#armed !== undefined) this.ledger.acknowledged(this.#armed);
    this.#armed = undefined;
  }

  protected override resumed(): void {}
  protected override begun(): void {}
  protected override received(_packet: Packet): void {}

  #willOf({ stream, sequence }: SentMessage): Will {
    const { topic, fields } = stream;
    const properties = { willDelayIntervalSeconds: this.#delaySeconds };
    const payload = stream.payload(sequence, 20);
    return { topic, payload, qos: fields.qos, retain: false, properties };
  }
}
