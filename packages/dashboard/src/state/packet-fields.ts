/** What an MQTT packet says, as one line of text. */
import { bytesText } from "./payload.ts";

/** A packet of a client, or of a trace as JSON: whatever fields its type has. */
export type PacketItem = Readonly<Record<string, unknown>>;

/** What it has beside its type and topic, its properties as fields of its own. */
export function packetFields({
  type: _type,
  topic: _topic,
  properties,
  ...fields
}: PacketItem): string {
  return Object.entries({ ...fields, ...(properties as object | undefined) })
    .flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [`${name}=${name === "password" ? "…" : fieldText(name, value)}`];
    })
    .join(" ");
}

function fieldText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return bytesText(value);
  if (name === "userProperties" && Array.isArray(value))
    return value.map(([key, text]) => `${key}: ${text}`).join("; ");
  if (Array.isArray(value)) return `[${value.map((one) => fieldText("", one)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${packetFields({ ...value, topic: undefined, in: Reflect.get(value, "topic") })}}`;
}
