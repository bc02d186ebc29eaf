/** Drives a `ClientMachine` by hand: hex in, hex out, and a clock that only moves when told to. */
import { encodePacket } from "@anax/protocol";
import type { ConnectPacket, Packet, ProtocolVersion } from "@anax/protocol";
import { ClientMachine } from "../../src/core/client-machine.ts";
import type { MachineOptions } from "../../src/core/client-machine.ts";
import type { MachineEvent } from "../../src/core/machine-event.ts";
import { PublishRequest } from "../../src/core/requests.ts";
import type {
  PublishAcknowledgement,
  SubscribeFields,
  SubscribeRequest,
  UnsubscribeRequest,
} from "../../src/core/requests.ts";

export const DEFAULTS: MachineOptions = {
  acknowledgeMode: "automatic",
  isStrict: false,
  pingrespTimeoutMs: 10_000,
  queueMessagesMax: 100,
  queueBytesMax: 1_000_000,
  topicAliasesMax: 0,
};

/** A publish that keeps its outcome. */
export class RecordedPublish extends PublishRequest {
  outcome: PublishAcknowledgement | "sent" | Error | undefined;

  override acknowledged(packet: PublishAcknowledgement): void {
    this.outcome = packet ?? "sent";
  }

  override failed(error: unknown): void {
    this.outcome = error as Error;
  }
}

/** A SUBSCRIBE or UNSUBSCRIBE that keeps its outcome. */
export interface RecordedRequest {
  outcome: Packet | Error | undefined;
}

export class MachineHarness {
  readonly machine: ClientMachine;
  nowMs = 0;
  readonly #version: ProtocolVersion;

  constructor(options: Partial<MachineOptions> = {}, version: ProtocolVersion = 5) {
    this.machine = new ClientMachine({ ...DEFAULTS, ...options });
    this.#version = version;
  }

  /** Opens a connection as far as CONNECT, which is taken out. */
  start(connect: Partial<ConnectPacket> = {}): void {
    this.machine.start({
      type: "connect",
      protocolVersion: this.#version,
      clientId: "c",
      cleanStart: true,
      keepAliveSeconds: 0,
      ...connect,
    });
    this.takeHex();
  }

  /** Opens a connection as far as CONNACK, whose event is taken out. */
  connect(
    connect: Partial<ConnectPacket> = {},
    connack: string = this.#version === 5 ? "20 03 00 00 00" : "20 02 00 00",
  ): void {
    this.start(connect);
    this.receive(connack);
    this.machine.readOn(this.nowMs);
    this.takeEvents();
  }

  /** The server sends these bytes. */
  receive(hex: string): void {
    this.machine.receive(bytesOf(hex), this.nowMs);
  }

  /** The server sends this packet. */
  receivePacket(packet: Packet): void {
    this.machine.receive(encodePacket(packet, this.#version), this.nowMs);
  }

  /** What the client sends, as hex. */
  takeHex(): string {
    const parts: string[] = [];
    for (;;) {
      const bytes = this.machine.takeOutput(this.nowMs);
      if (bytes === undefined) return parts.join(" ");
      parts.push(hexOf(bytes));
    }
  }

  /** What the machine tells. */
  takeEvents(): MachineEvent[] {
    return this.machine.events.splice(0);
  }

  /** The error of the `close` event, which must be the only event. */
  takeCloseError(): Error & { reasonCode?: number | undefined } {
    const events = this.takeEvents();
    const [event] = events;
    if (events.length !== 1 || event?.type !== "close") {
      throw new Error(`events: ${events.map(({ type }) => type).join(", ")}`);
    }
    return event.error;
  }

  publish(
    topic: string,
    qos: 0 | 1 | 2 = 0,
    rest: { retain?: boolean; payload?: string; properties?: RecordedPublish["properties"] } = {},
  ): RecordedPublish {
    const payload = new TextEncoder().encode(rest.payload ?? "");
    const request = new RecordedPublish(topic, payload, qos, rest.retain ?? false, rest.properties);
    this.machine.publish(request);
    return request;
  }

  subscribe(topicFilters: string[], properties?: SubscribeFields["properties"]): RecordedRequest {
    const subscriptions = topicFilters.map((topicFilter) => ({
      topicFilter,
      qos: 1 as const,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0 as const,
    }));
    const fields = { subscriptions, ...(properties && { properties }) };
    return this.#request({ type: "subscribe", fields: () => fields });
  }

  unsubscribe(topicFilters: string[]): RecordedRequest {
    return this.#request({ type: "unsubscribe", topicFilters });
  }

  #request(
    fields:
      | Pick<SubscribeRequest, "type" | "fields">
      | Pick<UnsubscribeRequest, "type" | "topicFilters" | "properties">,
  ): RecordedRequest {
    const recorded: RecordedRequest = { outcome: undefined };
    this.machine.request({
      ...fields,
      acknowledged: (packet: Packet) => (recorded.outcome = packet),
      failed: (error: unknown) => (recorded.outcome = error as Error),
    });
    return recorded;
  }
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
