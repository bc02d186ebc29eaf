/**
 * How many QoS 1 and 2 exchanges the peer still takes at this moment (its Receive Maximum less the
 * open ones). It holds for one Network Connection and is no part of the Session. A receiver can use
 * another one to see that its peer keeps to the Receive Maximum that it was given.
 */
import { requireInteger } from "../integer.ts";

/** Receive Maximum of a peer that states none. */
export const RECEIVE_MAXIMUM_DEFAULT = 65_535;

/** Counts the exchanges of one Network Connection against a Receive Maximum. */
export class SendQuota {
  #receiveMaximum: number;
  /** Below zero when more PUBREL than the Receive Maximum were sent again after a resume. */
  #left: number;

  /**
   * @param receiveMaximum from 1 to 65535, the default [MQTT-4.9.0-1].
   * @throws RangeError if it is not.
   */
  constructor(receiveMaximum: number = RECEIVE_MAXIMUM_DEFAULT) {
    requireReceiveMaximum(receiveMaximum);
    this.#receiveMaximum = receiveMaximum;
    this.#left = receiveMaximum;
  }

  /** The value that the quota began with and never exceeds. */
  get receiveMaximum(): number {
    return this.#receiveMaximum;
  }

  /** How many more PUBLISH packets of QoS 1 or 2 may be sent. */
  get available(): number {
    return this.#left > 0 ? this.#left : 0;
  }

  /**
   * Counts a PUBLISH of QoS 1 or 2; false, and nothing counted, if it must not be sent now
   * [MQTT-4.9.0-2].
   */
  take(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    return true;
  }

  /**
   * Counts an exchange that goes on with PUBREL after a resume. PUBREL never waits [MQTT-4.9.0-3],
   * but its PUBCOMP will give one back, which without this would let one PUBLISH too many pass.
   */
  takeForPubrel(): void {
    this.#left -= 1;
  }

  /**
   * PUBACK, PUBCOMP, or PUBREC of 0x80 or above came: one more may be sent, up to the start value.
   */
  giveBack(): void {
    if (this.#left < this.#receiveMaximum) this.#left += 1;
  }

  /**
   * Starts anew, for another Network Connection.
   * @throws RangeError if it is not an integer from 1 to 65535.
   */
  reset(receiveMaximum: number): void {
    requireReceiveMaximum(receiveMaximum);
    this.#receiveMaximum = receiveMaximum;
    this.#left = receiveMaximum;
  }
}

function requireReceiveMaximum(value: number): void {
  requireInteger(value, "receiveMaximum", 1, 65_535);
}
