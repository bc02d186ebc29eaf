/**
 * Acknowledgements that the application gives. They leave in the order in which the messages came,
 * PUBACK and PUBREC each for itself [MQTT-4.6.0-2] [MQTT-4.6.0-3], so one that is given early waits for those before it.
 *
 * A QoS 2 message is remembered across connections until it is acknowledged, because the server will send it
 * again and it must not be delivered again [MQTT-4.3.3-10]. A QoS 1 message is not: it comes anew.
 */
import type { AcknowledgeWords, Acknowledger } from "./message.ts";

/** Sends a PUBACK or PUBREC. */
export type SendAcknowledgement = (
  qos: 1 | 2,
  packetIdentifier: number,
  reasonCode: number,
  words: AcknowledgeWords | undefined,
) => void;

/** A message that the application has yet to acknowledge, or whose acknowledgement waits its turn. */
interface PendingAcknowledgement extends Acknowledger {
  readonly packetIdentifier: number;
  /** Undefined until the application has decided. */
  given: number | undefined;
  words: AcknowledgeWords | undefined;
}

/** The acknowledgements of one Session. */
export class Acknowledgements {
  readonly #send: SendAcknowledgement;
  /** What came on this connection and is unanswered, by QoS, in the order of coming. */
  #queues: Readonly<Record<1 | 2, PendingAcknowledgement[]>> = { 1: [], 2: [] };
  readonly #exactlyOnce: Map<number, PendingAcknowledgement> = new Map();

  constructor(send: SendAcknowledgement) {
    this.#send = send;
  }

  /** A new message came; what it gives is what the application acknowledges it by. */
  expect(qos: 1 | 2, packetIdentifier: number): Acknowledger {
    const pending: PendingAcknowledgement = {
      packetIdentifier,
      given: undefined,
      words: undefined,
      acknowledge: (reasonCode, words) => {
        if (pending.given === undefined) pending.words = words;
        pending.given ??= reasonCode;
        this.#flush(qos);
      },
    };
    this.#queues[qos].push(pending);
    if (qos === 2) this.#exactlyOnce.set(packetIdentifier, pending);
    return pending;
  }

  /** A QoS 2 message came again; false when the application has long since acknowledged it. */
  repeated(packetIdentifier: number): boolean {
    const pending = this.#exactlyOnce.get(packetIdentifier);
    if (pending === undefined) return false;
    if (!this.#queues[2].includes(pending)) this.#queues[2].push(pending);
    this.#flush(2);
    return true;
  }

  /** The identifier of a QoS 2 message of an earlier connection is that of another message now. */
  forget(packetIdentifier: number): void {
    this.#exactlyOnce.delete(packetIdentifier);
  }

  /** The connection is gone, and with it every answer that was to be sent on it. */
  disconnected(): void {
    this.#queues = { 1: [], 2: [] };
  }

  /** The Session is gone. */
  discard(): void {
    this.disconnected();
    this.#exactlyOnce.clear();
  }

  #flush(qos: 1 | 2): void {
    const queue = this.#queues[qos];
    let count = 0;
    for (const { packetIdentifier, given, words } of queue) {
      if (given === undefined) break;
      if (qos === 2) this.#exactlyOnce.delete(packetIdentifier);
      this.#send(qos, packetIdentifier, given, words);
      count += 1;
    }
    queue.splice(0, count);
  }
}
