import { field } from "./showing.ts";
import type { Column } from "./showing.ts";

/** Longest part of a payload that a table shows. */
const PAYLOAD_SHOWN = 60;

/** Columns of messages; a payload that is not text is shown as base64. */
export const MESSAGE_COLUMNS: readonly Column[] = [
  field("topic", "topic"),
  field("qos", "qos", true),
  field("payloadBytes", "bytes", true),
  {
    title: "payload",
    value: ({ payload, payloadBase64 }) => shortened(payload ?? payloadBase64),
  },
];

function shortened(text: unknown): unknown {
  if (typeof text !== "string") return text;
  return text.length > PAYLOAD_SHOWN ? `${text.slice(0, PAYLOAD_SHOWN)}…` : text;
}
