import type { Packet } from "@anax/protocol";
import type { AccessRule } from "../access/access-rules.ts";
import type { AccessExplanation, AccessExplanationRequest } from "../access/rule-book.ts";
import type { TraceEvent, TraceEventType } from "../core/tracing/trace-event.ts";

/** Characters of one text of a record: what is longer ends in an ellipsis. */
const TEXT_MAX = 1_024;
/** Entries of one list of a record, of User Properties or filters. */
const ENTRIES_MAX = 100;
/** Bytes of Correlation Data that are shown. */
const CORRELATION_BYTES_MAX = 256;
/** About what a record takes beside its texts. */
const RECORD_BYTES = 200;

/**
 * A packet of a trace: the fields of the MQTT packet by their usual names. Of bytes only their number is there (`payloadBytes`), but for
 * Correlation Data, and for payloads where they were asked for. Passwords are never there.
 */
export interface TracedPacket {
  readonly type: Packet["type"];
  readonly [field: string]: unknown;
}

/** One thing that happened. Fields that have nothing to say are absent. */
export interface TraceRecord {
  /** Unix time, milliseconds. */
  readonly atMs: number;
  readonly type: TraceEventType;
  readonly clientId: string;
  readonly userName?: string;
  readonly address?: string;
  /** Of `packetReceived` and `packetSent`. */
  readonly packet?: TracedPacket;
  /** The Topic Name that it is about, aliases resolved; of a subscription that was denied, the filter. */
  readonly topic?: string;
  /** Of `denied`: what the client wanted to do. */
  readonly action?: string;
  readonly reasonCode?: number;
  /** Why, in words; of `dropped`: queue, backlog, total, away, tooLarge or expired. */
  readonly reason?: string;
  /** Of `denied`: the rule that decides, with its `source`, such as "access.yaml:12"; absent where none is about it. */
  readonly rule?: AccessRule;
  /** Of `dropped`: how many messages. */
  readonly count?: number;
  /** Of `queued`. */
  readonly payloadBytes?: number;
}

/** A record, and about how many bytes it takes. */
export interface SizedRecord {
  readonly record: TraceRecord;
  readonly bytes: number;
}

/** Which rule decides; undefined if there are none. */
export type Explain = (request: AccessExplanationRequest) => AccessExplanation | undefined;

/** Makes a record of what the core tells, with copies of all that it shows. */
export function recordOf(
  event: TraceEvent,
  { atMs, payloadBytesMax, explain }: RecordSettings,
): SizedRecord {
  const copying = new Copying(payloadBytesMax);
  const { packet, judged, topicFilters: _filters, ...rest } = event;
  const record = copying.copy({ atMs, ...rest }) as Record<string, unknown>;
  if (packet !== undefined) record["packet"] = copying.copy(packet);
  if (judged !== undefined) Object.assign(record, denialOf(event, explain));
  // Its fields are those of the event, which has them under the same names.
  return { record: record as unknown as TraceRecord, bytes: RECORD_BYTES + copying.bytes };
}

interface RecordSettings {
  readonly atMs: number;
  readonly payloadBytesMax: number;
  readonly explain: Explain;
}

/** The rule by which it was denied, and why. Rules that were changed since would say otherwise: then there is none. */
function denialOf({ action, topic, judged }: TraceEvent, explain: Explain): object {
  if (judged === undefined || topic === undefined) return {};
  const asked = action === "keep subscription" ? "subscribe" : action;
  if (asked !== "publish" && asked !== "subscribe" && asked !== "receive") return {};
  const explanation = explain({ client: judged, action: asked, topic });
  if (explanation === undefined)
    return { reason: "the authorizer, or the client's identity, denies it" };
  const { rule, reason, isAllowed } = explanation;
  // Denied though the rule allows the topic: by its QoS or RETAIN, or by what the identity of the client is limited to.
  const why = isAllowed ? "QoS, RETAIN or the client's identity is limited" : reason;
  return { reason: why, ...(rule !== undefined && { rule }) };
}

/** Copies values of plain parts, shortened, and counts what the copies take. */
class Copying {
  bytes = 0;
  readonly #payloadBytesMax: number;

  constructor(payloadBytesMax: number) {
    this.#payloadBytesMax = payloadBytesMax;
  }

  copy(value: unknown): unknown {
    this.bytes += 8;
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map((one) => this.copy(one));
    const copy: Record<string, unknown> = {};
    for (const [name, inner] of Object.entries(value)) {
      if (inner instanceof Uint8Array) this.#bytesOf(copy, name, inner);
      else if (inner !== undefined) copy[name] = this.copy(inner);
    }
    return copy;
  }

  #text(text: string): string {
    const shown = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}\u2026` : text;
    this.bytes += shown.length * 2;
    return shown;
  }

  #bytesOf(copy: Record<string, unknown>, name: string, bytes: Uint8Array): void {
    copy[`${name}Bytes`] = bytes.length;
    const shown = this.#shownBytes(name);
    if (shown === 0) return;
    copy[name] = new Uint8Array(bytes.subarray(0, shown));
    this.bytes += Math.min(bytes.length, shown);
  }

  #shownBytes(name: string): number {
    if (name === "payload") return this.#payloadBytesMax;
    return name === "correlationData" ? CORRELATION_BYTES_MAX : 0;
  }
}
