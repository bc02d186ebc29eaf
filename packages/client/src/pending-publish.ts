/** A publish that somebody waits for. */
import { PublishRequest } from "./core/requests.ts";
import type { PublishAcknowledgement } from "./core/requests.ts";
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
  readonly #resolve: (result: PublishResult) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    parts: Pick<PublishRequest, "topic" | "payload" | "qos" | "retain" | "properties">,
    resolve: (result: PublishResult) => void,
    reject: (error: unknown) => void,
  ) {
    super(parts.topic, parts.payload, parts.qos, parts.retain, parts.properties);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override acknowledged(packet: PublishAcknowledgement): void {
    if (packet === undefined) this.#resolve(SENT);
    else {
      const { reasonCode, packetIdentifier, properties } = packet;
      this.#resolve({ reasonCode, packetIdentifier, ...properties });
    }
  }

  override failed(error: unknown): void {
    this.#reject(error);
  }
}
