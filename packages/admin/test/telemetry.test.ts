import { connect } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { MqttServer } from "@anax/server";
import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { METRICS } from "../src/index.ts";
import { instrumentServer } from "../src/telemetry/index.ts";
import type { Telemetry, TelemetryOptions } from "../src/telemetry/index.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const PARENT = `00-${TRACE}-${SPAN}-01`;

let server: MqttServer;
let clients: MqttClient[];
let telemetry: Telemetry | undefined;
const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});

beforeEach(async () => {
  clients = [];
  server = new MqttServer({ port: 0, host: "127.0.0.1", systemTopics: false });
  await server.start();
});

afterEach(async () => {
  telemetry?.dispose();
  telemetry = undefined;
  exporter.reset();
  await Promise.all(clients.map((client) => client.disconnect()));
  await server.stop();
});

async function client(clientId: string, protocolVersion: 4 | 5 = 5): Promise<MqttClient> {
  const made = await connect(server.address().url, { clientId, protocolVersion });
  clients.push(made);
  return made;
}

function instrument(options: TelemetryOptions = {}): void {
  telemetry = instrumentServer(server, { tracerProvider, meterProvider: false, ...options });
}

async function spans(count: number): Promise<ReadableSpan[]> {
  await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(count));
  return exporter.getFinishedSpans();
}

function named(all: readonly ReadableSpan[], name: string): ReadableSpan[] {
  return all.filter((span) => span.name === name);
}

const milliseconds = ([seconds, nanoseconds]: readonly [number, number]): number =>
  seconds * 1_000 + nanoseconds / 1_000_000;

