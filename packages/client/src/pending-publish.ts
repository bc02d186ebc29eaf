/** A publish that somebody waits for. */
import type { PublishProperties, QoS } from "@anax/protocol";
import { PublishRequest } from "./core/requests.ts";
import type { PublishAcknowledgement } from "./core/requests.ts";
import { handled } from "./deferred.ts";
import type { PublishResult } from "./options.ts";

/** What every QoS 0 publish results in. */
export const SENT: PublishResult = Object.freeze({ reasonCode: 0 });

/** A publish that nobody waits for, because all those of one turn are waited for together. */
export class UnawaitedPublish extends PublishRequest {
  /** Why it could not be sent. */
  failure: unknown;

  override acknowledged(): void {}

  override failed(error: unknown): void {
    this.failure = error;
  }
}

/** A publish with a promise of its own. */
export class PendingPublish extends PublishRequest {
  /** Why it failed. No field of each message, for hardly one has it. */
  declare failure?: unknown;
  readonly #promise: Promise<PublishResult>;
  #resolve: (result: PublishResult) => void = nobody;
  #reject: (error: unknown) => void = nobody;

  constructor(
    topic: string,
    payload: Uint8Array,
    qos: QoS,
    retain: boolean,
    properties: PublishProperties | undefined,
  ) {
    super(topic, payload, qos, retain, properties);
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Its outcome. A rejection crashes no process if nobody waits for it. */
  get promise(): Promise<PublishResult> {
    return this.#promise;
  }

  override acknowledged(packet: PublishAcknowledgement): void {
    if (packet === undefined) this.#resolve(SENT);
    else {
      const { reasonCode, packetIdentifier, properties } = packet;
      const result = { reasonCode, packetIdentifier };
      this.#resolve(properties === undefined ? result : { ...result, ...properties });
    }
  }

  override failed(error: unknown): void {
    // Here and not from the start: a second promise for each message is a third of what one costs.
    void handled(this.#promise);
    this.failure = error;
    this.#reject(error);
  }
}

function nobody(): void {}
