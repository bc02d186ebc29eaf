import { isTopicFilter, MqttConfigurationError, showValue } from "@anax/protocol";
import type { RulesFor } from "@anax/protocol";
import { addressRangeFault } from "../address-ranges.ts";
import { checked } from "../checking/rules.ts";
import { makeInspectable } from "../core/inspecting.ts";
import type { TraceWatcher } from "../core/tracing/tracing.ts";
import { asError, MqttServerBusyError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";
import type { CoreAccess } from "./core-access.ts";
import { followerOf } from "./followed-messages.ts";
import type { FollowingOptions, FollowingRegistration } from "./followed-messages.ts";
import type { ServerAccess } from "./server-access.ts";
import type { Explain } from "./trace-record.ts";
import { Trace } from "./trace.ts";
import type { TraceSubject } from "./trace.ts";

/** Traces at a time, with those that have ended and may still be read. */
const TRACES_MAX = 16;
/** How long one that has ended may still be read. */
const KEPT_MS = 600_000;

/** What to trace: at least one of `clientId`, `topicFilter` and `address`. */
export interface TraceOptions extends TraceSubject {
  /** Default 60 000, at most one hour. */
  readonly durationMs?: number | undefined;
  /** After so many records it ends. Default 10 000, at most 100 000. */
  readonly recordsMax?: number | undefined;
  /** So many bytes of memory its records may take. Default 4 MiB, at most 16 MiB. */
  readonly bytesMax?: number | undefined;
  /** Bytes of each payload that records have. Default 0: none, for payloads are nobody's business; at most 65 536. */
  readonly payloadBytesMax?: number | undefined;
  /** Whom the log names as the one who asked for it. */
  readonly askedBy?: string | undefined;
}

const DURATION_MS = 60_000;

const LIMITS = {
  recordsMax: 10_000,
  bytesMax: 4_194_304,
  payloadBytesMax: 0,
} as const;

const RULES: RulesFor<TraceOptions> = {
  clientId: "string",
  topicFilter: "string",
  address: "string",
  durationMs: [1, 3_600_000],
  recordsMax: [1, 100_000],
  bytesMax: [1_024, 16_777_216],
  payloadBytesMax: [0, 65_536],
  askedBy: "string",
};

/** What the traces of one server work with. */
interface TracesParts {
  readonly clock: Clock;
  readonly wallNow: () => number;
  readonly log: Log;
}

/** Traces: everything about one client, topic or address, for a limited time. */
export class ServerTraces {
  readonly #access: CoreAccess;
  readonly #explain: Explain;
  readonly #parts: TracesParts;
  readonly #traces: Map<string, Trace> = new Map();
  #count = 0;

  constructor(access: CoreAccess, rules: ServerAccess, parts: TracesParts) {
    this.#access = access;
    this.#explain = (request) => rules.explain(request);
    this.#parts = parts;
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    return { traces: [...this] };
  }

  /** Those that go on, and those that have ended and are still kept, oldest first. */
  [Symbol.iterator](): IterableIterator<Trace> {
    return this.#traces.values();
  }

  get(id: string): Trace | undefined {
    return this.#traces.get(id);
  }

  /**
   * Begins one. Meanwhile the packets of the clients that it is about are handled one by one, which costs more; with `topicFilter` alone
   * that is so of all clients. The log says that it begins, and about what.
   * Rejects with `MqttConfigurationError` for options that are wrong, with `MqttServerBusyError` if 16 go on, and with `MqttServerStateError`
   * if the server is not started.
   */
  async begin(options: TraceOptions): Promise<Trace> {
    const { clientId, topicFilter, address, askedBy, ...given } = checkedTrace(options);
    const { durationMs = DURATION_MS, ...limited } = given;
    const limits = { ...LIMITS, ...limited };
    this.#makeRoom();
    const { clock, wallNow, log } = this.#parts;
    const subject = {
      ...(clientId !== undefined && { clientId }),
      ...(topicFilter !== undefined && { topicFilter }),
      ...(address !== undefined && { address }),
    };
    const startedAtMs = wallNow();
    this.#count += 1;
    let cancelEnd = (): void => undefined;
    const trace = new Trace({
      id: String(this.#count),
      subject,
      limits,
      startedAtMs,
      endsAtMs: startedAtMs + durationMs,
      wallNow,
      explain: this.#explain,
      ended: () => {
        cancelEnd();
        this.#remove(watcher);
        clock.callAfter(KEPT_MS, () => this.#traces.delete(trace.id));
      },
    });
    const watcher = trace.watcher();
    this.#traces.set(trace.id, trace);
    try {
      await this.#access.change(({ tracing, connections }) => tracing.add(watcher, connections));
    } catch (error) {
      this.#traces.delete(trace.id);
      throw error;
    }
    cancelEnd = clock.callAfter(durationMs, () => trace.expire());
    log.info?.("a trace begins", { ...subject, durationMs, ...limits, askedBy });
    return trace;
  }

  /** Stops a trace, if it goes on, and lets its records go. False if there is none of this id. */
  delete(id: string): boolean {
    this.#traces.get(id)?.stop();
    return this.#traces.delete(id);
  }

  /**
   * Follows single messages from the read that brings them to the writes that give them to their receivers, at a rate: what spans of
   * OpenTelemetry are made of. All others stay as quick as they are. It may begin before the server is started, and goes on until it is
   * disposed of.
   * Throws `MqttConfigurationError` for options that are wrong, and `MqttServerBusyError` if messages are followed already.
   */
  followMessages(options: FollowingOptions): FollowingRegistration {
    const { clock, wallNow, log } = this.#parts;
    const follower = followerOf(
      options,
      () => wallNow() - clock.now(),
      (error) => log.error?.("what follows messages failed", {}, asError(error)),
    );
    const { sampling } = this.#access.core;
    if (sampling.follower !== undefined)
      throw new MqttServerBusyError("messages are followed already: one at a time may do that");
    sampling.follow(follower);
    const dispose = (): void => {
      if (sampling.follower === follower) sampling.follow(undefined);
    };
    return { dispose, [Symbol.dispose]: dispose };
  }

  /** Of connections that are not let in before the core knows of them. */
  refused(address: string | undefined, reason: string): void {
    const { tracing } = this.#access.core;
    if (tracing.isOn) tracing.tell({ type: "refused", clientId: "", address, reason });
  }

  #remove(watcher: TraceWatcher): void {
    const { tracing, connections } = this.#access.core;
    tracing.remove(watcher, connections);
  }

  #makeRoom(): void {
    if (this.#traces.size < TRACES_MAX) return;
    for (const { id, endReason } of this.#traces.values()) {
      if (endReason === undefined) continue;
      this.#traces.delete(id);
      return;
    }
    throw new MqttServerBusyError(`${TRACES_MAX} traces go on, more may not`);
  }
}

type Given = { readonly [Name in keyof TraceOptions]?: Exclude<TraceOptions[Name], undefined> };

function checkedTrace(options: TraceOptions): Given {
  const given = checked("trace", options, RULES);
  const { clientId, topicFilter, address } = given;
  if (clientId === undefined && topicFilter === undefined && address === undefined)
    throw new MqttConfigurationError(
      "trace: one of clientId, topicFilter and address must be there",
    );
  if (topicFilter !== undefined && !isTopicFilter(topicFilter))
    throw new MqttConfigurationError(
      `trace.topicFilter: ${showValue(topicFilter)} is no Topic Filter`,
    );
  const fault = address === undefined ? undefined : addressRangeFault(address);
  if (fault !== undefined) throw new MqttConfigurationError(`trace.address: ${fault}`);
  return given as Given;
}

makeInspectable(ServerTraces.prototype, "ServerTraces");
