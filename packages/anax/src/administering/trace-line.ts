/** A record of a trace as a line for people. */
import { clockText } from "./showing.ts";
import type { Json } from "./admin-client.ts";
import { visibleText } from "../visible-text.ts";

/** What a packet shows otherwise than by its name and value. */
const SHOWN_APART = new Set(["type", "topic", "properties", "payload", "payloadBase64"]);

/** Such as `13:45:01.123  sensor-7  > PUBLISH a/b  qos=1 packetIdentifier=7 payloadBytes=12`. */
export function traceLine(record: Json): string {
  const who = textOf(record["clientId"]) || textOf(record["address"]) || "-";
  const packet = record["packet"];
  const words = isJson(packet) ? packetWords(record, packet) : otherWords(record);
  const parts = [clockText(record["atMs"]), who, ...words];
  return visibleText(parts.filter((part) => part !== "").join("  "));
}

function packetWords({ topic, type }: Json, packet: Json): string[] {
  const { type: name, properties, payload, payloadBase64 } = packet;
  const fields = [
    ...Object.entries(packet).filter(([field]) => !SHOWN_APART.has(field)),
    ...Object.entries(isJson(properties) ? properties : {}),
  ];
  const arrow = type === "packetReceived" ? ">" : "<";
  const shown = payload ?? payloadBase64;
  return [
    `${arrow} ${textOf(name).toUpperCase()} ${textOf(topic)}`.trimEnd(),
    fields.map(([field, value]) => `${field}=${valueText(field, value)}`).join(" "),
    shown === undefined ? "" : JSON.stringify(shown),
  ];
}

function otherWords({
  type,
  action,
  topic,
  payloadBytes,
  count,
  reasonCode,
  reason,
  rule,
}: Json): string[] {
  return [
    ["*", textOf(type), textOf(action), textOf(topic)].filter((one) => one !== "").join(" "),
    payloadBytes === undefined ? "" : `payloadBytes=${textOf(payloadBytes)}`,
    count === undefined ? "" : `messages=${textOf(count)}`,
    `${codeText(reasonCode)} ${textOf(reason)}`.trim(),
    isJson(rule) ? `rule ${ruleText(rule)}` : "",
  ];
}

function ruleText({ source, allow, deny, topics }: Json): string {
  const verb = deny === undefined ? `allow ${textOf(allow)}` : `deny ${textOf(deny)}`;
  const rule = `${verb} ${Array.isArray(topics) ? topics.map(textOf).join(", ") : textOf(topics)}`;
  return source === undefined ? rule : `${textOf(source)} (${rule})`;
}

function valueText(field: string, value: unknown): string {
  return field === "reasonCode" ? codeText(value) : textOf(value);
}

/** As the specification writes Reason Codes. */
function codeText(code: unknown): string {
  return typeof code === "number" ? `0x${code.toString(16).toUpperCase().padStart(2, "0")}` : "";
}

function textOf(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
