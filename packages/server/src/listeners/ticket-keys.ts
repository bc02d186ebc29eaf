import { MqttConfigurationError } from "@anax/protocol";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { wallMs } from "../platform.ts";
import type { TlsCredentials } from "./tls-credentials.ts";

/** Bytes of what `node:tls` takes as the keys of tickets, and of what these are made from. */
const TICKET_KEYS_BYTES = 48;

/** Seconds after which tickets have other keys: whoever gets at a key can read what was said with tickets of a day. */
const ROTATION_SECONDS = 86_400;

/** Where keys of tickets come from, and how long they are used. */
export interface TicketOptions {
  /**
   * 48 secret bytes, from which the keys of tickets are made: servers that have the same take each other's tickets, and so does a server
   * that was started again. Default: random at each start.
   */
  readonly ticketKeys?: Uint8Array;
  /** Seconds after which tickets have other keys. Who comes with an older ticket makes a whole handshake. Default 86 400, a day. */
  readonly ticketRotationSeconds?: number;
}

/**
 * The keys of tickets, made from a secret, the time and who is trusted: so servers with the same secret have the same keys without a word
 * to each other. When `ca` or `crl` change, all tickets are void: who was revoked must not resume an earlier TLS session.
 */
export class TicketKeys {
  readonly #secret: Uint8Array;
  readonly #rotationMs: number;
  readonly #wallMs: () => number;
  #trusted = "";
  #period = Number.NaN;

  /** Throws `MqttConfigurationError` for keys of another length. */
  constructor(
    { ticketKeys, ticketRotationSeconds = ROTATION_SECONDS }: TicketOptions,
    clock: () => number = wallMs,
  ) {
    if (ticketKeys !== undefined) checkTicketKeys(ticketKeys, "ticketKeys");
    this.#secret = ticketKeys ?? randomBytes(TICKET_KEYS_BYTES);
    this.#rotationMs = ticketRotationSeconds * 1_000;
    this.#wallMs = clock;
  }

  /** Whom the server trusts from now on. */
  trust({ ca, crl, pfx }: TlsCredentials): void {
    const hash = createHash("sha256");
    for (const part of [ca, crl, pfx]) hash.update(textOf(part)).update("\0");
    this.#trusted = hash.digest("hex");
  }

  /** True if the keys are others than when they were asked for last. */
  get areOld(): boolean {
    return this.#periodNow !== this.#period;
  }

  get #periodNow(): number {
    return Math.floor(this.#wallMs() / this.#rotationMs);
  }

  /** The keys of now. */
  get now(): Buffer {
    this.#period = this.#periodNow;
    const hmac = createHmac("sha384", this.#secret);
    return hmac.update(`${this.#trusted} ${this.#period * this.#rotationMs}`).digest();
  }
}

/** Throws `MqttConfigurationError`, which names them so. */
export function checkTicketKeys(keys: Uint8Array, called: string): void {
  if (keys instanceof Uint8Array && keys.length === TICKET_KEYS_BYTES) return;
  const length = keys instanceof Uint8Array ? `has ${keys.length} bytes` : "is no array of bytes";
  throw new MqttConfigurationError(`${called} ${length}; it must have ${TICKET_KEYS_BYTES}`);
}

/** One text for each value that `node:tls` takes: a text, bytes, or a list of either. */
function textOf(part: unknown): string {
  if (Array.isArray(part)) return part.map(textOf).join("\n");
  if (typeof part === "string") return part;
  if (part instanceof Uint8Array) return Buffer.from(part).toString("latin1");
  return typeof part === "object" && part !== null ? Object.values(part).map(textOf).join() : "";
}