describe("spans of OpenTelemetry", () => {
  it("go on with the trace that a message was published in", async () => {
    instrument({ messagesPerSecondMax: 0 });
    const [publisher, one, other] = [await client("p"), await client("s1"), await client("s2")];
    for (const subscriber of [one, other]) await subscriber.subscribe("plants/+", () => undefined);
    const before = Date.now();
    await publisher.publish("plants/7", "21", {
      qos: 1,
      retain: true,
      userProperties: [
        ["traceparent", PARENT],
        ["tracestate", "vendor=x"],
      ],
    });
    const all = await spans(4);
    const [publish] = named(all, "publish");
    expect(publish?.spanContext()).toMatchObject({
      traceId: TRACE,
      traceFlags: TraceFlags.SAMPLED,
    });
    expect(publish?.parentSpanContext).toMatchObject({ spanId: SPAN, isRemote: true });
    expect(publish?.parentSpanContext?.traceState?.get("vendor")).toBe("x");
    expect(publish?.kind).toBe(SpanKind.SERVER);
    expect(publish?.attributes).toEqual({
      "messaging.system": "mqtt",
      "messaging.operation.name": "publish",
      "messaging.operation.type": "send",
      "messaging.destination.name": "plants/7",
      "messaging.client.id": "p",
      "messaging.message.body.size": 2,
      "mqtt.qos": 1,
      "mqtt.retain": true,
      "mqtt.receivers": 2,
      "mqtt.transport": "tcp",
      "network.protocol.name": "mqtt",
      "network.protocol.version": "5.0",
      "client.address": "127.0.0.1",
    });
    const inner = [...named(all, "route"), ...named(all, "deliver")];
    for (const span of inner)
      expect(span.parentSpanContext?.spanId).toBe(publish?.spanContext().spanId);
    const delivered = named(all, "deliver").map(
      ({ attributes }) => attributes["messaging.client.id"],
    );
    expect(new Set(delivered)).toEqual(new Set(["s1", "s2"]));
    // The clock of the server is that of the machine, and what is within a span is not outside of its time.
    const [startMs, endMs] = [milliseconds(publish!.startTime), milliseconds(publish!.endTime)];
    expect(startMs).toBeGreaterThan(before - 100);
    for (const span of inner) {
      expect(milliseconds(span.startTime)).toBeGreaterThanOrEqual(startMs);
      expect(milliseconds(span.endTime)).toBeLessThanOrEqual(endMs + 0.001);
    }
  });

  it("begin traces of messages without one, at a rate, also for clients before MQTT 5.0", async () => {
    instrument({ messagesPerSecondMax: 0.001 });
    const publisher = await client("p", 4);
    await publisher.publish("a", "1", { qos: 1 });
    await publisher.publish("a", "2", { qos: 1 });
    const [publish, route, ...more] = (await spans(2)).toSorted((x, y) =>
      x.name < y.name ? -1 : 1,
    );
    expect(more).toEqual([]);
    expect(publish?.parentSpanContext).toBeUndefined();
    expect(publish?.attributes["mqtt.receivers"]).toBe(0);
    expect(route?.spanContext().traceId).toBe(publish?.spanContext().traceId);
  });

  it.each([
    ["is not sampled", `00-${TRACE}-${SPAN}-00`],
    ["is no trace context", "hello"],
    ["is all zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["is of a version that there is not", `ff-${TRACE}-${SPAN}-01`],
    ["says more than its version does", `${PARENT}-more`],
  ])("are not made for a traceparent that %s", async (_what, parent) => {
    instrument({ messagesPerSecondMax: 0 });
    const publisher = await client("p");
    await publisher.publish("a", "1", { qos: 1, userProperties: [["traceparent", parent]] });
    await publisher.publish("b", "1", {
      qos: 1,
      userProperties: [["traceparent", `cc-${TRACE}-${SPAN}-01-of-a-later-version`]],
    });
    const all = await spans(2);
    expect(all.map(({ attributes }) => attributes["messaging.destination.name"])).toContain("b");
  });

  it("say of a receiver that it was not written to", async () => {
    const { makeSpans } = await import("../src/telemetry/message-spans.ts");
    const nowMs = Date.now();
    makeSpans(tracerProvider.getTracer("test"), {
      topic: "a",
      qos: 0,
      retain: false,
      payloadBytes: 0,
      userProperties: [],
      publisher: { clientId: "" },
      receivedAtMs: nowMs - 20,
      routedAtMs: nowMs - 10,
      receivers: 1,
      deliveries: [{ clientId: "s", protocolVersion: 4, givenAtMs: nowMs - 10 }],
    });
    const [deliver] = named(await spans(3), "deliver");
    expect(deliver?.status.code).toBe(SpanStatusCode.ERROR);
    expect(deliver?.attributes["network.protocol.version"]).toBe("3.1.1");
  });

  it("end with the registration, and are made for one program at a time", async () => {
    instrument();
    expect(() => instrument()).toThrow("messages are followed already");
    telemetry?.dispose();
    instrument({ messagesPerSecondMax: 1 });
    expect(() => instrumentServer(server, { messagesPerSecondMax: -1 })).toThrow(
      "-1 is not a number from 0 to 1000",
    );
  });
});

describe("metrics of OpenTelemetry", () => {
  it("are those of the table, measured once for each reading", async () => {
    const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({
      exporter: metricExporter,
      exportIntervalMillis: 3_600_000,
    });
    const meterProvider = new MeterProvider({ readers: [reader] });
    telemetry = instrumentServer(server, { tracerProvider: false, meterProvider });
    const publisher = await client("p");
    await publisher.publish("a", "12", { qos: 1 });
    await reader.forceFlush();
    const found = metricExporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
    const read = new Map(found.map((metric) => [metric.descriptor.name, metric]));
    const ofAStore = METRICS.filter(({ name }) => name === "anax_store_commit_seconds");
    const names = METRICS.filter((metric) => !ofAStore.includes(metric)).flatMap(({ name, type }) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    expect([...read.keys()].toSorted()).toEqual(names.toSorted());
    const points = read.get("anax_messages_by_qos_total")?.dataPoints ?? [];
    const own = points.find(
      ({ attributes }) => attributes["direction"] === "in" && attributes["qos"] === "1",
    );
    expect(own?.value).toBe(1);
    expect(read.get("anax_uptime_seconds")?.descriptor.unit).toBe("s");
    expect(read.get("anax_bytes_total")?.descriptor).toMatchObject({ unit: "By" });
    telemetry.dispose();
    await publisher.publish("a", "12", { qos: 1 });
    await reader.forceFlush();
    const last = metricExporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? [];
    const later = last.find(({ descriptor }) => descriptor.name === "anax_messages_by_qos_total");
    expect(later?.dataPoints.some(({ value }) => value === 2) ?? false).toBe(false);
    await meterProvider.shutdown();
  });
});
