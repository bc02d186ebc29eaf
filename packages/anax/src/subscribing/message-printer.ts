import { UsageError } from "../errors.ts";
import { visiblePayload, visibleText } from "../visible-text.ts";
import { jsonPrinter } from "./json-message.ts";
import { formatPrinter } from "./message-format.ts";
import type { MessagePrinter } from "./received-message.ts";
import { hexOf } from "./received-message.ts";
import type { PrintFlags } from "./subscribe-flags.ts";

/**
 * How messages are printed, line feed included. Throws `UsageError` for flags that exclude each other.
 * @param isTerminal whether somebody sees it, so that what strangers sent must not act on the terminal
 */
export function messagePrinter(flags: PrintFlags, isTerminal: boolean): MessagePrinter {
  const print = bareMessagePrinter(flags, isTerminal && !flags.raw);
  if (flags.noNewline) return print;
  return (message, timeMs) => {
    const printed = print(message, timeMs);
    return typeof printed === "string" ? `${printed}\n` : withLineFeed(printed);
  };
}

function bareMessagePrinter(
  { verbose, json, hex, format, pretty }: PrintFlags,
  isVisible: boolean,
): MessagePrinter {
  if ([json, hex, format !== undefined].filter(Boolean).length > 1) {
    throw new UsageError("--json, --hex and -F exclude each other");
  }
  if (pretty && !json && format === undefined) {
    throw new UsageError("--pretty needs --json, or -F with %j or %J");
  }
  const indent = pretty ? 2 : 0;
  if (format !== undefined) return formatPrinter(format, indent, isVisible);
  if (json) return jsonPrinter(indent);
  const payload: MessagePrinter = hex
    ? (message) => hexOf(message.payload)
    : ({ payload: bytes }) => (isVisible ? visiblePayload(bytes) : bytes);
  return verbose ? withTopic(payload, isVisible ? visibleText : String) : payload;
}

function withTopic(payload: MessagePrinter, shown: (topic: string) => string): MessagePrinter {
  return (message, timeMs) => {
    const printed = payload(message, timeMs);
    const topic = shown(message.topic);
    if (typeof printed === "string") return `${topic} ${printed}`;
    return Buffer.concat([Buffer.from(`${topic} `), printed]);
  };
}

function withLineFeed(bytes: Uint8Array): Uint8Array {
  const line = new Uint8Array(bytes.length + 1);
  line.set(bytes);
  line[bytes.length] = 0x0a;
  return line;
}
